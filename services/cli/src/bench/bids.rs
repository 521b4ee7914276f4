//! `sothebais bench bids`: durable bids a second, engine and rivals in turn on the same servers within the same minutes.
//!
//! All points run once forwards, then once backwards (A B … B A), so that neither a warm cache nor a busy neighbour
//! favours one of them; ratios are taken within the run. The engine is the binary that `sothebais up` starts.

mod engine;
mod plan;
mod table;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::measure::Point;
use engine::Bench;
use plan::Planned;

#[derive(Debug, Clone, Args)]
pub struct BidsArgs {
    /// How long each point runs, in each round.
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// How often all points are run, alternately forwards and backwards.
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// Runs only points whose design contains this word.
    #[arg(long)]
    pub only: Option<String>,
    /// The engine to measure; the one beside this program by default.
    #[arg(long)]
    pub engine: Option<PathBuf>,
    /// Also writes the figures here, as JSON.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

/// Runs the benchmark and prints its table.
pub async fn run(args: BidsArgs) -> anyhow::Result<()> {
    let engine = args.engine.clone().map_or_else(crate::rig::engine_beside_us, Ok)?;
    let planned: Vec<Planned> = plan::points()
        .into_iter()
        .filter(|point| args.only.as_ref().is_none_or(|word| point.design.name().contains(word)))
        .collect();
    let bench = Bench::start(&engine, args.seconds).await.context("the servers did not start")?;
    let mut points: Vec<Point> = planned
        .iter()
        .map(|point| Point { design: point.design.name(), lots: point.lots, clients: point.clients, runs: Vec::new() })
        .collect();
    for round in 0..args.rounds {
        let mut order: Vec<usize> = (0..planned.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let point = planned[index];
            let run = bench.measure(point).await.with_context(|| format!("measuring {point}"))?;
            eprintln!(
                "{point}: {:.0} bids/s, p99 {:.1} ms, others {:.0} %",
                run.per_second,
                run.p99_ms,
                run.others_share * 100.0
            );
            points[index].runs.push(run);
        }
    }
    let report = table::report(&points);
    print!("{}", table::text(&points, &report));
    super::write_report(args.report.as_deref(), &report)?;
    anyhow::ensure!(points.iter().all(Point::books_balance), "the books do not balance: see the table");
    Ok(())
}
