//! `sothebais up`: read the manifest → check → plan → start and tend → stop cleanly.
//!
//! The loop is a reconcile: observe the workers, plan, apply, wait for a change, a signal or the plan's next instant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use auction_core::Timestamp;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use operator_api::Auction;
use operator_api::auction::RunState;
use operator_plan::{HandleConflict, Observed, Plan, Stage};
use uuid::Uuid;
use wire::rest::AuctionState;

use crate::machine::data_dir::DataDir;
use crate::machine::engine::Engine;
use crate::machine::{Logs, Machine, Options};
use crate::manifest;
use crate::progress::Progress;

/// A worker that was killed serves again within seconds; one that does not in this many looks is out of order.
const HAND_OVER_TRIES: u32 = 30;
/// From the hand-over of the spec to the first lot: the worker takes the spec into its journal meanwhile.
const LEAD_MS: i64 = 3_000;
/// A `startsAt` that lies no further ahead than this is kept in a rehearsal.
const NEAR_MS: i64 = 120_000;
/// How often the workers are asked for their status.
const OBSERVE_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The manifest.
    #[arg(short, long)]
    file: PathBuf,
    /// Plays with the emulator instead of X; needs no credentials. The show starts when everything is ready, unless its
    /// `startsAt` is within the next two minutes.
    #[arg(long)]
    rehearsal: bool,
    /// Keeps everything in this directory; without it, a temporary one that is removed at the end.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Shows the services' logs.
    #[arg(short, long)]
    verbose: bool,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let auctions = manifest::read(&args.file)?.auctions;
    let options = Options {
        data: args.data,
        stage: if args.rehearsal { Stage::Rehearsal } else { Stage::Air },
        programs: programs()?,
        logs: if args.verbose { Logs::Shown } else { Logs::InFilesOnly },
        arguments: Vec::new(),
        postgres: Vec::new(),
    };
    let life = Lifecycle::new();
    let progress = Progress::new();
    // One wait for all stages: a signal that comes between two of them is not lost.
    let stopped = life.until_stopped();
    tokio::pin!(stopped);
    let mut machine = tokio::select! {
        // The wait is asked first: from then on a signal no longer ends the process by itself.
        biased;
        stopped = &mut stopped => { stopped?; return Ok(ExitCode::SUCCESS) }
        started = Machine::start(options, progress.clone(), Clock::System) => started?,
    };
    let ended = tokio::select! {
        ended = keep(&mut machine, auctions, &progress) => ended,
        stopped = &mut stopped => stopped.context("signals cannot be waited for"),
    };
    machine.stop().await;
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// The directory of our own binary: the services' lie beside it.
pub fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is unknown")?;
    Ok(own.parent().context("this program lies in no directory")?.to_owned())
}

/// Keeps the machine in line with the manifests until every auction is over and its grace has passed.
async fn keep(machine: &mut Machine, auctions: Vec<Auction>, progress: &Progress) -> anyhow::Result<()> {
    let (generation, mut auctions) = admit(&machine.data, auctions)?;
    match machine.stage() {
        Stage::Air => {}
        Stage::Rehearsal => start_soon(machine, generation, &mut auctions)?,
    }
    for auction in auctions.iter().filter(|auction| starts_at(auction).0 > machine.clock.now_ms()) {
        progress.note(&format!("{} starts at {}", name(auction), wire::Time(starts_at(auction))));
    }
    let now = Timestamp(machine.clock.now_ms());
    let mut observed = Observed { begun: carried(&auctions, now), ..Observed::default() };
    let mut applied: Option<Plan> = None;
    let mut knows = Knows::TheSpec;
    let mut told = BTreeSet::new();
    loop {
        let now = Timestamp(machine.clock.now_ms());
        let plan = operator_plan::plan(&auctions, &observed, machine.stage(), now);
        if applied.as_ref() != Some(&plan) || knows == Knows::Nothing {
            machine.apply(&plan).await?;
            hand_over_at_last(machine, &plan, generation, &auctions, progress).await?;
            if plan.workloads.is_empty() && plan.wake_at.is_none() {
                progress.done("every auction is over");
                return Ok(());
            }
            if let (true, Some(at)) = (plan.workloads.is_empty(), plan.wake_at) {
                progress.note(&format!("nothing to run before {}", wire::Time(at)));
            }
            for (auction, HandleConflict { handle, auction: first }) in plan.waiting() {
                progress.note(&format!("{auction} waits: {first} takes bids through @{handle} until it is over"));
            }
            applied = Some(plan.clone());
        }
        tokio::select! {
            failed = machine.tend_always() => failed?,
            () = tokio::time::sleep(OBSERVE_EVERY) => {}
        }
        knows = observe(machine, &plan, generation, &mut observed).await?;
        for auction in auctions.iter().filter(|auction| observed.completed.contains_key(name(auction))) {
            if told.insert(name(auction).to_owned()) {
                progress.done(&farewell(auction, machine.data.kept_root()));
            }
        }
    }
}

