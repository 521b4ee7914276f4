//! Published addresses of the keys that sign receipts.

use sqlx::{PgPool, Row};

use crate::Error;

/// A key that signs or has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptKey {
    pub address: [u8; 20],
    pub shard: String,
    pub standing: KeyStanding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    InUse,
    Retired,
}

/// Publishes an address as that of a shard; again is no change. One key may sign for several shards.
pub async fn publish(pool: &PgPool, shard: &str, address: [u8; 20]) -> Result<(), Error> {
    sqlx::query(
        "insert into engine.receipt_key (address, shard) values ($1, $2) on conflict (address, shard) do nothing",
    )
    .bind(&address[..])
    .bind(shard)
    .execute(pool)
    .await?;
    Ok(())
}

/// All published addresses, oldest first.
pub async fn list(pool: &PgPool) -> Result<Vec<ReceiptKey>, Error> {
    let rows = sqlx::query(
        "select address, shard, retired_at is not null from engine.receipt_key order by first_used, address, shard",
    )
    .fetch_all(pool)
    .await?;
    let key = |row: &sqlx::postgres::PgRow| {
        let standing = if row.try_get(2)? { KeyStanding::Retired } else { KeyStanding::InUse };
        Ok(ReceiptKey { address: crate::seal::bytes(row, "address")?, shard: row.try_get(1)?, standing })
    };
    rows.iter().map(key).collect()
}
