//! Durable readers of `out:{shard}` and how far each has come: the relay refills the stream from the lowest.

use sqlx::{PgPool, Row};

use crate::{Error, answered, signed, unsigned};

/// Says that `reader` has dealt with every row up to `seq`. Never goes back.
pub async fn report(pool: &PgPool, shard: &str, reader: &str, seq: u64) -> Result<(), Error> {
    sqlx::query(
        "insert into engine.reader as r (shard, reader, seq) values ($1, $2, $3)
         on conflict (shard, reader) do update set seq = greatest(r.seq, excluded.seq), updated_at = now()",
    )
    .bind(shard)
    .bind(reader)
    .bind(signed(seq))
    .execute(pool)
    .await?;
    Ok(())
}

/// How far `reader` has come; 0 for a new one.
pub async fn position(pool: &PgPool, shard: &str, reader: &str) -> Result<u64, Error> {
    let row = sqlx::query("select seq from engine.reader where shard = $1 and reader = $2")
        .bind(shard)
        .bind(reader)
        .fetch_optional(pool)
        .await?;
    row.map_or(Ok(0), |row| unsigned(row.try_get(0)?, "a reader's position"))
}

/// The lowest position of all readers; `None` when there is none.
pub async fn lowest(pool: &PgPool, shard: &str) -> Result<Option<u64>, Error> {
    let reading = sqlx::query("select min(seq) from engine.reader where shard = $1").bind(shard).fetch_one(pool);
    let row = answered(reading).await?;
    row.try_get::<Option<i64>, _>(0)?.map(|seq| unsigned(seq, "a reader's position")).transpose()
}
