//! Receipts: proof that a row was in a signed commit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Amount, Time};

/// A receipt: the leaf's fields, its path to the root, and the signature over the root. All bytes are `0x` hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptBody {
    pub version: u8,
    pub lot_key: String,
    pub round: u32,
    pub lot_seq: u64,
    /// 1 accepted, 2 parked, 3 done, 4 refused.
    pub verdict: u8,
    pub mandate_hash: String,
    pub all_in_wei: Amount,
    /// The hash or id of the source, as it stands in the leaf.
    pub source_id: String,
    pub at: Time,
    /// The row's link of the lot's hash chain.
    pub hash: String,
    pub leaf: String,
    pub path: Vec<PathStep>,
    pub root: String,
    pub shard: String,
    pub first_seq: u64,
    pub last_seq: u64,
    /// EIP-712 over (shard, first seq, last seq, root), 65 bytes.
    pub signature: String,
    /// The address of the receipt key.
    pub signer: String,
}

/// One step from a leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathStep {
    pub side: Side,
    pub hash: String,
}

/// On which side the sibling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

/// A published receipt key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptKey {
    pub address: String,
    pub published_at: Time,
}
