//! What should run: a pure function from manifests, what was observed, and the time, to the desired workloads.
//!
//! A plan speaks of workloads, not of pods or processes: the controller renders them as Kubernetes objects and
//! `sothebais up` as child processes. Nothing here reads, waits or fails.

mod workload;

use std::collections::{BTreeMap, BTreeSet};

use auction_core::{Span, Timestamp};
use operator_api::Auction;
use operator_api::auction::{BidChannel, Isolation};

pub use workload::{PortChoice, Restart, Role, Setting, Workload};

/// The shard of every auction with `engine.isolation: Shared`.
pub const POOL_SHARD: &str = "pool";

/// Where the plan is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// X itself.
    Air,
    /// The emulator stands in for X; tokens may come from the local issuer anywhere.
    Rehearsal,
}

/// What is known of the running system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Auctions whose every lot has ended, and when that was.
    pub completed: BTreeMap<String, Timestamp>,
    /// The lease epoch of each shard that has one.
    pub epochs: BTreeMap<String, u64>,
}

/// What should run now, and when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of their start; they stop in the reverse.
    pub workloads: Vec<Workload>,
    /// The auctions of each shard.
    pub shards: BTreeMap<String, BTreeSet<String>>,
    /// Auctions that do not run yet because another one takes bids through their handle; it goes first until it is over.
    /// Two shards that read one inbox would make two bids of one post.
    pub waiting: BTreeMap<String, HandleConflict>,
    /// When the plan changes by itself; `None` when only an edit or an observation changes it.
    pub wake_at: Option<Timestamp>,
}

/// Why an auction waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleConflict {
    pub handle: String,
    /// The auction that takes bids through it.
    pub auction: String,
}

/// Plans the workloads of all `auctions` at `now`. The order of the manifests does not matter.
pub fn plan(auctions: &[Auction], observed: &Observed, stage: Stage, now: Timestamp) -> Plan {
    let mut shards: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // The auctions that speak through a handle.
    let mut handles: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut readers: BTreeMap<String, (String, &str)> = BTreeMap::new();
    let mut waiting = BTreeMap::new();
    let mut wake_at = None;
    for (from, name, auction) in by_start(auctions) {
        let completed = observed.completed.get(name).copied();
        let until = completed.map(|at| at + Span::from_secs(auction.spec.schedule.settle_grace_seconds));
        let changes = [Some(from), until].into_iter().flatten().find(|change| *change > now);
        wake_at = wake_at.into_iter().chain(changes).min();
        if now < from || until.is_some_and(|until| now >= until) {
            continue;
        }
        let (shard, handle) = (shard_of(auction, name), handle_of(auction));
        if let (Some(handle), None) = (&handle, completed) {
            let (reader, first) = readers.entry(handle.clone()).or_insert_with(|| (shard.clone(), name));
            // The rules themselves keep two auctions of one shard apart.
            if *reader != shard {
                let conflict = HandleConflict { handle: handle.clone(), auction: (*first).to_owned() };
                waiting.insert(name.to_owned(), conflict);
                continue;
            }
        }
        shards.entry(shard).or_default().insert(name.to_owned());
        if let Some(handle) = handle {
            handles.entry(handle).or_default().insert(name);
        }
    }
    let mut workloads = Vec::new();
    // One machine has the seed's ports once: the first of a role by name takes them.
    let ports = |index| if index == 0 { PortChoice::Seed } else { PortChoice::Free };
    for (index, shard) in shards.keys().enumerate() {
        workloads.push(workload::worker(shard, observed.epochs.get(shard).copied(), ports(index), stage));
    }
    match stage {
        Stage::Air => {}
        Stage::Rehearsal => {
            let emulators = handles.keys().enumerate();
            workloads.extend(emulators.map(|(index, handle)| workload::x_emulator(handle, ports(index))));
        }
    }
    for (index, (handle, auctions)) in handles.iter().enumerate() {
        workloads.push(workload::social_gateway(handle, auctions, ports(index), stage));
    }
    Plan { workloads, shards, waiting, wake_at }
}

/// The shard that decides an auction's bids.
fn shard_of(auction: &Auction, name: &str) -> String {
    match auction.spec.engine.isolation {
        Isolation::Dedicated => name.to_owned(),
        Isolation::Shared => POOL_SHARD.to_owned(),
    }
}

/// The handle through which an auction takes bids, as X compares it.
fn handle_of(auction: &Auction) -> Option<String> {
    let spec = &auction.spec;
    spec.bid_channels.contains(&BidChannel::X).then(|| spec.house.x_handle.as_deref().map(str::to_lowercase))?
}

/// The auctions with names by the time at which their processes start: who is first has a handle first.
fn by_start(auctions: &[Auction]) -> Vec<(Timestamp, &str, &Auction)> {
    let named = auctions.iter().filter_map(|auction| {
        let schedule = &auction.spec.schedule;
        let starts_at = Timestamp(schedule.starts_at.as_millisecond());
        let from = starts_at + Span::from_secs(schedule.warmup_seconds.saturating_neg());
        Some((from, auction.metadata.name.as_deref()?, auction))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_by_key(|&(from, name, _)| (from, name));
    named
}

#[cfg(test)]
mod tests;
