//! `sothebais bench`: programs that print figures. What bounds a figure belongs beside it, so each prints CPU time too.

pub mod bids;
pub mod cpu;
pub mod load;
pub mod measure;
pub mod pgbench;
pub mod replay;
pub mod viewers;

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;

#[derive(Debug, Clone, Subcommand)]
pub enum Bench {
    /// Durable bids a second: the engine over its public API beside what one would write first.
    Bids(bids::BidsArgs),
    /// How fast a journal is read again, and how soon a long lot serves again.
    Replay(replay::ReplayArgs),
    /// What a viewer costs, and how soon all of them see a price.
    Viewers(viewers::ViewersArgs),
    /// The load generator of `bids`.
    #[command(hide = true)]
    Load(load::LoadArgs),
}

/// Writes figures as JSON, where a report was asked for.
fn write_report(path: Option<&Path>, figures: &impl Serialize) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, serde_json::to_string_pretty(figures)?)
        .with_context(|| format!("the report could not be written to {}", path.display()))
}

/// Runs one benchmark.
pub async fn run(bench: Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Bids(args) => bids::run(args).await,
        Bench::Replay(args) => replay::run(args).await,
        Bench::Viewers(args) => viewers::run(args).await,
        Bench::Load(args) => load::run(args).await,
    }
}
