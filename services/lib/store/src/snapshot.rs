//! Snapshots: a shard's state after a row, with the fingerprints of all keys up to it, so that a start reads little.

use sqlx::{PgPool, Row};

use crate::{Error, signed, unsigned};

/// Snapshots kept; the older one is there should the newer not be readable.
const KEPT: i64 = 2;

/// The state after row `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub seq: u64,
    pub state: Vec<u8>,
    /// SHA-256 of `state`.
    pub digest: [u8; 32],
}

/// Fingerprints of the keys of rows `first_seq..`, one a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPage {
    pub first_seq: u64,
    pub fingerprints: Vec<u64>,
}

/// Writes a snapshot and the key page that ends at it, in one transaction, and drops snapshots that are too old.
///
/// What is there already stays: two workers that snapshot the same journal write the same, if of different length.
pub async fn write(pool: &PgPool, shard: &str, snapshot: &Snapshot, keys: &KeyPage) -> Result<(), Error> {
    let mut transaction = pool.begin().await?;
    if !keys.fingerprints.is_empty() {
        let packed: Vec<u8> = keys.fingerprints.iter().flat_map(|key| key.to_be_bytes()).collect();
        sqlx::query(
            "insert into engine.key_page (shard, first_seq, last_seq, fingerprints) values ($1, $2, $3, $4)
             on conflict (shard, first_seq) do update
                set last_seq = excluded.last_seq, fingerprints = excluded.fingerprints
              where excluded.last_seq > key_page.last_seq",
        )
        .bind(shard)
        .bind(signed(keys.first_seq))
        .bind(signed(snapshot.seq))
        .bind(packed)
        .execute(&mut *transaction)
        .await?;
    }
    sqlx::query(
        "insert into engine.snapshot (shard, seq, state, digest) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(shard)
    .bind(signed(snapshot.seq))
    .bind(&snapshot.state)
    .bind(&snapshot.digest[..])
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "delete from engine.snapshot where shard = $1
            and seq < (select seq from engine.snapshot where shard = $1 order by seq desc offset $2 limit 1)",
    )
    .bind(shard)
    .bind(KEPT - 1)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// The snapshots of a shard, newest first.
pub async fn newest(pool: &PgPool, shard: &str) -> Result<Vec<Snapshot>, Error> {
    let rows = sqlx::query("select seq, state, digest from engine.snapshot where shard = $1 order by seq desc")
        .bind(shard)
        .fetch_all(pool)
        .await?;
    let snapshot = |row: &sqlx::postgres::PgRow| {
        Ok(Snapshot {
            seq: unsigned(row.try_get(0)?, "a snapshot's row")?,
            state: row.try_get(1)?,
            digest: crate::seal::bytes(row, "digest")?,
        })
    };
    rows.iter().map(snapshot).collect()
}

/// The key pages that begin at or before row `through`, in order. After a take-over two pages may overlap.
pub async fn key_pages(pool: &PgPool, shard: &str, through: u64) -> Result<Vec<KeyPage>, Error> {
    let rows = sqlx::query(
        "select first_seq, fingerprints from engine.key_page where shard = $1 and first_seq <= $2 order by first_seq",
    )
    .bind(shard)
    .bind(signed(through))
    .fetch_all(pool)
    .await?;
    let mut pages = Vec::with_capacity(rows.len());
    for row in &rows {
        let packed: &[u8] = row.try_get(1)?;
        let (chunks, _rest) = packed.as_chunks::<8>();
        let fingerprints = chunks.iter().map(|chunk| u64::from_be_bytes(*chunk)).collect();
        pages.push(KeyPage { first_seq: unsigned(row.try_get(0)?, "a key page's row")?, fingerprints });
    }
    Ok(pages)
}
