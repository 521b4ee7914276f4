//! Receipts, made again from the journal: a row's leaf, its path in the commit's tree, and the commit's signature.
//!
//! A receipt is handed out only after its root has been found equal to the signed one.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use auction_core::receipt::{LEAF_VERSION, Leaf, MerkleTree, VerdictCode, lot_key, source_id};
use auction_core::{AuctionId, Entry, Event, Intent, LotNumber, Round, SourceKind, Verdict, Wei};
use store::PgPool;
use store::journal::StoredRow;
use store::seal::{CloseSeal, StoredCommit};
use wire::rest::ReceiptBody;
use wire::{Amount, Time};

use crate::engine::{EngineHandle, LotState};
use crate::public::hex;

/// Why a receipt cannot be handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReceipt {
    #[error("there is no such row")]
    UnknownRow,
    #[error("the row's commit could not be made again from the journal")]
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
        max_bid && self.entry.command.source.kind == SourceKind::Web && open().unwrap_or(true)
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
    let rows = store::journal::range(pool, &shard, commit.first_seq, commit.last_seq).await?;
    let mut rounds = Rounds { engine, pool, shard: &shard, known: BTreeMap::new() };
    let mut leaves = Vec::with_capacity(rows.len());
    for row in &rows {
        leaves.push(leaf(&mut rounds, row).await?);
    }
    let tree = MerkleTree::new(leaves.iter().map(Leaf::hash).collect()).ok_or(NoReceipt::NotRebuilt)?;
    if tree.root() != B256::new(commit.seal.root) {
        return Err(NoReceipt::NotRebuilt);
    }
    let index = usize::try_from(seq - commit.first_seq).map_err(|_| NoReceipt::NotRebuilt)?;
    let leaf = leaves.get(index).ok_or(NoReceipt::NotRebuilt)?;
    let path = tree.path(index).ok_or(NoReceipt::NotRebuilt)?;
    Ok(body(&shard, leaf, &path, &commit))
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

async fn leaf(rounds: &mut Rounds<'_>, row: &StoredRow) -> Result<Leaf, NoReceipt> {
    let Entry { command, now, decision } = row.decode()?;
    let (lot_key, round) = match (&decision.subject.auction, decision.subject.lot) {
        (Some(auction), Some(lot)) => rounds.of(auction, lot, decision.lot_seq).await?,
        (None | Some(_), None) | (None, Some(_)) => (B256::ZERO, Round(0)),
    };
    let source = match decision.events.first() {
        Some(Event::BidUnparked { source, .. }) => source,
        Some(_) | None => &command.source,
    };
    Ok(Leaf {
        lot_key,
        round,
        lot_seq: decision.lot_seq,
        verdict: VerdictCode::of(&decision.verdict),
        mandate_hash: B256::ZERO,
        all_in: match &decision.verdict {
            Verdict::Accepted { all_in, .. } => *all_in,
            Verdict::Parked | Verdict::Done | Verdict::Refused(_) => Wei(U256::ZERO),
        },
        source_id: source_id(source),
        time: now,
        hash: B256::new(row.hash.0),
    })
}

/// Which round a lot's row belongs to: that of the first hammer at or after it, else the present one.
struct Rounds<'a> {
    engine: &'a EngineHandle,
    pool: &'a PgPool,
    shard: &'a str,
    known: BTreeMap<(AuctionId, LotNumber), (B256, Round, Vec<CloseSeal>)>,
}

impl Rounds<'_> {
    async fn of(&mut self, auction: &AuctionId, lot: LotNumber, lot_seq: u64) -> Result<(B256, Round), NoReceipt> {
        let name = (auction.clone(), lot);
        if !self.known.contains_key(&name) {
            let view = self.engine.view(auction).ok_or(NoReceipt::NotRebuilt)?;
            // A command that names a lot which is not in the catalogue is refused in a chain that belongs to no lot.
            let (key, round) = match (view.terms.lots.iter().find(|terms| terms.number == lot), view.lot(lot)) {
                (Some(terms), Some(seen)) => (lot_key(&view.terms.uid, &terms.id), seen.round),
                (None, _) | (_, None) => (B256::ZERO, Round(0)),
            };
            let closes = store::seal::closes(self.pool, self.shard, auction, lot).await?;
            self.known.insert(name.clone(), (key, round, closes));
        }
        let (key, present, closes) = &self.known[&name];
        let round = closes.iter().find(|close| close.lot_seq >= lot_seq).map_or(*present, |close| close.round);
        Ok((*key, round))
    }
}
