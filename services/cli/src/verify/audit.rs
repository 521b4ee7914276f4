//! Checks one shard's journal row by row: pure, no reading.
//!
//! A row must decode, follow in its chain, and be what the rules decide again, and its columns must say what it says; the
//! rows of a commit must give the Merkle root that a trusted key signed; every hammer must be signed once, with the hash of
//! the row that let it fall, and nothing else may be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use alloy_primitives::{Address, B256};
use auction_core::receipt::{self, CloseStatement, CommitStatement, MerkleTree};
use auction_core::replay::{self, LotResult, Replay, Row};
use auction_core::{AuctionId, Entry, Event, Hash, LotNumber, Timestamp};
use sha2::{Digest as _, Sha256};
use store::evidence::Columns;
use store::journal::StoredRow;
use store::seal::{CloseSeal, StoredCommit};

use super::{Trust, columns};

/// The first place of a journal that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `None` for the journal as a whole.
    pub shard: Option<String>,
    /// 0 for the shard as a whole.
    pub seq: u64,
    pub what: String,
}

impl Fault {
    pub(super) fn of_journal(what: impl Into<String>) -> Self {
        Self { shard: None, seq: 0, what: what.into() }
    }

    pub(super) fn of_shard(shard: &str, what: impl Into<String>) -> Self {
        Self { shard: Some(shard.to_owned()), seq: 0, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.shard, self.seq) {
            (None, _) => f.write_str(&self.what),
            (Some(shard), 0) => write!(f, "shard {shard}: {}", self.what),
            (Some(shard), seq) => write!(f, "shard {shard}, row {seq}: {}", self.what),
        }
    }
}

/// A journal that holds.
#[derive(Debug, Clone)]
pub struct Verified {
    pub shard: String,
    pub rows: u64,
    pub commits: u64,
    pub closes: u64,
    pub signers: BTreeSet<Address>,
    /// SHA-256 over the last hashes of all lots in order.
    pub hash: Hash,
    /// SHA-256 over the tail hash before and each row's hash: what an anchor outside names.
    pub tail: Hash,
    /// The last row that an anchor from outside names.
    pub anchored: Option<u64>,
    pub lots: Vec<LotResult>,
}

/// How far a shard says that it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    pub last_seq: u64,
    /// The highest epoch that may have written; a file may not say.
    pub epoch: Option<u64>,
}

/// An audit under way.
pub struct Audit<'a> {
    shard: String,
    trust: &'a Trust,
    replay: Replay,
    /// The commits whose rows have not all been seen, in order.
    commits: VecDeque<StoredCommit>,
    /// The leaves of the first of them.
    leaves: Vec<B256>,
    last_epoch: u64,
    /// When the last row was decided.
    now: Timestamp,
    tail: Hash,
    /// Anchors that are still ahead, and the last one that was met.
    expected: BTreeMap<u64, Hash>,
    anchored: Option<u64>,
    commits_checked: u64,
    signers: BTreeSet<Address>,
    hammers: Vec<Hammer>,
}

/// A fall of the hammer that the journal holds, and that must be signed.
#[derive(Debug, Clone)]
struct Hammer {
    seq: u64,
    at: Timestamp,
    auction: AuctionId,
    lot: LotNumber,
    statement: CloseStatement,
}

impl<'a> Audit<'a> {
    /// Begins with the signed commits of the whole journal, in order.
    pub fn new(shard: &str, trust: &'a Trust, commits: Vec<StoredCommit>) -> Self {
        Self {
            shard: shard.to_owned(),
            trust,
            replay: Replay::new(),
            commits: commits.into(),
            leaves: Vec::new(),
            last_epoch: 1,
            now: Timestamp(0),
            tail: Hash::default(),
            expected: BTreeMap::new(),
            anchored: None,
            commits_checked: 0,
            signers: BTreeSet::new(),
            hammers: Vec::new(),
        }
    }

    /// Also expects these tail hashes after these rows.
    #[must_use]
    pub fn anchored_at(mut self, expected: BTreeMap<u64, Hash>) -> Self {
        self.expected = expected;
        self
    }

