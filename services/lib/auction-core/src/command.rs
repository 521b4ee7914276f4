//! Commands: what somebody asks of the house, imperative. Everything in one is already a checked type.

use serde::{Deserialize, Serialize};

use crate::terms::{AuctionTerms, BidderTerms};
use crate::{AuctionId, BidderId, Handle, LotNumber, Timestamp, TraceContext, Wei};

/// One command with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    pub source: Source,
    /// When it happened for the asker: a post's own time, a web bid's arrival. It decides whether a bid was in time.
    pub at: Timestamp,
    pub action: Action,
    /// Where the trace of this command began, kept so that relay, take-over and replay stay in it.
    pub trace: Option<TraceContext>,
}

/// Where a command comes from; with its key, unique for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub kind: SourceKind,
    /// The first edit's post id, the client's idempotency key, or the worker's own key (`tick:{lot}:{round}:…`).
    pub key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SourceKind {
    /// A post, through the social gateway's inbox.
    Post,
    /// A bidder's HTTP request or WebSocket command.
    Web,
    /// A clerk's command.
    Clerk,
    /// The worker itself: time, registry, manifest, cursor.
    House,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Adds an auction or replaces the terms of lots that have not opened yet.
    ConfigureAuction { auction: AuctionId, terms: AuctionTerms },
    /// Adds or changes a bidder.
    RegisterBidder(BidderTerms),
    /// A bid. `lot` is `None` when the post names no lot: then it means the only open one.
    PlaceBid {
        auction: AuctionId,
        lot: Option<LotNumber>,
        bidder: BidderId,
        intent: Intent,
        post: Option<InboxPosition>,
    },
    /// A post that wants to bid but is not wholly understood: refused with the grammar's code.
    RefusePost { auction: AuctionId, bidder: BidderId, code: String, post: InboxPosition },
    /// Posts up to here were read; `ignored` of them were not bids and have no row of their own.
    AdvanceInbox { handle: Handle, seq: u64, ignored: u64 },
    /// X's mentions were compared with the inbox for every post timed at or before `through`.
    RecordAudit { handle: Handle, through: Timestamp },
    /// Time has passed: whatever is due by `now` happens.
    Tick { auction: AuctionId },
    /// A clerk's hand.
    Clerk { auction: AuctionId, clerk: Clerk },
}

/// Where a post stands in its handle's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxPosition {
    pub handle: Handle,
    pub seq: u64,
}

/// What a bidder wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// Exactly this amount.
    Bid(Wei),
    /// As little as needed, up to this amount.
    MaxBid(Wei),
    /// The next step of the ladder.
    NextBid,
    /// The buy-now price.
    BuyNow,
}

impl Intent {
    /// What a bid that came to `amount` may be told to have offered: a maximum stays with its bidder.
    pub fn public_amount(self, amount: Wei) -> Option<Wei> {
        match self {
            Self::Bid(_) | Self::NextBid | Self::BuyNow => Some(amount),
            Self::MaxBid(_) => None,
        }
    }
}

/// A clerk's commands. `reason` goes into the journal and to the public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clerk {
    OpenLot {
        lot: LotNumber,
    },
    /// Stops the clock of an open or draining lot; bids are refused until it is released.
    HoldLot {
        lot: LotNumber,
        reason: String,
    },
    ReleaseLot {
        lot: LotNumber,
    },
    /// An upcoming lot is passed over; it can be re-offered.
    SkipLot {
        lot: LotNumber,
    },
    WithdrawLot {
        lot: LotNumber,
        reason: String,
    },
    /// Puts a passed, skipped or withdrawn lot back at the end of the queue, as a new round.
    ReofferLot {
        lot: LotNumber,
    },
    /// Ends an open lot now, as though its time were up.
    EndLot {
        lot: LotNumber,
    },
    Pause {
        reason: String,
    },
    Resume,
    Cancel {
        reason: String,
    },
    /// Takes back the standing bid: the price falls to the previous valid one.
    VoidBid {
        lot: LotNumber,
        lot_seq: u64,
        reason: String,
    },
    /// Opens a closed, unsettled lot again with its standing bid, for `duration_seconds`.
    ReopenLot {
        lot: LotNumber,
        reason: String,
        duration_seconds: u32,
    },
    /// Once a round: until the next bid that changes price or leader, the step above the price is half as large.
    HalfCut {
        lot: LotNumber,
    },
}
