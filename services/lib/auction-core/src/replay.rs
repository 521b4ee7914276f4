//! Replay: a journal folded again from its bytes, with or without trust.
//!
//! [`Replay::fold`] checks numbers, time and the hash chain of every row; [`Replay::judge`] also decides every command again
//! and compares. The first row that does not hold is reported, and nothing after it is folded.

use crate::entry::BadEntry;
use crate::{AuctionId, BidderId, Entry, Hash, LotId, LotNumber, Paddle, Phase, Round, Shard, Wei};

/// One row as the journal keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its number in the shard, from 1 without gaps.
    pub seq: u64,
    pub entry: &'a [u8],
    pub hash: Hash,
}

/// The first row that does not hold, and why.
#[derive(Debug, thiserror::Error)]
#[error("row {seq} of the journal does not hold")]
pub struct Break {
    pub seq: u64,
    #[source]
    pub cause: Cause,
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("a row is missing or out of order: {expected} should follow")]
    OutOfOrder { expected: u64 },
    #[error(transparent)]
    BadEntry(BadEntry),
    #[error("it is number {found} of its chain, where {expected} should follow")]
    WrongNumber { expected: u64, found: u64 },
    #[error("its hash does not follow from the chain and its bytes")]
    WrongHash { expected: Hash, found: Hash },
    #[error("it was decided before the row that precedes it")]
    TimeWentBack,
    #[error("the rules decide the command otherwise")]
    DecidedOtherwise,
}

/// A fold in progress.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    shard: Shard,
    seq: u64,
}

impl Replay {
    /// From the beginning of a journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// From a snapshot that holds the rows up to `seq`.
    pub fn from_snapshot(shard: Shard, seq: u64) -> Self {
        Self { shard, seq }
    }

    /// The state so far.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// The number of the last row folded.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn into_shard(self) -> Shard {
        self.shard
    }

    /// Checks one row against its chain and folds it.
    pub fn fold(&mut self, row: Row<'_>) -> Result<Entry, Break> {
        let checked = self.check(row).map_err(|cause| Break { seq: row.seq, cause })?;
        self.apply(row, &checked);
        Ok(checked)
    }

    /// The same, and decides its command again: the row must hold what the rules say.
    pub fn judge(&mut self, row: Row<'_>) -> Result<Entry, Break> {
        let broken = |cause| Break { seq: row.seq, cause };
        let entry = self.check(row).map_err(broken)?;
        if self.shard.decide(&entry.command, entry.now) != entry.decision {
            return Err(broken(Cause::DecidedOtherwise));
        }
        self.apply(row, &entry);
        Ok(entry)
    }

    fn check(&self, row: Row<'_>) -> Result<Entry, Cause> {
        let expected = self.seq + 1;
        if row.seq != expected {
            return Err(Cause::OutOfOrder { expected });
        }
        let entry = Entry::decode(row.entry).map_err(Cause::BadEntry)?;
        if entry.now < self.shard.clock() {
            return Err(Cause::TimeWentBack);
        }
        let head = self.shard.head_of(&entry.decision.subject);
        if entry.decision.lot_seq != head.seq + 1 {
            return Err(Cause::WrongNumber { expected: head.seq + 1, found: entry.decision.lot_seq });
        }
        let expected = head.hash.chain(row.entry);
        if expected != row.hash {
            return Err(Cause::WrongHash { expected, found: row.hash });
        }
        Ok(entry)
    }

    fn apply(&mut self, row: Row<'_>, entry: &Entry) {
        self.shard.apply(entry, row.hash);
        self.seq = row.seq;
    }
}

/// Folds a whole journal, checking the chains.
pub fn fold_checked<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Result<Shard, Break> {
    let mut replay = Replay::new();
    for row in rows {
        replay.fold(row)?;
    }
    Ok(replay.into_shard())
}

/// Folds decoded rows without any check: for rows that have been checked, and to measure the fold alone.
pub fn fold<'a>(rows: impl IntoIterator<Item = &'a (Entry, Hash)>) -> Shard {
    let mut shard = Shard::default();
    for (entry, hash) in rows {
        shard.apply(entry, *hash);
    }
    shard
}

/// What became of one lot, as the journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotResult {
    pub auction: AuctionId,
    pub lot: LotNumber,
    pub id: LotId,
    pub round: Round,
    /// The name of its phase: `sold`, `passed`, ….
    pub state: &'static str,
    pub winner: Option<Winner>,
    pub bids_accepted: u64,
    /// By code, in order of the code.
    pub refusals: Vec<(String, u64)>,
    /// Rows in the lot's chain, and its last hash.
    pub rows: u64,
    pub hash: Hash,
}

/// Who bought a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Winner {
    pub bidder: BidderId,
    pub paddle: Paddle,
    pub price: Wei,
    pub all_in: Wei,
}

