//! Refusals: a closed set, each with a stable code, a sentence and a remedy. A refusal is an answer, not an error.

pub mod page;
mod text;

use serde::{Deserialize, Serialize};

use crate::{AuctionId, Handle, LotNumber, Timestamp, Wei};

/// Why the rules said no. `code`, `message` and `remedy` are what the asker is told; `docs/refusals.md` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    // The asker.
    UnknownBidder,
    BidderSuspended,
    BidderBarred,
    LimitExceeded {
        needed: Wei,
        available: Wei,
    },
    // The auction.
    UnknownAuction,
    AuctionNotStarted {
        starts_at: Timestamp,
    },
    AuctionPaused,
    AuctionCancelled,
    AuctionCompleted,
    ChannelShut,
    // The lot.
    UnknownLot {
        lot: LotNumber,
    },
    LotNotNamed {
        open: Vec<LotNumber>,
    },
    NoLotOpen,
    LotNotOpen {
        lot: LotNumber,
    },
    LotHeld {
        lot: LotNumber,
    },
    LotWithdrawn {
        lot: LotNumber,
    },
    LotClosed {
        lot: LotNumber,
    },
    /// The bid's own time is before the lot opened.
    TooEarly {
        lot: LotNumber,
        opened_at: Timestamp,
    },
    /// The bid's own time is after the end.
    TooLate {
        lot: LotNumber,
        ended_at: Timestamp,
    },
    /// So many late bids wait for the end of the lot that no further one is taken.
    DrainFull {
        lot: LotNumber,
    },
    // The amount.
    ZeroAmount,
    AmountTooLarge,
    OffTick {
        tick: Wei,
        below: Wei,
        above: Wei,
    },
    BelowOpeningBid {
        opening_bid: Wei,
    },
    BelowIncrement {
        minimum: Wei,
        price: Wei,
    },
    JumpNeedsConfirmation {
        amount: Wei,
        reference: Wei,
        factor: u32,
    },
    AlreadyLeading {
        price: Wei,
    },
    /// A leader may only raise its maximum; the maximum itself is never told.
    MaxNotRaised,
    MaxBelowMinimum {
        minimum: Wei,
    },
    BuyNowUnavailable,
    BuyNowWithdrawn,
    // The clerk.
    LotNotUpcoming {
        lot: LotNumber,
    },
    LotNotRunning {
        lot: LotNumber,
    },
    LotNotHeld {
        lot: LotNumber,
    },
    LotNotReofferable {
        lot: LotNumber,
    },
    LotNotReopenable {
        lot: LotNumber,
    },
    AnotherLotOpen {
        lot: LotNumber,
    },
    NotPaused,
    AlreadyPaused,
    NoSuchBid {
        lot_seq: u64,
    },
    ReasonMissing,
    ReasonTooLong,
    DurationOutOfRange {
        seconds: u32,
    },
    // The manifest.
    TermsFrozen {
        field: String,
    },
    TermsInvalid {
        field: String,
        problem: String,
    },
    PaddleTaken {
        paddle: u32,
    },
    /// Another auction of the shard that is not over takes its bids through this X handle.
    HandleConflict {
        handle: Handle,
        auction: AuctionId,
    },
    // The grammar's own codes, carried through.
    NotUnderstood {
        code: String,
    },
    // The half cut: the clerk's. New refusals go at the end, else old journals would no longer decode.
    HalfCutForbidden {
        lot: LotNumber,
    },
    /// It stands, or has been used in this round.
    HalfCutGiven {
        lot: LotNumber,
    },
    HalfCutNeedsBid {
        lot: LotNumber,
    },
    /// Half a step, rounded up to the tick, is a whole one.
    NoHalfStep {
        lot: LotNumber,
        minimum: Wei,
    },
}
