//! What the receipt key signs, as EIP-712 typed data: one statement a commit, one a close. The domain is `SothebAIs`,
//! version 1, bound to no chain: the shard, or the lot key, says whose statement it is.

use alloy_primitives::{B256, b256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

use crate::{Hash, Round};

/// keccak-256 of the ABI words (keccak `EIP712Domain(string name,string version)`, keccak `SothebAIs`, keccak `1`).
pub(super) const DOMAIN_SEPARATOR: B256 = b256!("8c79f6b98b8f31f993a1bd8de8faba543e2e207ab5dd9225285b776a739b1dcd");

pub(super) const COMMIT_TYPE: &str = "Commit(bytes32 root,string shard,uint64 firstSeq,uint64 lastSeq)";
pub(super) const CLOSE_TYPE: &str = "Close(bytes32 lotKey,uint32 round,uint64 lotSeq,bytes32 hash)";

/// These rows of this shard were committed, and nothing else under these numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatement {
    /// The Merkle root of the rows' leaves.
    pub root: B256,
    pub shard: String,
    pub first_seq: u64,
    pub last_seq: u64,
}

/// This lot's round ended with this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseStatement {
    pub lot_key: B256,
    pub round: Round,
    pub lot_seq: u64,
    /// The lot's chain up to and including that row.
    pub hash: Hash,
}

impl CommitStatement {
    /// What the key signs.
    pub fn signing_hash(&self) -> B256 {
        let Self { root, shard, first_seq, last_seq } = self;
        let words = (keccak256(COMMIT_TYPE), *root, keccak256(shard), *first_seq, *last_seq);
        prehash(keccak256(words.abi_encode()))
    }
}

impl CloseStatement {
    /// What the key signs.
    pub fn signing_hash(&self) -> B256 {
        let Self { lot_key, round, lot_seq, hash } = self;
        let words = (keccak256(CLOSE_TYPE), *lot_key, round.0, *lot_seq, B256::new(hash.0));
        prehash(keccak256(words.abi_encode()))
    }
}

fn prehash(statement: B256) -> B256 {
    let mut bytes = [0_u8; 66];
    bytes[..2].copy_from_slice(&[0x19, 0x01]);
    bytes[2..34].copy_from_slice(DOMAIN_SEPARATOR.as_slice());
    bytes[34..].copy_from_slice(statement.as_slice());
    keccak256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::{Eip712Domain, SolStruct, sol};

    sol! {
        struct Commit { bytes32 root; string shard; uint64 firstSeq; uint64 lastSeq; }
        struct Close { bytes32 lotKey; uint32 round; uint64 lotSeq; bytes32 hash; }
    }

    fn domain() -> Eip712Domain {
        Eip712Domain::new(Some("SothebAIs".into()), Some("1".into()), None, None, None)
    }

    #[test]
    fn domain_separator_is_the_domains() {
        assert_eq!(DOMAIN_SEPARATOR, domain().separator());
    }

    #[test]
    fn statements_hash_as_eip_712_says() {
        let commit = CommitStatement { root: B256::repeat_byte(3), shard: "main".into(), first_seq: 7, last_seq: 9 };
        let sol_commit = Commit { root: commit.root, shard: "main".into(), firstSeq: 7, lastSeq: 9 };
        assert_eq!(commit.signing_hash(), sol_commit.eip712_signing_hash(&domain()));
        let close = CloseStatement { lot_key: B256::repeat_byte(1), round: Round(2), lot_seq: 3, hash: Hash([4; 32]) };
        let sol_close = Close { lotKey: close.lot_key, round: 2, lotSeq: 3, hash: B256::repeat_byte(4) };
        assert_eq!(close.signing_hash(), sol_close.eip712_signing_hash(&domain()));
    }
}
