//! What should run: a pure function from manifests, what was observed, and the time, to the desired workloads.
//!
//! A plan speaks of workloads, not of pods or processes: the controller renders them as Kubernetes objects and
//! `sothebais up` as child processes. Nothing here reads, waits or fails.

mod desired;
pub mod rehearsal;
mod standing;
pub mod succession;
pub mod verdict;
mod workload;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use auction_core::{Span, Timestamp};
use operator_api::Auction;
use operator_api::auction::{BidChannel, Isolation};

pub use desired::{
    Apart, Compression, Desired, House, Ingest, Limits, Owner, OwnerKind, Place, Protection, Publisher, Rate,
    Resources, Route, Scheduling, Tls, Toleration, Unit,
};
pub use standing::{HandleConflict, Standing};
pub use workload::{
    OutputKey, PortChoice, Restart, Role, SecretFile, Setting, Workload, compositor, of_handle, of_shard,
    publisher_lease,
};

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
    /// Auctions of which a process has known at some time: they are carried to their end whatever the clock says.
    pub begun: BTreeSet<String>,
    /// Auctions whose every lot has ended, and when that was.
    pub completed: BTreeMap<String, Timestamp>,
}

/// What should run now, and when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of their start; they stop in the reverse.
    pub workloads: Vec<Workload>,
    /// The auctions of each shard.
    pub shards: BTreeMap<String, BTreeSet<String>>,
    /// Where every auction stands.
    pub standings: BTreeMap<String, Standing>,
    /// When the plan changes by itself; `None` when only an edit or an observation changes it.
    pub wake_at: Option<Timestamp>,
}

impl Plan {
    /// The auctions that another one keeps from running.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, &HandleConflict)> {
        self.standings.iter().filter_map(|(name, standing)| Some((name.as_str(), standing.conflict()?)))
    }
}

/// The auctions that speak through a handle.
#[derive(Default)]
struct Speakers<'a> {
    auctions: BTreeSet<&'a str>,
    /// The Secret of the one that starts first and names one.
    credentials: Option<&'a str>,
    /// The crowd of the one that starts first and has one.
    crowd: BTreeMap<&'static str, Setting>,
}

/// Plans the workloads of all `auctions` at `now`. The order of the manifests does not matter.
pub fn plan(auctions: &[impl Borrow<Auction>], observed: &Observed, stage: Stage, now: Timestamp) -> Plan {
    let mut shards: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut handles: BTreeMap<String, Speakers<'_>> = BTreeMap::new();
    let (standings, wake_at) = standing::decide(auctions, observed, now);
    for (_, name, auction) in by_start(auctions) {
        if standings.get(name).is_none_or(|standing| !standing.runs()) {
            continue;
        }
        shards.entry(shard_of(auction, name)).or_default().insert(name.to_owned());
        if let Some(handle) = handle_of(auction) {
            let speakers = handles.entry(handle).or_default();
            speakers.auctions.insert(name);
            let credentials = auction.spec.house.credentials_secret_ref.as_ref().map(|secret| secret.name.as_str());
            speakers.credentials = speakers.credentials.or(credentials);
            if speakers.crowd.is_empty() {
                speakers.crowd = rehearsal::crowd(auction, name);
            }
        }
    }
    Plan { workloads: workloads(&shards, &handles, stage), shards, standings, wake_at }
}

fn workloads(
    shards: &BTreeMap<String, BTreeSet<String>>,
    handles: &BTreeMap<String, Speakers<'_>>,
    stage: Stage,
) -> Vec<Workload> {
    // One machine has the seed's ports once: the first of a role by name takes them.
    let ports = |index| if index == 0 { PortChoice::Seed } else { PortChoice::Free };
    let mut workloads = Vec::new();
    for (index, (shard, auctions)) in shards.iter().enumerate() {
        workloads.push(workload::worker(shard, auctions, ports(index), stage));
    }
    match stage {
        Stage::Air => {}
        Stage::Rehearsal => {
            let emulators = handles.iter().enumerate();
            workloads.extend(
                emulators
                    .map(|(index, (handle, on))| workload::x_emulator(handle, &on.auctions, &on.crowd, ports(index))),
            );
        }
    }
    for (index, (handle, Speakers { auctions, credentials, crowd: _ })) in handles.iter().enumerate() {
        workloads.push(workload::social_gateway(handle, auctions, *credentials, ports(index), stage));
    }
    workloads
}

/// The shard that decides an auction's bids.
pub fn shard_of(auction: &Auction, name: &str) -> String {
    match auction.spec.engine.isolation {
        Isolation::Dedicated => name.to_owned(),
        Isolation::Shared => POOL_SHARD.to_owned(),
    }
}

/// The handle through which an auction takes bids, as X compares it.
pub fn handle_of(auction: &Auction) -> Option<String> {
    let spec = &auction.spec;
    spec.bid_channels.contains(&BidChannel::X).then(|| spec.house.x_handle.as_deref().map(str::to_lowercase))?
}

/// The auctions with names by the time at which their processes start: who is first has a handle first.
fn by_start(auctions: &[impl Borrow<Auction>]) -> Vec<(Timestamp, &str, &Auction)> {
    let named = auctions.iter().map(Borrow::borrow).filter_map(|auction: &Auction| {
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
