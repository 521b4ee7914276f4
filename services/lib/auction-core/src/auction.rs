//! One auction: its terms, its lots in their order, and whether it runs.

pub(crate) mod fold;
pub(crate) mod schedule;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::entry::Head;
use crate::lot::{Interval, Lot};
use crate::terms::{AuctionTerms, AuditPolicy, Channel};
use crate::{AuctionId, LotNumber, Refusal, SourceKind, Span, Timestamp};

/// An auction of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auction {
    id: AuctionId,
    terms: AuctionTerms,
    lots: BTreeMap<LotNumber, Lot>,
    /// Lots that have not opened, in the order in which they will.
    queue: Vec<LotNumber>,
    running: BTreeSet<LotNumber>,
    run: Run,
    started: bool,
    last_pause: Option<Interval>,
    last_ended_at: Option<Timestamp>,
    counts: Counts,
    head: Head,
}

/// Whether an auction runs, as its clerk and its lots left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Run {
    /// No lot has opened yet.
    Scheduled,
    Live,
    Paused {
        reason: String,
        since: Timestamp,
    },
    Cancelled {
        reason: String,
        at: Timestamp,
    },
    /// Every lot has reached an end.
    Completed,
}

impl Run {
    /// In snake case, for people and wires.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live => "live",
            Self::Paused { .. } => "paused",
            Self::Cancelled { .. } => "cancelled",
            Self::Completed => "completed",
        }
    }

    /// Nothing more will happen unless a clerk or a new manifest says so.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Cancelled { .. } | Self::Completed => true,
            Self::Scheduled | Self::Live | Self::Paused { .. } => false,
        }
    }
}

impl Auction {
    pub(crate) fn new(id: AuctionId, terms: AuctionTerms) -> Self {
        Self {
            id,
            lots: BTreeMap::new(),
            queue: Vec::new(),
            running: BTreeSet::new(),
            run: Run::Scheduled,
            started: false,
            last_pause: None,
            last_ended_at: None,
            counts: Counts::default(),
            head: Head::default(),
            terms,
        }
    }

    pub fn id(&self) -> &AuctionId {
        &self.id
    }

    /// The terms in force. A lot that has opened keeps its own: see [`Lot::terms`].
    pub fn terms(&self) -> &AuctionTerms {
        &self.terms
    }

    pub fn run(&self) -> &Run {
        &self.run
    }

    /// In order of their numbers.
    pub fn lots(&self) -> impl ExactSizeIterator<Item = &Lot> {
        self.lots.values()
    }

    pub fn lot(&self, number: LotNumber) -> Option<&Lot> {
        self.lots.get(&number)
    }

    /// Open, draining and held lots, in order of their numbers.
    pub fn running(&self) -> impl ExactSizeIterator<Item = LotNumber> {
        self.running.iter().copied()
    }

    /// Lots that have not opened, in the order in which they will.
    pub fn queue(&self) -> &[LotNumber] {
        &self.queue
    }

    /// Refusals that belong to no lot.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The last row of the auction's own chain; its lots have chains of their own.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Whether a lot has ever opened.
    pub fn has_started(&self) -> bool {
        self.started
    }

    pub(crate) fn counts_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }

    pub(crate) fn set_head(&mut self, lot: Option<LotNumber>, head: Head) {
        match lot {
            None => self.head = head,
            Some(number) => {
                if let Some(lot) = self.lots.get_mut(&number) {
                    lot.set_head(head);
                }
            }
        }
    }

    /// How long after the end of the drain the comparison with X's mentions may take; `None` when no lot waits for one,
    /// because the terms say so or because no post can be a bid.
    pub fn audit_deadline(&self) -> Option<Span> {
        match (self.terms.audit, &self.terms.handle, self.terms.channels.x) {
            (AuditPolicy::Required { deadline }, Some(_), Channel::Open) => Some(deadline),
            (AuditPolicy::Required { .. }, Some(_), Channel::Shut)
            | (AuditPolicy::Required { .. }, None, Channel::Open | Channel::Shut)
            | (AuditPolicy::NotNeeded, Some(_) | None, Channel::Open | Channel::Shut) => None,
        }
    }

    /// Whether bids may come from there. Only bidders bid: neither the clerk nor the house has a channel.
    pub(crate) fn check_channel(&self, kind: SourceKind) -> Result<(), Refusal> {
        let channel = match kind {
            SourceKind::Post => self.terms.channels.x,
            SourceKind::Web => self.terms.channels.web,
            SourceKind::Clerk | SourceKind::House => Channel::Shut,
        };
        match channel {
            Channel::Open => Ok(()),
            Channel::Shut => Err(Refusal::ChannelShut),
        }
    }

    /// Whether bids timed at `at` are heard now.
    pub(crate) fn check_running(&self, at: Timestamp) -> Result<(), Refusal> {
        match &self.run {
            Run::Live if self.last_pause.is_some_and(|pause| pause.contains(at)) => Err(Refusal::AuctionPaused),
            // A completed one's lots are closed, and each says so by the bid's own time.
            Run::Live | Run::Completed => Ok(()),
            Run::Scheduled => Err(Refusal::AuctionNotStarted { starts_at: self.terms.starts_at }),
            Run::Paused { .. } => Err(Refusal::AuctionPaused),
            Run::Cancelled { .. } => Err(Refusal::AuctionCancelled),
        }
    }

    /// The lot that a bid timed at `at` means: the named one, or the only one that ran then. A bid is answered alike whether
    /// it arrives before the hammer or after it, so one that comes late means the lot that had opened last by its time.
    pub(crate) fn resolve(&self, named: Option<LotNumber>, at: Timestamp) -> Result<&Lot, Refusal> {
        if let Some(lot) = named {
            return self.lot(lot).ok_or(Refusal::UnknownLot { lot });
        }
        if self.running.len() > 1 {
            return Err(Refusal::LotNotNamed { open: self.running.iter().copied().take(MAX_NAMED).collect() });
        }
        let only = self.running.first().and_then(|&lot| self.lot(lot));
        self.opened_last(at).or(only).ok_or(Refusal::NoLotOpen)
    }

    fn opened_last(&self, at: Timestamp) -> Option<&Lot> {
        let opened = self.lots.values().filter(|lot| lot.opened_at().is_some_and(|opened_at| opened_at <= at));
        opened.max_by_key(|lot| (lot.opened_at(), lot.number()))
    }
}

/// How many open lots a refusal lists.
const MAX_NAMED: usize = 10;
