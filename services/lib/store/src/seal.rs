//! Signatures of the journal: one a commit over the batch's Merkle root, one a hammer over the end of a lot's chain.

use auction_core::{AuctionId, Hash, LotNumber, Round};
use sqlx::{PgPool, Row};

use crate::{Error, signed, unsigned};

/// A commit's Merkle root with the worker's signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSeal {
    pub root: [u8; 32],
    /// The leaves' hashes, 32 bytes a row, in row order: a receipt's path is computed from them.
    pub leaves: Vec<u8>,
    /// r ‖ s ‖ v.
    pub signature: [u8; 65],
    /// The signer's address.
    pub signer: [u8; 20],
}

/// The worker's signature over a lot's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseSeal {
    pub auction: AuctionId,
    pub lot: LotNumber,
    pub round: Round,
    pub lot_key: [u8; 32],
    pub lot_seq: u64,
    pub hash: Hash,
    /// r ‖ s ‖ v.
    pub signature: [u8; 65],
    pub signer: [u8; 20],
}

/// A commit as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommit {
    pub first_seq: u64,
    pub last_seq: u64,
    pub epoch: u64,
    pub seal: CommitSeal,
}

const COMMIT_COLUMNS: &str = "select first_seq, last_seq, epoch, root, leaves, signature, signer from engine.commit";

/// The commit that holds row `seq`.
pub async fn commit_of(pool: &PgPool, shard: &str, seq: u64) -> Result<Option<StoredCommit>, Error> {
    let sql = format!("{COMMIT_COLUMNS} where shard = $1 and last_seq >= $2 order by last_seq limit 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(shard).bind(signed(seq)).fetch_optional(pool).await?;
    let commit = row.as_ref().map(stored_commit).transpose()?;
    Ok(commit.filter(|commit| commit.first_seq <= seq))
}

/// Up to `limit` commits whose last row is after `after`, in order.
pub async fn commits(pool: &PgPool, shard: &str, after: u64, limit: u32) -> Result<Vec<StoredCommit>, Error> {
    let sql = format!("{COMMIT_COLUMNS} where shard = $1 and last_seq > $2 order by last_seq limit $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(shard)
        .bind(signed(after))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    rows.iter().map(stored_commit).collect()
}

/// The closes of a lot, oldest first.
pub async fn closes(pool: &PgPool, shard: &str, auction: &AuctionId, lot: LotNumber) -> Result<Vec<CloseSeal>, Error> {
    let rows = sqlx::query(
        "select round, lot_key, lot_seq, hash, signature, signer from engine.close
          where shard = $1 and auction = $2 and lot = $3 order by lot_seq",
    )
    .bind(shard)
    .bind(auction.as_str())
    .bind(i64::from(lot.0))
    .fetch_all(pool)
    .await?;
    let close = |row: &sqlx::postgres::PgRow| {
        let round: i32 = row.try_get("round")?;
        Ok(CloseSeal {
            auction: auction.clone(),
            lot,
            round: Round(u32::try_from(round).map_err(|_| Error::Unreadable { what: "a close's round" })?),
            lot_key: bytes(row, "lot_key")?,
            lot_seq: unsigned(row.try_get("lot_seq")?, "a close's row")?,
            hash: Hash(bytes(row, "hash")?),
            signature: bytes(row, "signature")?,
            signer: bytes(row, "signer")?,
        })
    };
    rows.iter().map(close).collect()
}

fn stored_commit(row: &sqlx::postgres::PgRow) -> Result<StoredCommit, Error> {
    Ok(StoredCommit {
        first_seq: unsigned(row.try_get("first_seq")?, "a commit's first row")?,
        last_seq: unsigned(row.try_get("last_seq")?, "a commit's last row")?,
        epoch: unsigned(row.try_get("epoch")?, "a commit's epoch")?,
        seal: CommitSeal {
            root: bytes(row, "root")?,
            leaves: row.try_get("leaves")?,
            signature: bytes(row, "signature")?,
            signer: bytes(row, "signer")?,
        },
    })
}

/// A fixed-length `bytea` column.
pub(crate) fn bytes<const N: usize>(row: &sqlx::postgres::PgRow, column: &'static str) -> Result<[u8; N], Error> {
    let value: &[u8] = row.try_get(column)?;
    value.try_into().map_err(|_| Error::Unreadable { what: column })
}
