//! The leaf of one row: what a receipt says, in ten ABI words.

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

use crate::command::{Source, SourceKind};
use crate::decision::Verdict;
use crate::{AuctionId, Entry, Event, Hash, LotId, Round, Shard, Timestamp, Wei};

/// The first word of every leaf of this form.
pub const LEAF_VERSION: u8 = 1;

const WORD: usize = 32;
const WORDS: usize = 10;

/// What a receipt proves of one row. Its hash is keccak-256 of the ABI encoding of (uint8 version, bytes32 lot key, uint32
/// round, uint64 `lot_seq`, uint8 verdict, bytes32 mandate hash, uint256 all-in amount, bytes32 source id, uint64 time,
/// bytes32 hash).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Zero for a row that belongs to no lot.
    pub lot_key: B256,
    /// 0 for a row that belongs to no lot.
    pub round: Round,
    pub lot_seq: u64,
    pub verdict: VerdictCode,
    /// Zero: bids by mandate follow with the chain.
    pub mandate_hash: B256,
    /// What an accepted bid costs at most, premium included; zero for every other verdict.
    pub all_in: Wei,
    /// The asker's: a parked bid's own also in the row that judges it. See [`source_id`].
    pub source_id: B256,
    /// When the row was decided.
    pub time: Timestamp,
    /// The row's link in its chain.
    pub hash: B256,
}

/// A verdict as a number on the wire; zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictCode {
    Accepted = 1,
    Parked = 2,
    Done = 3,
    Refused = 4,
}

impl Leaf {
    /// The leaf's place in the Merkle tree. Its preimage has 320 bytes and a node's has 64: neither passes for the other.
    pub fn hash(&self) -> B256 {
        let mut words = [0_u8; WORDS * WORD];
        let mut put = |index: usize, bytes: &[u8]| {
            let end = (index + 1) * WORD;
            words[end - bytes.len()..end].copy_from_slice(bytes);
        };
        put(0, &[LEAF_VERSION]);
        put(1, self.lot_key.as_slice());
        put(2, &self.round.0.to_be_bytes());
        put(3, &self.lot_seq.to_be_bytes());
        put(4, &[self.verdict as u8]);
        put(5, self.mandate_hash.as_slice());
        put(6, &self.all_in.0.to_be_bytes::<WORD>());
        put(7, self.source_id.as_slice());
        put(8, &u64::try_from(self.time.0).unwrap_or_default().to_be_bytes());
        put(9, self.hash.as_slice());
        keccak256(words)
    }
}

impl VerdictCode {
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Accepted { .. } => Self::Accepted,
            Verdict::Parked => Self::Parked,
            Verdict::Done => Self::Done,
            Verdict::Refused(_) => Self::Refused,
        }
    }
}

/// The key of a lot: keccak-256 of the ABI encoding of (string auction UID, string lot id).
pub fn lot_key(auction_uid: &str, lot: &LotId) -> B256 {
    keccak256((auction_uid, lot.as_str()).abi_encode_params())
}

/// The id of a source: keccak-256 of one byte for its kind (1 post, 2 web, 3 clerk, 4 house) and its key.
pub fn source_id(source: &Source) -> B256 {
    let kind = match source.kind {
        SourceKind::Post => 1,
        SourceKind::Web => 2,
        SourceKind::Clerk => 3,
        SourceKind::House => 4,
    };
    let mut bytes = Vec::with_capacity(1 + source.key.len());
    bytes.push(kind);
    bytes.extend_from_slice(source.key.as_bytes());
    keccak256(bytes)
}

impl Shard {
    /// The leaf of a row that has just been folded with this hash.
    pub fn leaf(&self, entry: &Entry, hash: Hash) -> Leaf {
        let Entry { command, now, decision } = entry;
        let auction = decision.subject.auction.as_ref().and_then(|id: &AuctionId| self.auction(id));
        let lot = auction.zip(decision.subject.lot).and_then(|(auction, lot)| auction.lot(lot));
        let source = match decision.events.first() {
            Some(Event::BidUnparked { source, .. }) => source,
            Some(_) | None => &command.source,
        };
        let all_in = match &decision.verdict {
            Verdict::Accepted { all_in, .. } => *all_in,
            Verdict::Parked | Verdict::Done | Verdict::Refused(_) => Wei(U256::ZERO),
        };
        Leaf {
            lot_key: lot.map_or(B256::ZERO, crate::Lot::key),
            round: lot.map_or(Round(0), crate::Lot::round),
            lot_seq: decision.lot_seq,
            verdict: VerdictCode::of(&decision.verdict),
            mandate_hash: B256::ZERO,
            all_in,
            source_id: source_id(source),
            time: *now,
            hash: B256::new(hash.0),
        }
    }
}