    /// Checks the next row with the columns that a database keeps beside it, and returns what it holds.
    pub fn row(&mut self, row: &StoredRow, beside: Option<&Columns>) -> Result<Entry, Fault> {
        let StoredRow { seq, lot_seq, entry, hash } = row;
        let judged = self.replay.judge(Row { seq: *seq, entry, hash: *hash });
        let entry = judged.map_err(|broken| self.fault(*seq, broken.cause.to_string()))?;
        if *lot_seq != entry.decision.lot_seq {
            return Err(self.fault(*seq, "its lot_seq is not the entry's".to_owned()));
        }
        if let Some(column) = beside.and_then(|beside| columns::differing(&entry, beside)) {
            return Err(self.fault(*seq, format!("its column {column} is not what the entry says")));
        }
        self.now = entry.now;
        self.leaves.push(self.replay.shard().leaf(&entry, *hash).hash());
        self.note_hammers(&entry, *seq, *hash);
        self.check_commit(*seq)?;
        self.check_anchor(*seq, *hash)?;
        Ok(entry)
    }

    /// Ends the audit: every row was signed for, and every hammer.
    pub fn finish(self, claim: Claim, closes: &[CloseSeal]) -> Result<Verified, Fault> {
        let Claim { last_seq, epoch } = claim;
        let seen = self.replay.seq();
        if seen != last_seq {
            return Err(self.fault(seen + 1, format!("the journal ends here, but its lease counts {last_seq} rows")));
        }
        if let Some((row, _)) = self.expected.first_key_value() {
            return Err(self.fault(seen + 1, format!("the journal ends here, but row {row} was seen before")));
        }
        if let Some(epoch) = epoch.filter(|&epoch| epoch < self.last_epoch) {
            let what = format!("epoch {} wrote, but the lease has reached epoch {epoch} only", self.last_epoch);
            return Err(self.fault(seen, what));
        }
        if !self.leaves.is_empty() {
            return Err(self.fault(seen, "no signed commit covers it".to_owned()));
        }
        if let Some(commit) = self.commits.front() {
            let what = format!("a commit was signed for rows {} to {}", commit.first_seq, commit.last_seq);
            return Err(self.fault(commit.first_seq, what));
        }
        self.check_closes(closes)?;
        let lots = replay::results(self.replay.shard());
        let digest = lots.iter().fold(Sha256::new(), |digest, lot| digest.chain_update(lot.hash.0));
        Ok(Verified {
            shard: self.shard,
            rows: seen,
            commits: self.commits_checked,
            closes: closes.len() as u64,
            signers: self.signers,
            hash: Hash(digest.finalize().into()),
            tail: self.tail,
            anchored: self.anchored,
            lots,
        })
    }

    fn check_anchor(&mut self, seq: u64, hash: Hash) -> Result<(), Fault> {
        self.tail = self.tail.chain(&hash.0);
        match self.expected.remove(&seq) {
            None => Ok(()),
            Some(expected) if expected == self.tail => {
                self.anchored = Some(seq);
                Ok(())
            }
            Some(_) => Err(self.fault(seq, "the rows up to here are not those that were seen before".to_owned())),
        }
    }

    /// Checks the commit that ends with this row, if one does.
    fn check_commit(&mut self, seq: u64) -> Result<(), Fault> {
        let Some(commit) = self.commits.front() else {
            return Err(self.fault(seq, "no signed commit covers it".to_owned()));
        };
        if seq < commit.last_seq {
            return Ok(());
        }
        let first = seq + 1 - self.leaves.len() as u64;
        if commit.last_seq != seq || commit.first_seq != first {
            let what = format!("the signed commits do not follow: rows {} to {}", commit.first_seq, commit.last_seq);
            return Err(self.fault(seq, what));
        }
        if commit.epoch < self.last_epoch {
            return Err(self.fault(seq, format!("epoch {} wrote after epoch {}", commit.epoch, self.last_epoch)));
        }
        let leaves: Vec<[u8; 32]> = self.leaves.iter().map(|leaf| leaf.0).collect();
        let root = MerkleTree::new(std::mem::take(&mut self.leaves)).expect("a row was just pushed").root();
        if root.0 != commit.seal.root {
            return Err(self.fault(seq, "the commit's Merkle root is not that of its rows".to_owned()));
        }
        let statement = CommitStatement { root, shard: self.shard.clone(), first_seq: first, last_seq: seq };
        if !commit.seal.leaves.is_empty() && commit.seal.leaves != leaves.concat() {
            return Err(self.fault(seq, "the commit's leaves are not those of its rows".to_owned()));
        }
        let signer = self.signed(seq, self.now, statement.signing_hash(), &commit.seal.signature, "the commit")?;
        if signer.0 != commit.seal.signer {
            return Err(self.fault(seq, "the commit names another signer than its signature".to_owned()));
        }
        self.signers.insert(signer);
        self.last_epoch = commit.epoch;
        self.commits_checked += 1;
        self.commits.pop_front();
        Ok(())
    }

