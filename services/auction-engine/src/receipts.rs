//! Receipts: a row's leaf, made again from the journal; its path among the commit's leaves; and the commit's signature.
//!
//! A receipt is handed out only after leaf and root have been found equal to the signed ones.

use alloy_primitives::{Address, B256, U256};
use auction_core::receipt::{LEAF_VERSION, Leaf, MerkleTree, VerdictCode, lot_key, source_id};
use auction_core::{AuctionId, Decision, Entry, Event, Intent, LotNumber, Round, SourceKind, Subject, Verdict, Wei};
use store::PgPool;
use store::journal::StoredRow;
use store::seal::StoredCommit;
use wire::rest::ReceiptBody;
use wire::{Amount, Time};

use crate::engine::{EngineHandle, LotState};
use crate::public::hex;

/// Why a receipt cannot be handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReceipt {
    #[error("there is no such row")]
    UnknownRow,
    #[error("the row's leaf could not be made again from the journal")]
    NotRebuilt,
    #[error(transparent)]
    Database(#[from] store::Error),
}

/// A row with what decides who may see its receipt.
pub(crate) struct Found {
    pub(crate) row: StoredRow,
    pub(crate) entry: Entry,
}

impl Found {
    pub(crate) fn of(row: StoredRow) -> Result<Self, NoReceipt> {
        let entry = row.decode()?;
        Ok(Self { row, entry })
    }

    /// Whether the receipt would tell a maximum that is still secret: a web bidder's, while its lot is not closed.
    pub(crate) fn is_secret(&self, engine: &EngineHandle) -> bool {
        let max_bid = self
            .entry
            .decision
            .events
            .iter()
            .any(|event| matches!(event, Event::BidAccepted { intent: Intent::MaxBid(_), .. }));
        let subject = &self.entry.decision.subject;
        let open = || {
            let view = engine.view(subject.auction.as_ref()?)?;
            let lot = view.lot(subject.lot?)?;
            Some(matches!(lot.state, LotState::Upcoming | LotState::Open | LotState::Draining | LotState::Held))
        };
        max_bid && self.entry.source().kind == SourceKind::Web && open().unwrap_or(true)
    }
}

/// The row of a lot with this number in its chain.
pub(crate) async fn by_lot_seq(
    pool: &PgPool,
    shard: &str,
    lot: (&AuctionId, LotNumber),
    lot_seq: u64,
) -> Result<Found, NoReceipt> {
    let before =
        lot_seq.checked_sub(1).filter(|&before| before < i64::MAX.unsigned_abs()).ok_or(NoReceipt::UnknownRow)?;
    let rows = store::journal::lot_page(pool, shard, lot, before, 1).await?;
    Found::of(rows.into_iter().find(|row| row.lot_seq == lot_seq).ok_or(NoReceipt::UnknownRow)?)
}

/// The row that a command's key stands for.
pub(crate) async fn by_key(pool: &PgPool, shard: &str, source: SourceKind, key: &str) -> Result<Found, NoReceipt> {
    Found::of(store::journal::by_key(pool, shard, source, key).await?.ok_or(NoReceipt::UnknownRow)?)
}

/// Makes the receipt of a row.
pub(crate) async fn make(engine: &EngineHandle, pool: &PgPool, found: &Found) -> Result<ReceiptBody, NoReceipt> {
    let shard = engine.standing().shard;
    let seq = found.row.seq;
    let commit = store::seal::commit_of(pool, &shard, seq).await?.ok_or(NoReceipt::UnknownRow)?;
    let signed: Vec<B256> = commit.seal.leaves.chunks_exact(B256::len_bytes()).map(B256::from_slice).collect();
    let index = usize::try_from(seq - commit.first_seq).map_err(|_| NoReceipt::NotRebuilt)?;
    let own = *signed.get(index).ok_or(NoReceipt::NotRebuilt)?;
    let leaf = leaf(engine, found, own).ok_or(NoReceipt::NotRebuilt)?;
    let tree = MerkleTree::new(signed).ok_or(NoReceipt::NotRebuilt)?;
    if tree.root() != B256::new(commit.seal.root) {
        return Err(NoReceipt::NotRebuilt);
    }
    let path = tree.path(index).ok_or(NoReceipt::NotRebuilt)?;
    Ok(body(&shard, &leaf, &path, &commit))
}

fn body(shard: &str, leaf: &Leaf, path: &[B256], commit: &StoredCommit) -> ReceiptBody {
    ReceiptBody {
        version: LEAF_VERSION,
        lot_key: leaf.lot_key.to_string(),
        round: leaf.round.0,
        lot_seq: leaf.lot_seq,
        verdict: leaf.verdict as u8,
        mandate_hash: leaf.mandate_hash.to_string(),
        all_in_wei: Amount(leaf.all_in),
        source_id: leaf.source_id.to_string(),
        at: Time(leaf.time),
        hash: leaf.hash.to_string(),
        leaf: leaf.hash().to_string(),
        path: path.iter().map(B256::to_string).collect(),
        root: hex(&commit.seal.root),
        shard: shard.to_owned(),
        first_seq: commit.first_seq,
        last_seq: commit.last_seq,
        signature: hex(&commit.seal.signature),
        signer: Address::new(commit.seal.signer).to_string(),
    }
}

/// The row's leaf. An entry does not name its round; the signed leaf does: it is that of one round only.
fn leaf(engine: &EngineHandle, found: &Found, signed: B256) -> Option<Leaf> {
    let Entry { command, now, decision } = &found.entry;
    let (lot_key, last) = lot_of(engine, decision)?;
    let source = match decision.events.first() {
        Some(Event::BidUnparked { source, .. }) => source,
        Some(_) | None => &command.source,
    };
    let mut leaf = Leaf {
        lot_key,
        round: Round(0),
        lot_seq: decision.lot_seq,
        verdict: VerdictCode::of(&decision.verdict),
        mandate_hash: B256::ZERO,
        all_in: match &decision.verdict {
            Verdict::Accepted { all_in, .. } => *all_in,
            Verdict::Parked | Verdict::Done | Verdict::Refused(_) => Wei(U256::ZERO),
        },
        source_id: source_id(source),
        time: *now,
        hash: B256::new(found.row.hash.0),
    };
    while leaf.hash() != signed {
        leaf.round = Round(leaf.round.0 + 1);
        if leaf.round > last {
            return None;
        }
    }
    Some(leaf)
}

/// The key of the lot that a row belongs to, and the latest round that it can be of: the row may be newer than the view.
/// A row of no lot has neither. `None`: the auction is not here.
fn lot_of(engine: &EngineHandle, decision: &Decision) -> Option<(B256, Round)> {
    let Subject { auction: Some(auction), lot: Some(lot) } = &decision.subject else {
        return Some((B256::ZERO, Round(0)));
    };
    let view = engine.view(auction)?;
    let terms = view.terms.lots.iter().find(|terms| terms.number == *lot)?;
    let present = view.lot(*lot)?.round;
    Some((lot_key(&view.terms.uid, &terms.id), Round(present.0.saturating_add(1))))
}
