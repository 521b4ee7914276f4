//! Hands each command to its module.

use std::io::Write;

use bootstrap::clock::Clock;

use crate::args::{Args, Command};
use crate::cluster::Cluster;
use crate::run_state::Wish;
use crate::{bundle, handover, logs, run_state, status};

/// Runs one command; what it says goes to `out`.
pub async fn run(args: Args, out: &mut impl Write) -> anyhow::Result<()> {
    let cluster = Cluster::connect(&args.place).await?;
    let now = Clock::System.now();
    match args.command {
        Command::Status { name: Some(name), all_namespaces: _ } => status::one(&cluster, &name, now, out).await,
        Command::Status { name: None, all_namespaces } => status::all(&cluster, all_namespaces, out).await,
        Command::Pause { name } => run_state::run(&cluster, &name, Wish::Pause, out).await,
        Command::Resume { name } => run_state::run(&cluster, &name, Wish::Resume, out).await,
        Command::Handover { name } => handover::run(&cluster, &name, now, out).await,
        Command::Logs(logs) => logs::run(&cluster, &logs, out).await,
        Command::SupportBundle { name, output } => bundle::run(&cluster, &name, output, now, out).await,
    }
}
