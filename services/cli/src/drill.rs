//! `sothebais drill`: real processes under load, killed and paused at random instants, and a judge that works from the
//! clients' own record of what they were told.
//!
//! kill -9 does not test fsync (the page cache survives it), so the drill says nothing about loss of power.

mod bidder;
pub mod check;
mod cluster;
mod crowd;
pub mod evidence;
mod faults;
mod journal;
mod nemesis;
mod poster;
mod round;
mod table;
mod viewer;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::rig::{Rig, engine_beside_us};

#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// How many rounds, each with a fresh shard.
    #[arg(long, default_value_t = 20)]
    pub rounds: u32,
    /// The engine to drill; the one beside this program by default.
    #[arg(long)]
    pub engine: Option<PathBuf>,
    /// Draws the blows and the bids; the same seed draws the same ones (when they fall is the machine's affair).
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Also writes the figures here, as JSON.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Builds engines with one planted fault each, and fails unless the drill catches every one.
    Faults(faults::Args),
}

/// Runs the drill; fails when a promise was broken.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(What::Faults(args)) = args.what {
        return faults::run(args).await;
    }
    let engine = args.engine.map_or_else(engine_beside_us, Ok)?;
    let mut rig = Rig::start(&[]).await.context("the servers did not start")?;
    let mut outcomes = Vec::new();
    table::print_head();
    for round in 0..args.rounds {
        let outcome =
            round::run(&mut rig, &engine, args.seed, round).await.with_context(|| format!("round {round}"))?;
        table::print_line(&outcome);
        outcomes.push(outcome);
    }
    table::print_total(&outcomes);
    if let Some(path) = &args.report {
        std::fs::write(path, serde_json::to_string_pretty(&table::Report::new(args.seed, &outcomes))?)
            .with_context(|| format!("the report could not be written to {}", path.display()))?;
    }
    let kept = outcomes.iter().all(|outcome| outcome.violations.is_empty());
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
