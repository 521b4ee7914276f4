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
    /// As a number: see `auction_core::receipt::VerdictCode`.
    pub verdict: u8,
    pub mandate_hash: String,
    pub all_in_wei: Amount,
    /// keccak-256 of one byte for the source's kind (1 post, 2 web, 3 clerk, 4 house) and its key.
    pub source_id: String,
    pub at: Time,
    /// The row's link of the lot's hash chain.
    pub hash: String,
    pub leaf: String,
    /// Sibling hashes from the leaf up; each pair is hashed in ascending order.
    pub path: Vec<String>,
    pub root: String,
    pub shard: String,
    pub first_seq: u64,
    pub last_seq: u64,
    /// EIP-712 over (shard, first seq, last seq, root), 65 bytes.
    pub signature: String,
    /// The address of the receipt key.
    pub signer: String,
}

/// A published receipt key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptKey {
    pub address: String,
    pub shard: String,
    pub standing: KeyStanding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStanding {
    InUse,
    Retired,
}
