//! A journal as a file: JSON lines, so that anybody can check a show without its database.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, FixedBytes, hex};
use anyhow::Context as _;
use auction_core::{AuctionId, Hash, LotNumber, Round, Timestamp};
use serde::{Deserialize, Serialize};
use store::evidence::PublishedKey;
use store::journal::StoredRow;
use store::seal::{CloseSeal, CommitSeal, StoredCommit};

use super::audit::Claim;
use super::{Asked, Audit, Fault, Trust, Verified, anchor, at_least_one_row, unreadable};
use crate::trouble::Trouble;

/// One line. A shard's lines follow each other: the shard, its commits, its rows, its closes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Key {
        address: Address,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shard: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retired_at_ms: Option<i64>,
    },
    Shard {
        shard: String,
        last_seq: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<u64>,
    },
    Commit {
        first_seq: u64,
        last_seq: u64,
        epoch: u64,
        root: FixedBytes<32>,
        signature: FixedBytes<65>,
        signer: Address,
    },
    Row {
        seq: u64,
        lot_seq: u64,
        entry: String,
        hash: FixedBytes<32>,
    },
    Close {
        auction: AuctionId,
        lot: LotNumber,
        round: Round,
        lot_key: FixedBytes<32>,
        lot_seq: u64,
        hash: FixedBytes<32>,
        signature: FixedBytes<65>,
        signer: Address,
    },
}

/// A file being written.
pub struct JournalFile {
    path: PathBuf,
    out: BufWriter<File>,
}

