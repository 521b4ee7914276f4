//! Receipts: one signature a commit covers every row in it, through a Merkle tree of keccak-256 leaves.
//!
//! A receipt is a leaf, the path from it to the root, and the signature over the root; anybody checks it with the published
//! address of the receipt key. The key itself is not here: the worker signs the prehashes that this module makes. All
//! encodings are the EVM's own (ABI words, keccak-256, EIP-712), so that a contract can check the same receipt.

pub mod leaf;
pub mod merkle;
pub mod typed;

use alloy_primitives::{Address, B256, Signature};
use serde::{Deserialize, Serialize};

pub use leaf::{LEAF_VERSION, Leaf, VerdictCode, lot_key, source_id};
pub use merkle::{MAX_PATH_LENGTH, MerkleTree, root_from};
pub use typed::{CloseStatement, CommitStatement};

/// A row's proof that it was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub leaf: Leaf,
    /// Sibling hashes from the leaf up; at most [`MAX_PATH_LENGTH`].
    pub path: Vec<B256>,
    /// What was signed; its root must follow from leaf and path.
    pub commit: CommitStatement,
    /// r ‖ s ‖ v, 65 bytes.
    #[serde(with = "signature_bytes")]
    pub signature: Vec<u8>,
}

/// Why a signature or a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReceipt {
    #[error("a signature must be 65 bytes (r, s, v), in its canonical form")]
    MalformedSignature,
    #[error("the path has {0} steps; {MAX_PATH_LENGTH} are the most")]
    PathTooLong(usize),
    #[error("leaf and path lead to another root than the signed one")]
    OtherRoot,
    #[error("signed by {found}, not by {expected}")]
    OtherSigner { expected: Address, found: Address },
}

impl Receipt {
    /// Checks path, root and signature against the address of a published receipt key.
    pub fn verify(&self, key: Address) -> Result<(), BadReceipt> {
        if self.path.len() > MAX_PATH_LENGTH {
            return Err(BadReceipt::PathTooLong(self.path.len()));
        }
        if root_from(self.leaf.hash(), &self.path) != self.commit.root {
            return Err(BadReceipt::OtherRoot);
        }
        verify(self.commit.signing_hash(), &self.signature, key)
    }
}

/// The address whose key made `signature` (r ‖ s ‖ v) over `prehash`. The second form of a signature (high s) is refused.
pub fn signer(prehash: B256, signature: &[u8]) -> Result<Address, BadReceipt> {
    let signature = Signature::from_raw(signature).map_err(|_| BadReceipt::MalformedSignature)?;
    if signature.normalize_s().is_some() {
        return Err(BadReceipt::MalformedSignature);
    }
    signature.recover_address_from_prehash(&prehash).map_err(|_| BadReceipt::MalformedSignature)
}

/// Checks that `signature` over `prehash` is by `key`.
pub fn verify(prehash: B256, signature: &[u8], key: Address) -> Result<(), BadReceipt> {
    match signer(prehash, signature)? {
        found if found == key => Ok(()),
        found => Err(BadReceipt::OtherSigner { expected: key, found }),
    }
}

/// A signature as `0x…` for people, as bytes elsewhere.
mod signature_bytes {
    use alloy_primitives::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::copy_from_slice(bytes).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Bytes::deserialize(deserializer).map(|bytes| bytes.to_vec())
    }
}

#[cfg(test)]
mod tests;
