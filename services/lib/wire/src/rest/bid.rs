//! Placing a bid, and the bid log.

use auction_core::{AuctionId, LotNumber, Paddle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::socket::{BidKind, Verdict};
use crate::{Amount, Time};

/// `POST /v1/auctions/{auction}/bids`. The idempotency key is in the header `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BidRequest {
    /// Absent means the only open lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub lot: Option<LotNumber>,
    pub kind: BidKind,
    /// Needed for `bid` and `max_bid`, refused for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Amount>,
}

/// An accepted (200) or parked (202) bid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BidAnswer {
    pub verdict: Verdict,
    #[schema(value_type = String)]
    pub auction: AuctionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub lot: Option<LotNumber>,
    pub epoch: u64,
    pub seq: u64,
    pub lot_seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_wei: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leading: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub leader_paddle: Option<Paddle>,
    /// Where the signed receipt is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// One row of a lot's journal for the public: what was asked and what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BidLine {
    /// The number of the row in the lot's chain.
    pub lot_seq: u64,
    /// The journal row of the shard.
    pub seq: u64,
    /// What the asker did: `place_bid`, `refuse_post`, `tick`, or a clerk's command.
    pub action: String,
    /// `post`, `web`, `clerk` or `house`.
    pub source: String,
    /// The post id of a bid by post; the keys of others are theirs alone and not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<String>,
    /// When it happened for the asker.
    pub at: Time,
    /// When it was decided.
    pub decided_at: Time,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub paddle: Option<Paddle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<BidKind>,
    /// What an accepted bid came to (a maximum bid shows the price that it made, never the maximum).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_wei: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub leader_paddle: Option<Paddle>,
    /// The refusal's code, sentence and remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Names of the events that the row carries, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The row's link of the lot's hash chain, in hexadecimal.
    pub hash: String,
}
