//! What an auction's manifest fixes: terms are snapshotted when a lot opens and never change while it is open.

use serde::{Deserialize, Serialize};

use crate::{BidderId, Handle, LotId, LotNumber, Paddle, Span, Timestamp, Wei};

/// The terms of one auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuctionTerms {
    /// The resource's UID, fixed for the life of the auction; the lot key is derived from it.
    pub uid: String,
    /// Generation of the manifest that these terms come from.
    pub generation: i64,
    pub title: String,
    /// The house's X handle, when bids come in as posts.
    pub handle: Option<Handle>,
    pub starts_at: Timestamp,
    pub order: LotOrder,
    pub channels: Channels,
    /// How long the lot waits for late posts after its end.
    pub drain: Span,
    pub audit: AuditPolicy,
    pub lots: Vec<LotTerms>,
}

/// When a lot opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LotOrder {
    /// One after the other: the next opens `pause` after the previous one has closed.
    Sequential { pause: Span },
    /// All at `starts_at`.
    Concurrent,
}

/// Where bids may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels {
    pub x: Channel,
    pub web: Channel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    Open,
    Shut,
}

/// Whether the hammer waits for the comparison of X's mentions with the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditPolicy {
    /// The hammer falls only when the inbox is known to be complete up to the lot's end. After `deadline` without that
    /// (counted from the end of the drain) the lot is held for the clerk.
    Required {
        deadline: Span,
    },
    NotNeeded,
}

/// The terms of one lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotTerms {
    pub number: LotNumber,
    pub id: LotId,
    pub title: String,
    pub opening_bid: Wei,
    pub reserve: Reserve,
    pub ladder: Ladder,
    /// Bids must be whole multiples of this; zero means any amount.
    pub tick: Wei,
    pub duration: Span,
    pub soft_close: SoftClose,
    pub buy_now: Option<Wei>,
    /// A bid above this many times the reference price must be repeated to count.
    pub jump_factor: u32,
    /// Buyer's premium in hundredths of a percent; reservations are all-in.
    pub premium_bps: u32,
}

/// The price below which the lot is not sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reserve {
    None,
    Public(Wei),
    /// Only `commitment` is published: keccak-256 of the amount (32 bytes, big-endian) and the salt.
    Hidden {
        amount: Wei,
        salt: [u8; 32],
        commitment: [u8; 32],
    },
}

/// The increments, as versioned data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// Names the table in the terms and in receipts, such as `default/v1`.
    pub version: String,
    pub kind: LadderKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LadderKind {
    /// From each rung's price upward, bids rise by its step. Ascending, the first from zero.
    Table(Vec<Rung>),
    /// Bids rise by this share of the price, rounded down to whole wei, and by one wei at least.
    Percentage {
        basis_points: u32,
    },
    /// Bids rise by a fixed amount.
    Fixed(Wei),
    /// The same three, whose steps the auctioneer may not halve. They are flat, not one within the other: what is read from a
    /// journal has no depth.
    FirmTable(Vec<Rung>),
    FirmPercentage {
        basis_points: u32,
    },
    FirmFixed(Wei),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    pub from: Wei,
    pub step: Wei,
}

/// Anti-sniping: an accepted bid timed within `window` of the end moves the end to its time plus `extension`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftClose {
    pub window: Span,
    pub extension: Span,
    pub max_extensions: u32,
    /// The end never moves further than this beyond the scheduled one.
    pub cap: Span,
}

/// What the registry says of a bidder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BidderTerms {
    pub bidder: BidderId,
    pub paddle: Paddle,
    /// The most that the bidder may have reserved at once, all-in, over all lots of the shard; `None` is no limit.
    pub limit: Option<Wei>,
    pub status: BidderStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BidderStatus {
    Active,
    Suspended,
    /// The seller or somebody close to the house: may never bid.
    Barred,
}