impl JournalFile {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::new(file) })
    }

    pub(super) fn keys(&mut self, keys: &[PublishedKey]) -> anyhow::Result<()> {
        keys.iter().try_for_each(|PublishedKey { address, shard, retired_at }| {
            let retired_at_ms = retired_at.map(|at| at.0);
            self.write(&Line::Key { address: Address::new(*address), shard: shard.clone(), retired_at_ms })
        })
    }

    pub(super) fn shard(&mut self, shard: &str, claim: Claim) -> anyhow::Result<()> {
        let Claim { last_seq, epoch } = claim;
        self.write(&Line::Shard { shard: shard.to_owned(), last_seq, epoch })
    }

    pub(super) fn commits(&mut self, commits: &[StoredCommit]) -> anyhow::Result<()> {
        commits.iter().try_for_each(|commit| {
            let StoredCommit { first_seq, last_seq, epoch, seal } = commit;
            let CommitSeal { root, leaves: _, signature, signer } = seal;
            self.write(&Line::Commit {
                first_seq: *first_seq,
                last_seq: *last_seq,
                epoch: *epoch,
                root: root.into(),
                signature: signature.into(),
                signer: Address::new(*signer),
            })
        })
    }

    pub(super) fn rows<'a>(&mut self, rows: impl IntoIterator<Item = &'a StoredRow>) -> anyhow::Result<()> {
        rows.into_iter().try_for_each(|row| {
            let StoredRow { seq, lot_seq, entry, hash } = row;
            self.write(&Line::Row { seq: *seq, lot_seq: *lot_seq, entry: hex::encode(entry), hash: hash.0.into() })
        })
    }

    pub(super) fn closes(&mut self, closes: &[CloseSeal]) -> anyhow::Result<()> {
        closes.iter().try_for_each(|close| {
            let CloseSeal { auction, lot, round, lot_key, lot_seq, hash, signature, signer } = close;
            self.write(&Line::Close {
                auction: auction.clone(),
                lot: *lot,
                round: *round,
                lot_key: lot_key.into(),
                lot_seq: *lot_seq,
                hash: hash.0.into(),
                signature: signature.into(),
                signer: Address::new(*signer),
            })
        })
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.out.flush().with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn write(&mut self, line: &Line) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n").with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// A shard as read from a file.
#[derive(Debug, Default)]
pub(super) struct FiledShard {
    pub(super) shard: String,
    pub(super) claim: Claim,
    pub(super) commits: Vec<StoredCommit>,
    pub(super) rows: Vec<StoredRow>,
    pub(super) closes: Vec<CloseSeal>,
}

/// Checks a file. Without pinned keys the file's own are trusted, which proves less.
pub(super) fn check(path: &Path, asked: Asked<'_>) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
    let file = File::open(path).map_err(|error| unreadable(format!("{} cannot be read", path.display()), error))?;
    let mut keys = Vec::new();
    let mut shards: Vec<FiledShard> = Vec::new();
    for (number, line) in (1_u64..).zip(BufReader::new(file).lines()) {
        let line = line.with_context(|| format!("line {number} of {} cannot be read", path.display()))?;
        let wrong = |what: String| {
            let message = format!("line {number} of {} is not a line of a journal: {what}", path.display());
            Trouble::new("JournalMalformed", message, "write the file with `sothebais verify --export`")
        };
        let parsed = wire::json::read(line.as_bytes()).map_err(|bad| wrong(bad.to_string()))?;
        take(parsed, &mut keys, &mut shards).map_err(|what| wrong(what.to_owned()))?;
    }
    let trust = Trust::within(asked.pinned, keys);
    let names: Vec<&str> = shards.iter().map(|filed| filed.shard.as_str()).collect();
    let mut anchors = match anchor::by_shard(asked.anchors, &names) {
        Ok(anchors) => anchors,
        Err(fault) => return Ok(Err(fault)),
    };
    let check = |filed: FiledShard| {
        let expected = anchors.remove(&filed.shard).unwrap_or_default();
        check_shard(filed, &trust, expected)
    };
    let verified: Result<Vec<Verified>, Fault> = shards.into_iter().map(check).collect();
    Ok(verified.and_then(at_least_one_row))
}

fn take(line: Line, keys: &mut Vec<PublishedKey>, shards: &mut Vec<FiledShard>) -> Result<(), &'static str> {
    match line {
        Line::Key { address, shard, retired_at_ms } => {
            let (address, retired_at) = (address.into_array(), retired_at_ms.map(Timestamp));
            keys.push(PublishedKey { address, shard, retired_at });
        }
        Line::Shard { shard, .. } if shards.iter().any(|filed| filed.shard == shard) => {
            return Err("the shard stands twice");
        }
        Line::Shard { shard, last_seq, epoch } => {
            shards.push(FiledShard { shard, claim: Claim { last_seq, epoch }, ..FiledShard::default() });
        }
        Line::Commit { first_seq, last_seq, epoch, root, signature, signer } => {
            let seal =
                CommitSeal { root: root.0, leaves: Vec::new(), signature: signature.0, signer: signer.into_array() };
            let commit = StoredCommit { first_seq, last_seq, epoch, seal };
            shards.last_mut().ok_or("it belongs to no shard")?.commits.push(commit);
        }
        Line::Row { seq, lot_seq, entry, hash } => {
            let entry = hex::decode(entry).map_err(|_| "its entry is not hexadecimal")?;
            let row = StoredRow { seq, lot_seq, entry, hash: Hash(hash.0) };
            shards.last_mut().ok_or("it belongs to no shard")?.rows.push(row);
        }
        Line::Close { auction, lot, round, lot_key, lot_seq, hash, signature, signer } => {
            let (lot_key, hash) = (lot_key.0, Hash(hash.0));
            let (signature, signer) = (signature.0, signer.into_array());
            let close = CloseSeal { auction, lot, round, lot_key, lot_seq, hash, signature, signer };
            shards.last_mut().ok_or("it belongs to no shard")?.closes.push(close);
        }
    }
    Ok(())
}

/// Checks one shard that was read whole.
pub(super) fn check_shard(filed: FiledShard, trust: &Trust, expected: BTreeMap<u64, Hash>) -> Result<Verified, Fault> {
    let FiledShard { shard, claim, commits, rows, closes } = filed;
    let mut audit = Audit::new(&shard, trust, commits).anchored_at(expected);
    for row in &rows {
        audit.row(row, None)?;
    }
    audit.finish(claim, &closes)
}
