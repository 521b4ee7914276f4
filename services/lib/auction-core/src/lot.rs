//! One lot: its frozen terms, where it stands, and what the rules need to go on. Only [`crate::Shard::apply`] changes it.
//!
//! A lot keeps nothing that grows with the number of its bids: the last 64 of them (for voids), the parked bids of one
//! drain, and the jumps that wait for a confirmation are all bounded.

pub(crate) mod fold;
pub(crate) mod judge;
pub mod trail;

use std::collections::VecDeque;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::command::{InboxPosition, Source};
use crate::counts::Counts;
use crate::entry::Head;
use crate::event::{PassReason, Standing};
use crate::ladder::Step;
use crate::receipt::lot_key;
use crate::reservation::Reservation;
use crate::terms::LotTerms;
use crate::{BidderId, Intent, LotId, LotNumber, Paddle, Round, Span, Timestamp, Wei};
use trail::Trail;

/// The most late bids that wait for the end of one lot; a further one is refused with `DrainFull`.
pub const MAX_PARKED: usize = 4_096;

/// The most of them that are one bidder's, so that nobody can take the places of all others.
pub const MAX_PARKED_PER_BIDDER: usize = 16;

/// Within this time, by the bids' own times, a repeated bid confirms a jump.
pub const CONFIRMATION_WINDOW: Span = Span::from_secs(60);

/// The most jumps of one lot that wait for their confirmation; a further one drops the oldest.
pub const MAX_UNCONFIRMED: usize = 256;

/// A lot of an auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    terms: LotTerms,
    key: B256,
    round: Round,
    phase: Phase,
    /// When this round, or its reopening, began.
    opened_at: Option<Timestamp>,
    /// The end without extensions, from which the cap counts; holds and pauses move it.
    scheduled_end: Timestamp,
    ends_at: Timestamp,
    extensions: u32,
    standing: Option<Standing>,
    reservation: Option<Reservation>,
    trail: Trail,
    parked: VecDeque<Parked>,
    unconfirmed: VecDeque<Unconfirmed>,
    half_cut: HalfCut,
    last_hold: Option<Interval>,
    counts: Counts,
    head: Head,
}

/// What has become of the auctioneer's half cut in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HalfCut {
    Unused,
    /// The next bid need only rise by half a step.
    Standing,
    Used,
}

/// Where a lot stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Upcoming,
    Open,
    /// The end has passed; late posts are counted until `until`, then the hammer falls.
    Draining {
        until: Timestamp,
    },
    /// The drain is over but the comparison with X's mentions has not come; it, or the clerk, releases the lot.
    AuditOverdue {
        since: Timestamp,
    },
    /// The clerk has stopped the clock.
    Held {
        reason: String,
        since: Timestamp,
    },
    Sold {
        bidder: BidderId,
        paddle: Paddle,
        price: Wei,
        all_in: Wei,
        at: Timestamp,
    },
    Passed {
        reason: PassReason,
        at: Timestamp,
    },
    Skipped {
        at: Timestamp,
    },
    Withdrawn {
        reason: String,
        at: Timestamp,
    },
}

/// A stretch of time in which the clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Interval {
    pub(crate) fn contains(self, at: Timestamp) -> bool {
        self.from < at && at < self.to
    }
}

/// A bid timed after the end, waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub bidder: BidderId,
    pub intent: Intent,
    pub at: Timestamp,
    pub source: Source,
    pub post: Option<InboxPosition>,
}

/// A bid far above the price, to be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unconfirmed {
    bidder: BidderId,
    intent: Intent,
    at: Timestamp,
}

impl Phase {
    /// In snake case, for people and wires.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Open => "open",
            Self::Draining { .. } => "draining",
            Self::AuditOverdue { .. } => "audit_overdue",
            Self::Held { .. } => "held",
            Self::Sold { .. } => "sold",
            Self::Passed { .. } => "passed",
            Self::Skipped { .. } => "skipped",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// Open, draining or held: opened and not at an end.
    pub fn is_running(&self) -> bool {
        match self {
            Self::Open | Self::Draining { .. } | Self::AuditOverdue { .. } | Self::Held { .. } => true,
            Self::Upcoming
            | Self::Sold { .. }
            | Self::Passed { .. }
            | Self::Skipped { .. }
            | Self::Withdrawn { .. } => false,
        }
    }

    /// Sold, passed, skipped or withdrawn.
    pub fn is_ended(&self) -> bool {
        !self.is_running() && !matches!(self, Self::Upcoming)
    }
}

impl Lot {
    pub(crate) fn new(terms: LotTerms, auction_uid: &str) -> Self {
        Self {
            key: lot_key(auction_uid, &terms.id),
            terms,
            round: Round(1),
            phase: Phase::Upcoming,
            opened_at: None,
            scheduled_end: Timestamp::default(),
            ends_at: Timestamp::default(),
            extensions: 0,
            standing: None,
            reservation: None,
            trail: Trail::default(),
            parked: VecDeque::new(),
            unconfirmed: VecDeque::new(),
            half_cut: HalfCut::Unused,
            last_hold: None,
            counts: Counts::default(),
            head: Head::default(),
        }
    }

