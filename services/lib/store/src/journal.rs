//! Reading the journal: its tail for a start, a lot's rows for history, one row by its key or its number.

use auction_core::{AuctionId, Entry, Hash, LotNumber, SourceKind};
use crc::{CRC_32_ISCSI, Crc, Table};
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::{Error, answered, signed, unsigned};

/// A row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    pub seq: u64,
    pub lot_seq: u64,
    pub entry: Vec<u8>,
    pub hash: Hash,
}

impl StoredRow {
    /// The decided command.
    pub fn decode(&self) -> Result<Entry, Error> {
        Entry::decode(&self.entry).map_err(|_| Error::Unreadable { what: "a journal entry" })
    }
}

/// A shard and how far its journal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardRows {
    pub shard: String,
    pub last_seq: u64,
}

/// The number that stands for a source's kind in `idem_source`. Written into journals: never changes.
pub fn source_number(source: SourceKind) -> i16 {
    match source {
        SourceKind::Post => 1,
        SourceKind::Web => 2,
        SourceKind::Clerk => 3,
        SourceKind::House => 4,
    }
}

static CHECKSUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

const COLUMNS: &str = "select seq, lot_seq, entry, hash, crc from engine.journal";

/// Hands every row after `after`, in order and without a gap, to `each`, until it returns an error of its own.
pub async fn follow<E: From<Error>>(
    pool: &PgPool,
    shard: &str,
    after: u64,
    mut each: impl FnMut(StoredRow) -> Result<(), E>,
) -> Result<u64, E> {
    let sql = format!("{COLUMNS} where shard = $1 and seq > $2 order by seq");
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(shard).bind(signed(after)).fetch(pool);
    let mut last = after;
    while let Some(row) = answered(rows.try_next()).await? {
        let row = stored(shard, &row)?;
        if row.seq != last + 1 {
            return Err(Error::Unreadable { what: "a journal with a missing row" }.into());
        }
        last = row.seq;
        each(row)?;
    }
    Ok(last)
}

/// Up to `limit` rows after `after`, in order.
pub async fn page(pool: &PgPool, shard: &str, after: u64, limit: u32) -> Result<Vec<StoredRow>, Error> {
    let sql = format!("{COLUMNS} where shard = $1 and seq > $2 order by seq limit $3");
    let reading =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(shard).bind(signed(after)).bind(i64::from(limit)).fetch_all(pool);
    answered(reading).await?.iter().map(|row| stored(shard, row)).collect()
}

/// Up to `limit` rows of one lot with a `lot_seq` after `after`, in order.
pub async fn lot_page(
    pool: &PgPool,
    shard: &str,
    (auction, lot): (&AuctionId, LotNumber),
    after: u64,
    limit: u32,
) -> Result<Vec<StoredRow>, Error> {
    // A lot's rows are numbered without a gap, so that a range of numbers is a number of rows.
    let sql = format!(
        "{COLUMNS} where shard = $1 and auction = $2 and lot = $3 and lot_seq > $4 and lot_seq <= $4 + $5
          order by lot_seq"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(shard)
        .bind(auction.as_str())
        .bind(i32::try_from(lot.0).unwrap_or(i32::MAX))
        .bind(signed(after))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| stored(shard, row)).collect()
}

/// The row that a command's key stands for.
pub async fn by_key(pool: &PgPool, shard: &str, source: SourceKind, key: &str) -> Result<Option<StoredRow>, Error> {
    let sql = format!("{COLUMNS} where shard = $1 and idem_source = $2 and idem_key = $3");
    let reading =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(shard).bind(source_number(source)).bind(key).fetch_optional(pool);
    answered(reading).await?.as_ref().map(|row| stored(shard, row)).transpose()
}

/// Rows `first..=last`, in order.
pub async fn range(pool: &PgPool, shard: &str, first: u64, last: u64) -> Result<Vec<StoredRow>, Error> {
    let sql = format!("{COLUMNS} where shard = $1 and seq between $2 and $3 order by seq");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(shard)
        .bind(signed(first))
        .bind(signed(last))
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| stored(shard, row)).collect()
}

/// When each row became durable, by the server's clock, in milliseconds since the Unix epoch.
///
/// Only a server that runs with `track_commit_timestamp` knows; another one fails the query.
pub async fn commit_times(pool: &PgPool, shard: &str) -> Result<Vec<(u64, i64)>, Error> {
    let rows = sqlx::query(
        "select seq, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::bigint from engine.journal
          where shard = $1 order by seq",
    )
    .bind(shard)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((unsigned(row.try_get(0)?, "a row's number")?, row.try_get(1)?))).collect()
}

/// The shards that have a journal, by name.
pub async fn shards(pool: &PgPool) -> Result<Vec<ShardRows>, Error> {
    let rows = sqlx::query("select shard, last_seq from engine.shard_lease order by shard").fetch_all(pool).await?;
    let shard = |row: &PgRow| {
        Ok(ShardRows { shard: row.try_get(0)?, last_seq: unsigned(row.try_get(1)?, "a lease's last row")? })
    };
    rows.iter().map(shard).collect()
}

/// CRC-32C of a row's entry and hash, as SQL's signed integer.
pub(crate) fn checksum(entry: &[u8], hash: &Hash) -> i32 {
    let mut digest = CHECKSUM.digest();
    digest.update(entry);
    digest.update(&hash.0);
    digest.finalize().cast_signed()
}

fn stored(shard: &str, row: &PgRow) -> Result<StoredRow, Error> {
    let seq = unsigned(row.try_get(0)?, "a row's number")?;
    let entry: Vec<u8> = row.try_get(2)?;
    let hash = Hash(crate::seal::bytes(row, "hash")?);
    if checksum(&entry, &hash) != row.try_get::<i32, _>(4)? {
        return Err(Error::Damaged { shard: shard.to_owned(), seq });
    }
    Ok(StoredRow { seq, lot_seq: unsigned(row.try_get(1)?, "a row's lot number")?, entry, hash })
}
