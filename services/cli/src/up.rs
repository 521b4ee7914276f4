//! `sothebais up`: read the manifest → check → plan → start and tend → stop cleanly.
//!
//! The loop is a reconcile: observe the workers, plan, apply, wait for a change, a signal or the plan's next instant.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use auction_core::Timestamp;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use operator_api::Auction;
use operator_plan::{Observed, Plan, Stage};
use uuid::Uuid;
use wire::rest::AuctionState;

use crate::machine::data_dir::DataDir;
use crate::machine::{Logs, Machine, Options};
use crate::manifest;
use crate::progress::Progress;

/// How often the workers are asked for their status.
const OBSERVE_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The manifest.
    #[arg(short, long)]
    file: PathBuf,
    /// Plays with the emulator instead of X; needs no credentials.
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
    let mut machine = tokio::select! {
        started = Machine::start(options, progress.clone(), Clock::System) => started?,
        stopped = life.until_stopped() => { stopped?; return Ok(ExitCode::SUCCESS) }
    };
    let ended = tokio::select! {
        ended = keep(&mut machine, auctions, &progress) => ended,
        stopped = life.until_stopped() => stopped.context("signals cannot be waited for"),
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
    let (generation, auctions) = admit(&machine.data, auctions)?;
    let mut observed = Observed::default();
    let mut applied: Option<Plan> = None;
    loop {
        let now = Timestamp(machine.clock.now_ms());
        let plan = operator_plan::plan(&auctions, &observed, machine.stage(), now);
        if applied.as_ref() != Some(&plan) {
            machine.apply(&plan).await?;
            hand_over(machine, &plan, generation, &auctions, progress).await?;
            if plan.workloads.is_empty() && plan.wake_at.is_none() {
                progress.done("every auction is over");
                return Ok(());
            }
            if let (true, Some(at)) = (plan.workloads.is_empty(), plan.wake_at) {
                progress.note(&format!("nothing to run before {}", wire::Time(at)));
            }
            applied = Some(plan.clone());
        }
        tokio::select! {
            failed = machine.tend_always() => failed?,
            () = tokio::time::sleep(OBSERVE_EVERY) => {}
        }
        observe(machine, &plan, &mut observed, progress).await?;
    }
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

/// Asks the workers once. One that is being started again does not answer, and is asked at the next look.
async fn observe(machine: &Machine, plan: &Plan, observed: &mut Observed, progress: &Progress) -> anyhow::Result<()> {
    for shard in plan.shards.keys() {
        let Ok(status) = machine.engine(shard).await?.status().await else { continue };
        observed.epochs.insert(shard.clone(), status.epoch);
        for auction in status.auctions {
            let over = match auction.state {
                AuctionState::Completed | AuctionState::Cancelled => true,
                AuctionState::Scheduled | AuctionState::Live | AuctionState::Paused => false,
            };
            if over && !observed.completed.contains_key(auction.name.as_str()) {
                progress.done(&format!("{} is over", auction.name));
                observed.completed.insert(auction.name.to_string(), Timestamp(machine.clock.now_ms()));
            }
        }
    }
    Ok(())
}