/// The results of every lot of the shard, by auction and number.
pub fn results(shard: &Shard) -> Vec<LotResult> {
    let lots = shard.auctions().flat_map(|auction| auction.lots().map(move |lot| (auction, lot)));
    lots.map(|(auction, lot)| LotResult {
        auction: auction.id().clone(),
        lot: lot.number(),
        id: lot.id().clone(),
        round: lot.round(),
        state: lot.phase().name(),
        winner: match lot.phase() {
            Phase::Sold { bidder, paddle, price, all_in, at: _ } => {
                Some(Winner { bidder: *bidder, paddle: *paddle, price: *price, all_in: *all_in })
            }
            Phase::Upcoming
            | Phase::Open
            | Phase::Draining { .. }
            | Phase::AuditOverdue { .. }
            | Phase::Held { .. }
            | Phase::Passed { .. }
            | Phase::Skipped { .. }
            | Phase::Withdrawn { .. } => None,
        },
        bids_accepted: lot.counts().accepted,
        refusals: lot.counts().refusals().iter().map(|(code, count)| (code.clone(), *count)).collect(),
        rows: lot.head().seq,
        hash: lot.head().hash,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, bid};

    fn rows(house: &House) -> Vec<Row<'_>> {
        let numbered = house.journal.iter().zip(1..);
        numbered.map(|((entry, hash), seq)| Row { seq, entry, hash: *hash }).collect()
    }

    fn sold() -> House {
        let mut house = House::with_lot(|_| {});
        for (bidder, amount) in [(1, "0.1"), (2, "0.2"), (1, "0.15"), (3, "0.3")] {
            house.bid(bidder, bid(amount));
        }
        house.at(300);
        house
    }

    #[test]
    fn a_replayed_journal_gives_the_same_state_and_winner() {
        let house = sold();
        let shard = fold_checked(rows(&house)).unwrap();
        assert_eq!(shard, house.shard);
        assert_eq!(shard.digest(), house.shard.digest());
        let result = &results(&shard)[0];
        assert_eq!(
            result.winner.map(|winner| (winner.bidder, winner.price.main_units())),
            Some((BidderId(3), "0.3".into()))
        );
        assert_eq!((result.bids_accepted, result.refusals.as_slice()), (3, &[("BelowIncrement".to_owned(), 1)][..]));
    }

    #[test]
    fn the_rules_say_the_same_again() {
        let house = sold();
        let mut replay = Replay::new();
        for row in rows(&house) {
            replay.judge(row).unwrap();
        }
        assert_eq!(replay.shard(), &house.shard);
    }

    #[test]
    fn one_changed_byte_anywhere_is_found() {
        let house = sold();
        for (index, (bytes, _)) in house.journal.iter().enumerate() {
            for position in 0..bytes.len() {
                let mut changed = house.clone();
                changed.journal[index].0[position] ^= 1;
                let broken = fold_checked(rows(&changed)).unwrap_err();
                assert_eq!(broken.seq, index as u64 + 1, "byte {position}");
            }
        }
    }

    #[test]
    fn a_missing_or_swapped_row_is_found() {
        let house = sold();
        let mut lost = house.clone();
        lost.journal.remove(8);
        assert!(fold_checked(rows(&lost)).is_err());
        let mut swapped = house.clone();
        swapped.journal.swap(8, 9);
        assert!(fold_checked(rows(&swapped)).is_err());
        let gap = rows(&house).into_iter().skip(1);
        assert!(matches!(fold_checked(gap).unwrap_err().cause, Cause::OutOfOrder { expected: 1 }));
    }

    #[test]
    fn a_rewritten_chain_is_found_by_judging_again() {
        let house = sold();
        let mut forged = house.clone();
        forged.journal.clear();
        forged.shard = Shard::default();
        for (bytes, _) in &house.journal {
            let mut entry = Entry::decode(bytes).unwrap();
            for event in &mut entry.decision.events {
                if let crate::Event::LotSold { bidder, .. } = event {
                    *bidder = BidderId(1);
                }
            }
            let bytes = entry.encode();
            let hash = forged.shard.head(&entry.decision.subject).chain(&bytes);
            forged.shard.apply(&entry, hash);
            forged.journal.push((bytes, hash));
        }
        assert!(fold_checked(rows(&forged)).is_ok(), "the chain alone holds; only the signatures or the rules tell");
        let mut replay = Replay::new();
        let broken = rows(&forged).into_iter().find_map(|row| replay.judge(row).err()).unwrap();
        assert!(matches!(broken.cause, Cause::DecidedOtherwise));
    }

    #[test]
    fn a_snapshot_and_the_tail_give_the_same_as_the_whole() {
        let house = sold();
        let all = rows(&house);
        for cut in 0..=all.len() {
            let head = fold_checked(all[..cut].iter().copied()).unwrap();
            let restored = Shard::from_snapshot(&head.to_snapshot()).unwrap();
            let mut replay = Replay::from_snapshot(restored, cut as u64);
            for row in &all[cut..] {
                replay.fold(*row).unwrap();
            }
            assert_eq!(replay.shard().digest(), house.shard.digest());
        }
    }
}
