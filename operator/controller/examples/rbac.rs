//! Prints the operator's roles as YAML: `rbac served`, `rbac own` or `rbac cluster`. The chart's roles hold the same rules.

use anyhow::Context as _;
use operator_controller::rbac::{self, Scope};

fn main() -> anyhow::Result<()> {
    let scope = match std::env::args().nth(1).as_deref() {
        Some("served") => Scope::Served,
        Some("own") => Scope::Own,
        Some("cluster") => Scope::Cluster,
        Some(_) | None => anyhow::bail!("write served, own or cluster"),
    };
    print!("{}", serde_saphyr::to_string(&rbac::rules(scope)).context("the rules cannot be written")?);
    Ok(())
}
