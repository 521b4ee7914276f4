//! Events: what happened, past tense. The state is their fold; an event carries all that its fold needs.

use serde::{Deserialize, Serialize};

use crate::command::{InboxPosition, Source};
use crate::terms::{AuctionTerms, BidderTerms};
use crate::{BidderId, Handle, Intent, LotNumber, Paddle, Refusal, Round, Timestamp, Wei};

/// One thing that happened. Lot events belong to the auction that the entry's subject names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    AuctionConfigured(Box<AuctionTerms>),
    AuctionPaused {
        reason: String,
        at: Timestamp,
    },
    AuctionResumed {
        at: Timestamp,
    },
    AuctionCancelled {
        reason: String,
        at: Timestamp,
    },
    /// Every lot has reached an end.
    AuctionCompleted,
    BidderRegistered(BidderTerms),
    InboxAdvanced {
        handle: Handle,
        seq: u64,
        ignored: u64,
    },
    InboxAudited {
        handle: Handle,
        through: Timestamp,
    },

    LotOpened {
        lot: LotNumber,
        round: Round,
        at: Timestamp,
        ends_at: Timestamp,
    },
    /// The standing bid after it: `leader` at `price`, with `max` kept back.
    BidAccepted {
        lot: LotNumber,
        bidder: BidderId,
        paddle: Paddle,
        /// What the bidder asked for, resolved to an amount.
        amount: Wei,
        intent: Intent,
        at: Timestamp,
        standing: Standing,
        post: Option<InboxPosition>,
    },
    BidRefused {
        lot: Option<LotNumber>,
        bidder: BidderId,
        intent: Option<Intent>,
        refusal: Refusal,
        at: Timestamp,
        post: Option<InboxPosition>,
    },
    /// Timed after the end while the lot drains: judged if the end moves past it, else refused.
    BidParked {
        lot: LotNumber,
        bidder: BidderId,
        intent: Intent,
        at: Timestamp,
        source: Source,
        post: Option<InboxPosition>,
    },
    /// A parked bid has been judged; the verdict follows as `BidAccepted` or `BidRefused` in the same row, whose own
    /// verdict it is. `source` is the parked bid's own.
    BidUnparked {
        lot: LotNumber,
        source: Source,
    },
    LotExtended {
        lot: LotNumber,
        ends_at: Timestamp,
        extensions: u32,
    },
    ReserveMet {
        lot: LotNumber,
    },
    /// The time was up at `ends_at`; late posts are being counted until `until`.
    LotDraining {
        lot: LotNumber,
        ends_at: Timestamp,
        until: Timestamp,
    },
    LotHeld {
        lot: LotNumber,
        reason: HoldReason,
        at: Timestamp,
    },
    LotReleased {
        lot: LotNumber,
        at: Timestamp,
        ends_at: Timestamp,
    },
    LotSkipped {
        lot: LotNumber,
        at: Timestamp,
    },
    LotWithdrawn {
        lot: LotNumber,
        reason: String,
        at: Timestamp,
    },
    LotReoffered {
        lot: LotNumber,
        round: Round,
    },
    LotSold {
        lot: LotNumber,
        round: Round,
        bidder: BidderId,
        paddle: Paddle,
        price: Wei,
        all_in: Wei,
        at: Timestamp,
    },
    LotPassed {
        lot: LotNumber,
        round: Round,
        reason: PassReason,
        at: Timestamp,
    },
    /// The bid of row `lot_seq` no longer counts; `standing` is what the remaining ones come to.
    BidVoided {
        lot: LotNumber,
        lot_seq: u64,
        reason: String,
        standing: Option<Standing>,
    },
    LotReopened {
        lot: LotNumber,
        reason: String,
        at: Timestamp,
        ends_at: Timestamp,
        standing: Option<Standing>,
    },
    /// The auctioneer takes half a step above the price: `minimum` is the least that the next bid must reach.
    IncrementHalved {
        lot: LotNumber,
        minimum: Wei,
        at: Timestamp,
    },
}

impl Event {
    /// The post that this event has judged.
    pub fn post(&self) -> Option<&InboxPosition> {
        match self {
            Self::BidAccepted { post, .. } | Self::BidRefused { post, .. } | Self::BidParked { post, .. } => {
                post.as_ref()
            }
            Self::AuctionConfigured(_)
            | Self::AuctionPaused { .. }
            | Self::AuctionResumed { .. }
            | Self::AuctionCancelled { .. }
            | Self::AuctionCompleted
            | Self::BidderRegistered(_)
            | Self::InboxAdvanced { .. }
            | Self::InboxAudited { .. }
            | Self::LotOpened { .. }
            | Self::BidUnparked { .. }
            | Self::LotExtended { .. }
            | Self::ReserveMet { .. }
            | Self::LotDraining { .. }
            | Self::LotHeld { .. }
            | Self::LotReleased { .. }
            | Self::LotSkipped { .. }
            | Self::LotWithdrawn { .. }
            | Self::LotReoffered { .. }
            | Self::LotSold { .. }
            | Self::LotPassed { .. }
            | Self::BidVoided { .. }
            | Self::LotReopened { .. }
            | Self::IncrementHalved { .. } => None,
        }
    }
}

/// The bid that leads a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub leader: BidderId,
    pub paddle: Paddle,
    /// The price shown.
    pub price: Wei,
    /// The most that the leader has authorised; never shown.
    pub max: Wei,
    /// The all-in amount reserved for it.
    pub reserved: Wei,
    /// The `lot_seq` of the row with which the leader took the lead or last raised its maximum.
    pub lot_seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldReason {
    Clerk(String),
    /// The comparison with X's mentions did not come in time.
    AuditOverdue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PassReason {
    NoBids,
    ReserveNotMet,
    Cancelled,
}