fn name(auction: &Auction) -> &str {
    auction.metadata.name.as_deref().unwrap_or_default()
}

fn starts_at(auction: &Auction) -> Timestamp {
    Timestamp(auction.spec.schedule.starts_at.as_millisecond())
}

/// The auctions that are carried to their end although a new one of the kind would not be started: whether they have begun
/// is in the journal, which nobody can ask before a worker runs.
fn carried(auctions: &[Auction], now: Timestamp) -> BTreeSet<String> {
    let is_past = |auction: &&Auction| {
        let ends_at = auction.spec.schedule.ends_at;
        auction.spec.run_state == RunState::Cancelled || ends_at.is_some_and(|at| at.as_millisecond() <= now.0)
    };
    auctions.iter().filter(is_past).map(|auction| name(auction).to_owned()).collect()
}

/// Hands the spec over, again and again while the workers do not answer: one that has ended just now is started again.
async fn hand_over_at_last(
    machine: &mut Machine,
    plan: &Plan,
    generation: i64,
    auctions: &[Auction],
    progress: &Progress,
) -> anyhow::Result<()> {
    let mut tries = 0;
    while let Err(error) = hand_over(machine, plan, generation, auctions, progress).await {
        tries += 1;
        if tries >= HAND_OVER_TRIES || Engine::is_refusal(&error) {
            return Err(error);
        }
        tokio::select! {
            failed = machine.tend_always() => failed?,
            () = tokio::time::sleep(OBSERVE_EVERY) => {}
        }
    }
    Ok(())
}

/// Gives the auctions of a data directory their UIDs and the manifests their generation: both outlive a restart.
pub fn admit(data: &DataDir, mut auctions: Vec<Auction>) -> anyhow::Result<(i64, Vec<Auction>)> {
    let mut state = data.state()?;
    let manifests = serde_json::to_string(&auctions).context("a manifest cannot be written as JSON")?;
    if state.manifests != manifests {
        state.generation += 1;
        state.manifests = manifests;
    }
    for auction in &mut auctions {
        let name = auction.metadata.name.clone().unwrap_or_default();
        let uid = state.uids.entry(name).or_insert_with(Uuid::new_v4);
        auction.metadata.uid = Some(uid.to_string());
        auction.metadata.generation = Some(state.generation);
    }
    data.write_state(&state)?;
    Ok((state.generation, auctions))
}

/// Moves a rehearsal's auctions to now. A machine that is started again with the same manifests keeps their start, and an
/// auction that has begun keeps it whatever its manifest says now.
fn start_soon(machine: &Machine, generation: i64, auctions: &mut [Auction]) -> anyhow::Result<()> {
    let mut state = machine.data.state()?;
    let now_ms = machine.clock.now_ms();
    for auction in auctions {
        let name = auction.metadata.name.clone().unwrap_or_default();
        let known = state.rehearsal_starts.get(&name).copied();
        let wanted = auction.spec.schedule.starts_at.as_millisecond();
        let at_ms = kept_start(known, generation, now_ms).unwrap_or_else(|| rehearsal_start(now_ms, wanted, 0));
        auction.spec.schedule.starts_at =
            jiff::Timestamp::from_millisecond(at_ms).context("the rehearsal's start is no time")?;
        state.rehearsal_starts.insert(name, (generation, at_ms));
    }
    machine.data.write_state(&state)
}

/// The start that an auction keeps: `known` is the one it has had, and for which generation.
fn kept_start(known: Option<(i64, i64)>, generation: i64, now_ms: i64) -> Option<i64> {
    known.filter(|(of, at_ms)| *of == generation || *at_ms <= now_ms).map(|(_, at_ms)| at_ms)
}

