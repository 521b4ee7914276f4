//! Where each auction stands at an instant: scheduled, waiting for a handle, running, over, or missed. Pure; the workloads
//! follow from it, and so do the words that people read.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use auction_core::{Span, Timestamp};
use operator_api::Auction;
use operator_api::auction::RunState;

use crate::{Observed, by_start, handle_of, shard_of};

/// Where an auction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing runs before `from`.
    Scheduled { from: Timestamp },
    /// Another one takes bids through its handle; it goes first until it is over. Two shards that read one inbox would
    /// make two bids of one post.
    Waiting(HandleConflict),
    /// Its processes run.
    Runs,
    /// It is over, and is served to late readers.
    Serves { until: Timestamp },
    /// It is over and nothing of it runs.
    Over,
    /// It was cancelled before anything of it ran.
    Called,
    /// Its time was over before anything of it could be started.
    Missed,
}

/// Why an auction waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleConflict {
    pub handle: String,
    /// The auction that takes bids through it.
    pub auction: String,
}

impl Standing {
    /// Whether its processes should run.
    pub const fn runs(&self) -> bool {
        match self {
            Self::Runs | Self::Serves { .. } => true,
            Self::Scheduled { .. } | Self::Waiting(_) | Self::Over | Self::Called | Self::Missed => false,
        }
    }

    /// Why it waits, if it does.
    pub const fn conflict(&self) -> Option<&HandleConflict> {
        match self {
            Self::Waiting(conflict) => Some(conflict),
            Self::Scheduled { .. } | Self::Runs | Self::Serves { .. } | Self::Over | Self::Called | Self::Missed => {
                None
            }
        }
    }
}

/// Every auction's standing, and when one changes by itself.
pub(crate) fn decide(
    auctions: &[impl Borrow<Auction>],
    observed: &Observed,
    now: Timestamp,
) -> (BTreeMap<String, Standing>, Option<Timestamp>) {
    // Who reads the inbox of a handle: the shard and the first of its auctions.
    let mut readers: BTreeMap<String, (String, &str)> = BTreeMap::new();
    let mut standings = BTreeMap::new();
    let mut wake_at: Option<Timestamp> = None;
    // Who has begun keeps its handle, whoever else is announced for an earlier hour.
    let (begun, others): (Vec<_>, Vec<_>) =
        by_start(auctions).into_iter().partition(|(_, name, _)| observed.begun.contains(*name));
    for (from, name, auction) in begun.into_iter().chain(others) {
        let (alone, changes) = by_itself(auction, name, from, observed, now);
        wake_at = wake_at.into_iter().chain(changes).min();
        let standing = match (alone, handle_of(auction)) {
            (Standing::Runs, Some(handle)) => {
                let shard = shard_of(auction, name);
                let (reader, first) = readers.entry(handle.clone()).or_insert_with(|| (shard.clone(), name));
                // The rules themselves keep two auctions of one shard apart.
                if *reader == shard {
                    Standing::Runs
                } else {
                    Standing::Waiting(HandleConflict { handle, auction: (*first).to_owned() })
                }
            }
            (alone, _) => alone,
        };
        standings.insert(name.to_owned(), standing);
    }
    (standings, wake_at)
}

/// Where an auction would stand if it were the only one, and when that changes.
fn by_itself(
    auction: &Auction,
    name: &str,
    from: Timestamp,
    observed: &Observed,
    now: Timestamp,
) -> (Standing, Option<Timestamp>) {
    let schedule = &auction.spec.schedule;
    if let Some(completed) = observed.completed.get(name) {
        let until = *completed + Span::from_secs(schedule.settle_grace_seconds);
        return if now < until { (Standing::Serves { until }, Some(until)) } else { (Standing::Over, None) };
    }
    if observed.begun.contains(name) {
        return (Standing::Runs, None);
    }
    let ends_at = schedule.ends_at.map(|at| Timestamp(at.as_millisecond()));
    match auction.spec.run_state {
        RunState::Cancelled => return (Standing::Called, None),
        RunState::Running | RunState::Paused => {}
    }
    if ends_at.is_some_and(|ends_at| now >= ends_at) {
        return (Standing::Missed, None);
    }
    if now < from { (Standing::Scheduled { from }, Some(from)) } else { (Standing::Runs, ends_at) }
}
