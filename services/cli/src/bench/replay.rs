//! `sothebais bench replay`: how fast a journal is folded, with and without its hashes checked, and how soon a worker
//! serves a long lot again, from its start to the first accepted bid.

mod restart;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::replay::{Row, fold, fold_checked};
use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{
    Action, AuctionId, BidderId, Command, Entry, Hash, Intent, LotNumber, Paddle, Shard, Source, SourceKind, Timestamp,
};
use clap::Args;
use serde::Serialize;

use crate::rig::Show;

/// Bidders of the folded lot.
const BIDDERS: u64 = 64;
const START: Timestamp = Timestamp(1_800_000_000_000);

#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Bids in the lot that is folded and in the one that serves again.
    #[arg(long, default_value_t = 1_000_000)]
    pub bids: u64,
    /// How often the fold is repeated; the median counts.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Only the fold in memory, without servers.
    #[arg(long)]
    pub fold_only: bool,
    /// The engine to start again; the one beside this program by default.
    #[arg(long)]
    pub engine: Option<PathBuf>,
    /// Also writes the figures here, as JSON.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize)]
struct Figures {
    rows: usize,
    events: usize,
    fold_events_per_second: f64,
    checked_rows_per_second: f64,
    restart: Option<restart::Figures>,
}

/// Runs the benchmark and prints its figures.
pub async fn run(args: ReplayArgs) -> anyhow::Result<()> {
    let bids = args.bids;
    let folded = tokio::task::spawn_blocking(move || fold_in_memory(bids, args.rounds)).await??;
    let mut figures = folded;
    println!("{} rows, {} events", figures.rows, figures.events);
    line("folded", figures.fold_events_per_second, 5e6, "events/s");
    line("folded from bytes, chain checked", figures.checked_rows_per_second, 1e6, "rows/s");
    if !args.fold_only {
        let engine = args.engine.map_or_else(crate::rig::engine_beside_us, Ok)?;
        let restart = restart::run(&engine, args.bids).await?;
        restart.print();
        figures.restart = Some(restart);
    }
    super::write_report(args.report.as_deref(), &figures)
}

fn line(what: &str, value: f64, bar: f64, unit: &str) {
    let mark = if value >= bar { "reached" } else { "NOT reached" };
    println!("{what:<40} {value:>12.0} {unit:<9} bar {bar:>9.0}  {mark}");
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs three digits")]
fn fold_in_memory(bids: u64, rounds: usize) -> anyhow::Result<Figures> {
    let rows = journal(bids)?;
    let events = rows.iter().map(|(entry, _)| entry.decision.events.len()).sum::<usize>();
    let head = rows.last().map(|&(_, hash)| hash);
    let bytes: Vec<Vec<u8>> = rows.iter().map(|(entry, _)| entry.encode()).collect();
    let (mut folds, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let begun = Instant::now();
        let shard = fold(&rows);
        folds.push(begun.elapsed());
        anyhow::ensure!(shard.rows() == rows.len() as u64, "the fold lost rows");

        let begun = Instant::now();
        let numbered = bytes.iter().zip(&rows).zip(1_u64..);
        let shard = fold_checked(numbered.map(|((entry, &(_, hash)), seq)| Row { seq, entry, hash }))?;
        checks.push(begun.elapsed());
        let subject = rows.last().map(|(entry, _)| entry.decision.subject.clone()).context("the journal is empty")?;
        anyhow::ensure!(Some(shard.head(&subject)) == head, "the fold came to another hash");
    }
    Ok(Figures {
        rows: rows.len(),
        events,
        fold_events_per_second: events as f64 / median(folds).as_secs_f64(),
        checked_rows_per_second: rows.len() as f64 / median(checks).as_secs_f64(),
        restart: None,
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A lot with so many accepted bids, decided by the rules as a worker does.
fn journal(bids: u64) -> anyhow::Result<Vec<(Entry, Hash)>> {
    let show = Show { name: "long".to_owned(), lots: 1, duration: Duration::from_hours(200), handle: None };
    let manifest = serde_json::from_value(show.manifest(jiff::Timestamp::from_millisecond(START.0)?))?;
    let terms = operator_api::validate(&manifest).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let auction = AuctionId::new(&show.name)?;
    let mut writer = Writer { shard: Shard::default(), rows: Vec::new() };
    writer.write(START, SourceKind::House, "terms", Action::ConfigureAuction { auction: auction.clone(), terms });
    for number in 0..BIDDERS {
        let paddle = Paddle(u32::try_from(number)? + 1);
        let bidder = BidderTerms { bidder: BidderId(number + 1), paddle, limit: None, status: BidderStatus::Active };
        writer.write(START, SourceKind::House, &format!("bidder:{number}"), Action::RegisterBidder(bidder));
    }
    while let Some(tick) = writer.shard.due(START) {
        writer.command(START, tick);
    }
    for number in 0..bids {
        let now = Timestamp(START.0 + i64::try_from(number / 40)?);
        let bidder = BidderId(number % BIDDERS + 1);
        let lot = Some(LotNumber(1));
        let bid = Action::PlaceBid { auction: auction.clone(), lot, bidder, intent: Intent::NextBid, post: None };
        writer.write(now, SourceKind::Web, &format!("{bidder}:bench-{number:012x}"), bid);
    }
    Ok(writer.rows)
}

struct Writer {
    shard: Shard,
    rows: Vec<(Entry, Hash)>,
}

impl Writer {
    fn write(&mut self, now: Timestamp, kind: SourceKind, key: &str, action: Action) {
        let source = Source { kind, key: key.to_owned() };
        self.command(now, Command { source, at: now, action, trace: None });
    }

    fn command(&mut self, now: Timestamp, command: Command) {
        let decision = self.shard.decide(&command, now);
        let entry = Entry { command, now, decision };
        let hash = self.shard.head(&entry.decision.subject).chain(&entry.encode());
        self.shard.apply(&entry, hash);
        self.rows.push((entry, hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bid_of_the_folded_lot_counts() {
        let rows = journal(200).unwrap();
        let accepted = |entry: &Entry| matches!(entry.decision.verdict, auction_core::Verdict::Accepted { .. });
        assert_eq!(rows.iter().filter(|(entry, _)| accepted(entry)).count(), 200);
        assert!(fold_in_memory(200, 1).unwrap().checked_rows_per_second > 0.0);
    }
}