/// When a rehearsal starts: at the manifest's time if that is near and leaves time to prepare, else as soon as possible,
/// on a whole second. Posts may lie `head_start_ms` before it.
pub fn rehearsal_start(now_ms: i64, wanted_ms: i64, head_start_ms: i64) -> i64 {
    let earliest = now_ms + LEAD_MS + head_start_ms;
    if (earliest..=now_ms + NEAR_MS).contains(&wanted_ms) { wanted_ms } else { (earliest + 999) / 1000 * 1000 }
}

/// Hands every worker the auctions of its shard.
pub async fn hand_over(
    machine: &Machine,
    plan: &Plan,
    generation: i64,
    auctions: &[Auction],
    progress: &Progress,
) -> anyhow::Result<()> {
    let by_name: BTreeMap<_, _> =
        auctions.iter().filter_map(|auction| Some((auction.metadata.name.as_deref()?, auction))).collect();
    for (shard, names) in &plan.shards {
        let of_shard: Vec<Auction> =
            names.iter().filter_map(|name| by_name.get(name.as_str())).map(|auction| (*auction).clone()).collect();
        let engine = machine.engine(shard).await?;
        engine.put_spec(generation, &of_shard).await?;
        progress.done(&format!(
            "{} of shard {shard} at {}/v1/auctions",
            names.iter().cloned().collect::<Vec<_>>().join(", "),
            engine.url()
        ));
    }
    Ok(())
}

/// Whether every worker has the spec in mind: one that was started again keeps its auctions, but not who asked for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    TheSpec,
    Nothing,
}

/// Asks the workers once; their epochs do not matter here, children are not named by them. One that is being started
/// again does not answer, and is asked at the next look.
async fn observe(machine: &Machine, plan: &Plan, generation: i64, observed: &mut Observed) -> anyhow::Result<Knows> {
    let mut knows = Knows::TheSpec;
    for shard in plan.shards.keys() {
        let Ok(status) = machine.engine(shard).await?.status().await else { continue };
        if status.observed_generation < generation {
            knows = Knows::Nothing;
        }
        for auction in status.auctions {
            let over = match auction.state {
                AuctionState::Completed | AuctionState::Cancelled => true,
                AuctionState::Scheduled | AuctionState::Live | AuctionState::Paused => false,
            };
            if over && !observed.completed.contains_key(auction.name.as_str()) {
                observed.completed.insert(auction.name.to_string(), Timestamp(machine.clock.now_ms()));
            }
        }
    }
    Ok(knows)
}

/// What is said of an auction that is over: how long it is still served, and what can be done with it.
fn farewell(auction: &Auction, kept: Option<&Path>) -> String {
    let name = name(auction);
    let grace = auction.spec.schedule.settle_grace_seconds;
    let after = match kept {
        Some(root) => format!(
            "`sothebais verify --data {0}` checks it afterwards, and another --data directory plays it anew",
            root.display()
        ),
        None => "nothing of it is kept: name a --data directory if it should be".to_owned(),
    };
    format!("{name} is over; it is served for {grace} s more or until Ctrl-C; {after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_start_is_kept_and_any_other_is_replaced() {
        assert_eq!(rehearsal_start(1_000_500, 1_060_123, 0), 1_060_123);
        assert_eq!(rehearsal_start(1_000_500, 0, 0), 1_004_000);
        assert_eq!(rehearsal_start(1_000_500, 1_002_000, 0), 1_004_000, "too near to prepare");
        assert_eq!(rehearsal_start(1_000_500, 9_000_000_000, 0), 1_004_000, "too far to wait for");
        assert_eq!(rehearsal_start(1_000_500, 0, 10_000), 1_014_000, "posts from before the show need their time");
    }

    #[test]
    fn an_auction_that_has_begun_keeps_its_start_through_an_edit() {
        assert_eq!(kept_start(Some((1, 5_000)), 1, 4_000), Some(5_000), "the same manifests");
        assert_eq!(kept_start(Some((1, 5_000)), 2, 4_000), None, "edited before its start");
        assert_eq!(kept_start(Some((1, 5_000)), 2, 6_000), Some(5_000), "edited after its start");
        assert_eq!(kept_start(None, 1, 0), None);
    }
}
