//! The bidders' registry.

use auction_core::Paddle;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{Amount, Text, XId};

/// Most lines of one import.
pub const MAX_IMPORT_LINES: usize = 20_000;

/// What is registered of a bidder: `PUT /v1/bidders/{x_id}` and one line of a JSONL import (there with `x_id`). What is
/// absent stays as it is.
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
    /// The most that may be reserved at once, all-in; null lifts the limit. A new bidder has none.
    #[serde(default, skip_serializing_if = "LimitChange::is_none")]
    #[schema(value_type = Option<String>)]
    pub limit_wei: LimitChange,
    /// A new bidder is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<BidderState>,
    /// The `sub` of the bidder's token, when it carries no `x_id`; an empty one is taken away.
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
    #[serde(default, skip_serializing_if = "LimitChange::is_none")]
    #[schema(value_type = Option<String>)]
    pub limit_wei: LimitChange,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<BidderState>,
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

/// What becomes of a limit: absent, null or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitChange {
    #[default]
    None,
    Lifted,
    Set(Amount),
}

impl LimitChange {
    /// The limit itself: nothing stands in the way of somebody without one.
    pub fn to(limit: Option<Amount>) -> Self {
        limit.map_or(Self::Lifted, Self::Set)
    }

    fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Lifted | Self::Set(_) => false,
        }
    }
}

impl Serialize for LimitChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None | Self::Lifted => serializer.serialize_none(),
            Self::Set(limit) => limit.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LimitChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::to)
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
