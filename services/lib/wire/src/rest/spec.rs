//! `PUT /v1/spec` and `GET /v1/status`: how an edit reaches a live show, and what comes back.

use auction_core::{AuctionId, LotId, LotNumber, Paddle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AuctionState;
use crate::socket::LotState;
use crate::{Amount, List, Time};

/// Most auctions of one shard.
pub const MAX_AUCTIONS: usize = 1000;

/// The desired state of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecRequest {
    /// Rises with every change; an older one than the worker has is refused.
    pub generation: i64,
    /// `Auction` manifests as JSON (`sothebais.io/v1alpha1`).
    #[schema(value_type = Vec<Object>)]
    pub auctions: List<serde_json::Value, MAX_AUCTIONS>,
}

/// The spec was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpecAnswer {
    pub generation: i64,
    /// Auctions whose terms changed.
    #[schema(value_type = Vec<String>)]
    pub configured: Vec<AuctionId>,
}

/// What the worker serves, for the operator, `up` and tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusBody {
    /// The generation last asked for.
    pub generation: i64,
    /// The generation that the auctions below have.
    pub observed_generation: i64,
    pub shard: String,
    pub epoch: u64,
    pub seq: u64,
    pub auctions: Vec<AuctionStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuctionStatus {
    #[schema(value_type = String)]
    pub name: AuctionId,
    pub state: AuctionState,
    pub generation: i64,
    pub lots: Vec<LotStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotStatus {
    #[schema(value_type = u32)]
    pub number: LotNumber,
    #[schema(value_type = String)]
    pub id: LotId,
    pub round: u32,
    pub state: LotState,
    pub price_wei: Option<Amount>,
    #[schema(value_type = Option<u32>)]
    pub leader_paddle: Option<Paddle>,
    pub bids: u64,
    pub ends_at: Option<Time>,
}
