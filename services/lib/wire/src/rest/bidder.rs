//! The bidders' registry.

use auction_core::Paddle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Amount, Text, XId};

/// Most lines of one import.
pub const MAX_IMPORT_LINES: usize = 20_000;

/// A bidder as the registry knows them: `PUT /v1/bidders/{x_id}` and one line of a JSONL import (there with `x_id`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BidderBody {
    /// The X handle, a label only. Absent: the one they have, else the last digits of the X id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text<16>>,
    /// The number shown instead of a name. Absent: the one they have, else the next free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub paddle: Option<Paddle>,
    /// The most that may be reserved at once, all-in. Absent is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_wei: Option<Amount>,
    #[serde(default)]
    pub status: BidderState,
    /// The `sub` of the bidder's token, when it carries no `x_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Text<200>>,
}

/// A bidder with their id: what lists show and what an import's lines hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BidderLine {
    pub x_id: XId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text<16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub paddle: Option<Paddle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_wei: Option<Amount>,
    #[serde(default)]
    pub status: BidderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Text<200>>,
}

impl BidderBody {
    /// The body as the line of `x_id`.
    pub fn of(self, x_id: XId) -> BidderLine {
        let Self { handle, paddle, limit_wei, status, subject } = self;
        BidderLine { x_id, handle, paddle, limit_wei, status, subject }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BidderState {
    #[default]
    Active,
    Suspended,
    /// The seller or somebody close to the house: may never bid.
    Barred,
}

/// What an import did. All lines are taken or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    pub imported: u64,
}
