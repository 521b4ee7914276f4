//! What a show has cost on X, in millionths of a dollar.

use auction_core::Handle;

use sqlx::PgPool;

use crate::{Error, signed, unsigned};

/// The cost of one kind of call on one day (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The price list's name.
    pub kind: String,
    pub units: u64,
    pub micros: u64,
}

/// Adds to what is recorded.
pub async fn add_spend(pool: &PgPool, handle: &Handle, show: &str, spent: &[Spent]) -> Result<(), Error> {
    sqlx::query(
        "insert into social.spend as s (handle, show, day, kind, units, micros)
         select $1, $2, day::date, kind, units, micros
         from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[]) as n (day, kind, units, micros)
         on conflict (handle, show, day, kind) do update
            set units = s.units + excluded.units, micros = s.micros + excluded.micros",
    )
    .bind(handle.as_str())
    .bind(show)
    .bind(spent.iter().map(|s| s.day.clone()).collect::<Vec<_>>())
    .bind(spent.iter().map(|s| s.kind.clone()).collect::<Vec<_>>())
    .bind(spent.iter().map(|s| signed(s.units)).collect::<Vec<_>>())
    .bind(spent.iter().map(|s| signed(s.micros)).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(())
}

/// Everything that is recorded for a show, by day and kind.
pub async fn load_spend(pool: &PgPool, handle: &Handle, show: &str) -> Result<Vec<Spent>, Error> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select day::text, kind, units, micros from social.spend where handle = $1 and show = $2 order by day, kind",
    )
    .bind(handle.as_str())
    .bind(show)
    .fetch_all(pool)
    .await?;
    let spent = |(day, kind, units, micros)| {
        let (units, micros) = (unsigned(units, "units of spending")?, unsigned(micros, "an amount of spending")?);
        Ok(Spent { day, kind, units, micros })
    };
    rows.into_iter().map(spent).collect()
}
