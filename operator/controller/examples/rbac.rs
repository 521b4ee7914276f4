//! Prints the rules of the operator's roles: `rbac served`, `rbac own` or `rbac cluster`.

use clap::Parser;
use operator_controller::rbac::{self, Scope};

#[derive(Debug, Parser)]
struct Arguments {
    /// Where the permissions are needed.
    scope: Scope,
}

fn main() {
    print!("{}", rbac::yaml(Arguments::parse().scope));
}
