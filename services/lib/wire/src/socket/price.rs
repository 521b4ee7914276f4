//! The price of a lot as a message that stands for itself.

use auction_core::{AuctionId, LotId, LotNumber, Paddle, Round};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Amount, Time};

/// Everything that a page needs to show a lot's price. A newer `(epoch, seq)` replaces an older one; a gap is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    #[schema(value_type = u32)]
    pub lot: LotNumber,
    #[schema(value_type = String)]
    pub lot_id: LotId,
    #[schema(value_type = u32)]
    pub round: Round,
    /// The lease epoch of the worker that says so.
    pub epoch: u64,
    /// The journal row that made it so; it rises within an epoch and over epochs.
    pub seq: u64,
    /// The number of that row in the lot's own chain.
    pub lot_seq: u64,
    pub state: LotState,
    /// `None` before the first bid.
    pub price_wei: Option<Amount>,
    /// The least that the next bid must be.
    pub min_next_wei: Amount,
    #[schema(value_type = Option<u32>)]
    pub leader_paddle: Option<Paddle>,
    /// Accepted bids, over all rounds.
    pub bids: u64,
    /// `None` before the lot opens.
    pub ends_at: Option<Time>,
    pub extensions: u32,
    pub reserve: ReserveState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LotState {
    Upcoming,
    Open,
    /// The time is up; late posts are being counted.
    Draining,
    Held,
    Sold,
    Passed,
    Skipped,
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReserveState {
    /// The lot has no reserve.
    None,
    Met,
    NotMet,
}