    pub fn number(&self) -> LotNumber {
        self.terms.number
    }

    pub fn id(&self) -> &LotId {
        &self.terms.id
    }

    /// What names the lot in receipts, and on a chain: see [`lot_key`].
    pub fn key(&self) -> B256 {
        self.key
    }

    /// Fixed from the moment that the lot opens.
    pub fn terms(&self) -> &LotTerms {
        &self.terms
    }

    /// How often the lot has been offered, this time included.
    pub fn round(&self) -> Round {
        self.round
    }

    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// When this round (or its reopening) began; `None` before.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// When bids end, or ended; `None` before the lot has opened. While the lot is held it stands still.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.opened_at.map(|_| self.ends_at)
    }

    /// How often the end has moved in this round.
    pub fn extensions(&self) -> u32 {
        self.extensions
    }

    /// The bid that leads, or led at the end.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// The least amount that the next bid must reach.
    pub fn minimum_bid(&self) -> Wei {
        self.standing.map_or(self.terms.opening_bid, |standing| self.terms.above(standing.price, self.step()))
    }

    pub fn half_cut(&self) -> HalfCut {
        self.half_cut
    }

    /// Whether the lot would be sold at its price.
    pub fn reserve_met(&self) -> bool {
        self.standing.is_some_and(|standing| self.terms.reserve_met(standing.price))
    }

    /// The buy-now price while it may still be taken: until the reserve is met or, without a reserve, until the first bid.
    pub fn buy_now(&self) -> Option<Wei> {
        let taken = match self.terms.reserve_price() {
            Some(_) => self.reserve_met(),
            None => self.standing.is_some(),
        };
        self.terms.buy_now.filter(|&price| !taken && price >= self.minimum_bid())
    }

    /// What the shard keeps reserved for this lot.
    pub fn reservation(&self) -> Option<Reservation> {
        self.reservation
    }

    /// Late bids that wait for the end to move or for the hammer, in journal order.
    pub fn parked(&self) -> impl ExactSizeIterator<Item = &Parked> {
        self.parked.iter()
    }

    /// Bids accepted, voided and refused, over all rounds.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The last row of the lot's chain.
    pub fn head(&self) -> Head {
        self.head
    }
}

// What only the rules themselves ask.
impl Lot {
    /// The end as it stands; meaningless before the lot has opened.
    pub(crate) fn end(&self) -> Timestamp {
        self.ends_at
    }

    /// The latest that the end can become by extensions.
    #[cfg(test)]
    pub(crate) fn latest_end(&self) -> Timestamp {
        self.scheduled_end + self.terms.soft_close.cap
    }

    /// By which step the next bid must rise.
    pub(crate) fn step(&self) -> Step {
        match self.half_cut {
            HalfCut::Standing => Step::Half,
            HalfCut::Unused | HalfCut::Used => Step::Whole,
        }
    }

    /// Whether `after` has another price or leader than what stands.
    pub(crate) fn changes(&self, after: &Standing) -> bool {
        self.standing.is_none_or(|before| before.price != after.price || before.leader != after.leader)
    }

    pub(crate) fn is_upcoming(&self) -> bool {
        self.phase == Phase::Upcoming
    }

    /// A lot of which nothing has been journaled leaves no trace when the manifest drops it.
    pub(crate) fn may_vanish(&self) -> bool {
        self.is_upcoming() && self.head.seq == 0
    }

    pub(crate) fn replace_terms(&mut self, terms: LotTerms, auction_uid: &str) {
        self.key = lot_key(auction_uid, &terms.id);
        self.terms = terms;
    }

    pub(crate) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Whether one more bid of this bidder may wait for the end.
    pub(crate) fn has_room_to_park(&self, bidder: BidderId) -> bool {
        let own = self.parked.iter().filter(|parked| parked.bidder == bidder).count();
        self.parked.len() < MAX_PARKED && own < MAX_PARKED_PER_BIDDER
    }

    pub(crate) fn first_parked_in_time(&self) -> Option<usize> {
        self.parked.iter().position(|parked| parked.at <= self.ends_at)
    }

    pub(crate) fn parked_at(&self, index: usize) -> Option<&Parked> {
        self.parked.get(index)
    }

    pub(crate) fn was_held_at(&self, at: Timestamp) -> bool {
        self.last_hold.is_some_and(|hold| hold.contains(at))
    }

    pub(crate) fn voidable(&self, lot_seq: u64) -> bool {
        self.trail.contains(lot_seq)
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    pub(crate) fn set_head(&mut self, head: Head) {
        self.head = head;
    }
}
