//! What the gateway needs of the engine's registry: who is linked, and the label that a handle is.

use auction_core::{BidderId, Handle};

use sqlx::PgPool;

use super::bigint;
use crate::{Error, unsigned};

/// A linked account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub bidder: BidderId,
    pub handle: String,
}

/// Every account in the registry, whatever its status, in the order of paddles.
pub async fn linked_bidders(pool: &PgPool) -> Result<Vec<Linked>, Error> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("select x_id, handle from engine.bidder order by paddle").fetch_all(pool).await?;
    let linked = |(id, handle)| Ok(Linked { bidder: BidderId(unsigned(id, "a bidder's id")?), handle });
    rows.into_iter().map(linked).collect()
}

/// Changes the label of an account, in the registry and on its stored posts; `false` if it is not in the registry or has
/// that label.
pub async fn rename_bidder(pool: &PgPool, bidder: BidderId, handle: &Handle) -> Result<bool, Error> {
    let done = sqlx::query(
        "with shown as (
            update social.post set author_handle = $2 where author_id = $1 and author_handle is not null
         )
         update engine.bidder set handle = $2, updated_at = now() where x_id = $1 and lower(handle) <> $2",
    )
    .bind(bigint(bidder.0))
    .bind(handle.as_str())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}