    /// The trusted key that signed `hash` at `at`.
    fn signed(&self, seq: u64, at: Timestamp, hash: B256, signature: &[u8], whose: &str) -> Result<Address, Fault> {
        let signer = receipt::signer(hash, signature);
        let signer = signer.map_err(|error| self.fault(seq, format!("{whose}'s signature does not hold: {error}")))?;
        match self.trust.objection(signer, &self.shard, at) {
            None => Ok(signer),
            Some(why) => Err(self.fault(seq, format!("{whose} is signed by {signer}, which {why}"))),
        }
    }

    fn note_hammers(&mut self, entry: &Entry, seq: u64, hash: Hash) {
        let subject = &entry.decision.subject;
        let (Some(auction), Some(of)) = (&subject.auction, subject.lot) else { return };
        for event in &entry.decision.events {
            let (Event::LotSold { lot, round, .. } | Event::LotPassed { lot, round, .. }) = event else { continue };
            let found = self.replay.shard().auction(auction).and_then(|auction| auction.lot(*lot));
            if let Some(found) = found.filter(|_| *lot == of) {
                let lot_seq = entry.decision.lot_seq;
                let statement = CloseStatement { lot_key: found.key(), round: *round, lot_seq, hash };
                self.hammers.push(Hammer { seq, at: entry.now, auction: auction.clone(), lot: *lot, statement });
            }
        }
    }

    /// Every hammer has one close, and every close its hammer.
    fn check_closes(&self, closes: &[CloseSeal]) -> Result<(), Fault> {
        let is_of = |hammer: &Hammer, close: &CloseSeal| {
            let Hammer { auction, lot, statement, .. } = hammer;
            (&close.auction, close.lot, close.lot_seq) == (auction, *lot, statement.lot_seq)
                && close.round == statement.round
        };
        for hammer in &self.hammers {
            let Hammer { seq, at, auction, lot, statement } = hammer;
            let mut of_hammer = closes.iter().filter(|close| is_of(hammer, close));
            let Some(close) = of_hammer.next() else {
                return Err(self.fault(*seq, format!("the hammer of {auction} lot {lot} is not signed")));
            };
            if of_hammer.next().is_some() {
                return Err(self.fault(*seq, format!("the close of {auction} lot {lot} stands twice")));
            }
            if close.hash != statement.hash || close.lot_key != statement.lot_key.0 {
                return Err(self.fault(*seq, format!("the close of {auction} lot {lot} is of another chain")));
            }
            let signer = self.signed(*seq, *at, statement.signing_hash(), &close.signature, "the close")?;
            if signer.0 != close.signer {
                return Err(self.fault(*seq, "the close names another signer than its signature".to_owned()));
            }
        }
        let known = |close: &&CloseSeal| self.hammers.iter().any(|hammer| is_of(hammer, close));
        match closes.iter().find(|close| !known(close)) {
            None => Ok(()),
            Some(CloseSeal { auction, lot, round, .. }) => {
                let what = format!("there is a close of {auction} lot {lot}, round {round}, that no hammer belongs to");
                Err(Fault::of_shard(&self.shard, what))
            }
        }
    }

    fn fault(&self, seq: u64, what: String) -> Fault {
        Fault { shard: Some(self.shard.clone()), seq, what }
    }
}
