//! Auctions and lots as the public sees them.

use auction_core::{AuctionId, Paddle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::socket::Price;
use crate::{Amount, Time};

/// A page of a list; `next` is the cursor of the following one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass it as `after`; `None` at the end.
    pub next: Option<String>,
}

/// One line of `GET /v1/auctions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuctionBrief {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    pub title: String,
    pub state: AuctionState,
    pub lots: u32,
    pub starts_at: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuctionState {
    Scheduled,
    Live,
    Paused,
    Completed,
    Cancelled,
}

/// `GET /v1/auctions/{auction}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuctionView {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    pub title: String,
    pub state: AuctionState,
    /// The house's X handle, when bids come in as posts.
    pub handle: Option<String>,
    pub starts_at: Time,
    pub epoch: u64,
    pub seq: u64,
    pub lots: Vec<Price>,
}

/// `GET /v1/auctions/{auction}/lots/{lot}`: the price and the terms that it was offered under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotView {
    #[serde(flatten)]
    pub price: Price,
    pub title: String,
    pub opening_bid_wei: Amount,
    pub reserve_terms: ReserveView,
    /// Names the ladder, such as `default/v1`.
    pub ladder: String,
    pub half_cut: HalfCutState,
    pub tick_wei: Amount,
    pub duration_seconds: u64,
    pub soft_close_window_seconds: u64,
    pub soft_close_extension_seconds: u64,
    pub max_extensions: u32,
    pub buy_now_wei: Option<Amount>,
    pub premium_bps: u32,
    /// Who won, and for how much, once it is sold.
    pub hammer_wei: Option<Amount>,
    #[schema(value_type = Option<u32>)]
    pub winner_paddle: Option<Paddle>,
}

/// Whether the auctioneer may take half a step, or has done so in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HalfCutState {
    Forbidden,
    Unused,
    /// `min_next_wei` is half a step above the price.
    Standing,
    Used,
}

/// What is published of a reserve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReserveView {
    None,
    Public {
        amount_wei: Amount,
    },
    /// keccak-256 of the amount (32 bytes, big-endian) and the salt, in hexadecimal.
    Hidden {
        commitment: String,
    },
}
