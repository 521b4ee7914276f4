//! What verification reads beyond the chain: the columns that are derived from an entry, every shard that any table names,
//! every close, and the published keys with their limits. Nothing here is believed; the reader compares.

use std::collections::BTreeMap;

use auction_core::{AuctionId, Hash, LotNumber, Round, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::journal::StoredRow;
use crate::seal::{CloseSeal, bytes};
use crate::{Error, signed, unsigned};

/// What a row says beside its entry, for SQL: history is read by auction and lot, repeats by source and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub auction: Option<String>,
    pub lot: Option<i32>,
    pub idem_source: i16,
    pub idem_key: String,
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    /// JSON text, as the database writes it.
    pub doc: String,
}

/// What a shard's lease says of its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseClaim {
    pub last_seq: u64,
    pub epoch: u64,
}

/// A published receipt key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    pub address: [u8; 20],
    /// The shard that it signs for; `None` where the source does not say.
    pub shard: Option<String>,
    pub retired_at: Option<Timestamp>,
}

/// Up to `limit` rows after `after`, in order, with their derived columns.
pub async fn page(pool: &PgPool, shard: &str, after: u64, limit: u32) -> Result<Vec<(StoredRow, Columns)>, Error> {
    let rows = sqlx::query(
        "select seq, lot_seq, entry, hash, crc, auction, lot, idem_source, idem_key,
                (extract(epoch from at) * 1000000)::bigint as at_us, doc::text as doc
           from engine.journal where shard = $1 and seq > $2 order by seq limit $3",
    )
    .bind(shard)
    .bind(signed(after))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((stored(shard, row)?, columns(row)?))).collect()
}

fn stored(shard: &str, row: &PgRow) -> Result<StoredRow, Error> {
    let seq = unsigned(row.try_get("seq")?, "a row's number")?;
    let (entry, hash): (Vec<u8>, _) = (row.try_get("entry")?, Hash(bytes(row, "hash")?));
    if crate::journal::checksum(&entry, &hash) != row.try_get::<i32, _>("crc")? {
        return Err(Error::Damaged { shard: shard.to_owned(), seq });
    }
    Ok(StoredRow { seq, lot_seq: unsigned(row.try_get("lot_seq")?, "a row's lot number")?, entry, hash })
}

fn columns(row: &PgRow) -> Result<Columns, Error> {
    Ok(Columns {
        auction: row.try_get("auction")?,
        lot: row.try_get("lot")?,
        idem_source: row.try_get("idem_source")?,
        idem_key: row.try_get("idem_key")?,
        at_us: row.try_get("at_us")?,
        doc: row.try_get("doc")?,
    })
}

/// Every shard that a journal, commit, close or lease names, by name, with its lease if it has one.
pub async fn shards(pool: &PgPool) -> Result<BTreeMap<String, Option<LeaseClaim>>, Error> {
    let rows = sqlx::query(
        "select named.shard, lease.last_seq, lease.epoch
           from (select shard from engine.journal union select shard from engine.commit
                 union select shard from engine.close union select shard from engine.shard_lease) named
           left join engine.shard_lease lease using (shard)",
    )
    .fetch_all(pool)
    .await?;
    let claim = |row: &PgRow| {
        let last_seq: Option<i64> = row.try_get("last_seq")?;
        let epoch: Option<i64> = row.try_get("epoch")?;
        let lease = last_seq.zip(epoch).map(|(last_seq, epoch)| {
            let last_seq = unsigned(last_seq, "a lease's last row")?;
            Ok::<_, Error>(LeaseClaim { last_seq, epoch: unsigned(epoch, "a lease's epoch")? })
        });
        Ok((row.try_get("shard")?, lease.transpose()?))
    };
    rows.iter().map(claim).collect()
}

/// All closes of a shard, whatever lot they name.
pub async fn closes(pool: &PgPool, shard: &str) -> Result<Vec<CloseSeal>, Error> {
    let rows = sqlx::query(
        "select auction, lot, round, lot_key, lot_seq, hash, signature, signer from engine.close
          where shard = $1 order by auction, lot, lot_seq, round",
    )
    .bind(shard)
    .fetch_all(pool)
    .await?;
    let number = |row: &PgRow, column: &'static str| {
        u32::try_from(row.try_get::<i32, _>(column)?).map_err(|_| Error::Unreadable { what: "a close's number" })
    };
    let close = |row: &PgRow| {
        let auction: String = row.try_get("auction")?;
        Ok(CloseSeal {
            auction: AuctionId::new(&auction).map_err(|_| Error::Unreadable { what: "a close's auction" })?,
            lot: LotNumber(number(row, "lot")?),
            round: Round(number(row, "round")?),
            lot_key: bytes(row, "lot_key")?,
            lot_seq: unsigned(row.try_get("lot_seq")?, "a close's row")?,
            hash: Hash(bytes(row, "hash")?),
            signature: bytes(row, "signature")?,
            signer: bytes(row, "signer")?,
        })
    };
    rows.iter().map(close).collect()
}

/// All published keys, oldest first.
pub async fn keys(pool: &PgPool) -> Result<Vec<PublishedKey>, Error> {
    let rows = sqlx::query(
        "select address, shard, (extract(epoch from retired_at) * 1000)::bigint as retired_ms
           from engine.receipt_key order by first_used, address, shard",
    )
    .fetch_all(pool)
    .await?;
    let key = |row: &PgRow| {
        Ok(PublishedKey {
            address: bytes(row, "address")?,
            shard: Some(row.try_get("shard")?),
            retired_at: row.try_get::<Option<i64>, _>("retired_ms")?.map(Timestamp),
        })
    };
    rows.iter().map(key).collect()
}
