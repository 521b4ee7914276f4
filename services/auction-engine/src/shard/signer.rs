//! The worker's receipt key: one signature a commit, one a hammer.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use auction_core::receipt::{CloseStatement, CommitStatement, MerkleTree};
use auction_core::{AuctionId, LotNumber};
use k256::ecdsa::SigningKey;
use store::seal::{CloseSeal, CommitSeal};

/// Signs for one shard.
pub(crate) struct Signer {
    shard: Arc<str>,
    key: SigningKey,
    address: Address,
}

/// The end of a lot's chain, to be signed.
#[derive(Debug, Clone)]
pub(crate) struct UnsignedClose {
    /// The shard's row that closed it.
    pub(crate) seq: u64,
    pub(crate) auction: AuctionId,
    pub(crate) lot: LotNumber,
    pub(crate) statement: CloseStatement,
}

impl Signer {
    pub(crate) fn new(shard: Arc<str>, key: SigningKey) -> Self {
        let address = Address::from_private_key(&key);
        Self { shard, key, address }
    }

    /// The address that receipts are checked against.
    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// Seals rows `first_seq..` by the root of their leaves. There is at least one.
    pub(crate) fn commit(&self, first_seq: u64, leaves: &[B256]) -> CommitSeal {
        let last_seq = first_seq + u64::try_from(leaves.len()).expect("a batch is small") - 1;
        let root = MerkleTree::new(leaves.to_vec()).expect("a batch has a row").root();
        let statement = CommitStatement { root, shard: self.shard.as_ref().to_owned(), first_seq, last_seq };
        let leaves = leaves.iter().flat_map(|leaf| leaf.0).collect();
        CommitSeal { root: root.0, leaves, signature: self.sign(statement.signing_hash()), signer: self.address.into() }
    }

    /// Seals the end of a lot.
    pub(crate) fn close(&self, close: &UnsignedClose) -> CloseSeal {
        let CloseStatement { lot_key, round, lot_seq, hash } = close.statement;
        CloseSeal {
            auction: close.auction.clone(),
            lot: close.lot,
            round,
            lot_key: lot_key.0,
            lot_seq,
            hash,
            signature: self.sign(close.statement.signing_hash()),
            signer: self.address.into(),
        }
    }

    /// r ‖ s ‖ v, with s in its low form.
    fn sign(&self, prehash: B256) -> [u8; 65] {
        let (signature, recovery) =
            self.key.sign_prehash_recoverable(prehash.as_slice()).expect("a hash of 32 bytes can always be signed");
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        bytes
    }
}
