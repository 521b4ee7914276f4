//! `sothebais bench`: programs that print figures. What bounds a figure belongs beside it, so each prints CPU time too.

pub mod bids;
pub mod cpu;
pub mod load;
pub mod measure;
pub mod pgbench;

use clap::Subcommand;

#[derive(Debug, Clone, Subcommand)]
pub enum Bench {
    /// Durable bids a second: the engine over its public API beside what one would write first.
    Bids(bids::BidsArgs),
    /// The load generator of `bids`.
    #[command(hide = true)]
    Load(load::LoadArgs),
}

/// Runs one benchmark.
pub async fn run(bench: Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Bids(args) => bids::run(args).await,
        Bench::Load(args) => load::run(args).await,
    }
}
