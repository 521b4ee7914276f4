//! Events: what happened, past tense. The state is their fold; an event carries all that its fold needs.

use serde::{Deserialize, Serialize};

use crate::command::InboxPosition;
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
        source_key: String,
        post: Option<InboxPosition>,
    },
    /// A parked bid has been judged; the verdict follows as `BidAccepted` or `BidRefused`.
    BidUnparked {
        lot: LotNumber,
        source_key: String,
    },
    LotExtended {
        lot: LotNumber,
        ends_at: Timestamp,
        extensions: u32,
    },
    ReserveMet {
        lot: LotNumber,
    },
    /// The time is up; late posts are being counted until `until`.
    LotDraining {
        lot: LotNumber,
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
    },
    LotWithdrawn {
        lot: LotNumber,
        reason: String,
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
    },
    LotPassed {
        lot: LotNumber,
        round: Round,
        reason: PassReason,
    },
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
    },
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
    /// The `lot_seq` of the row that made it lead.
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
