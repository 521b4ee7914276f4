//! SQL, all of it: the journal, its lease and what follows from them, the bidders' registry, and the inbox between gateway
//! and engine.
//!
//! Functions here *read* and *act*; nothing is decided. Times cross as milliseconds since the Unix epoch and amounts as
//! `auction_core` types, so callers never see a database type.

pub mod bidder;
pub mod commit;
pub mod evidence;
pub mod inbox;
pub mod journal;
pub mod lease;
pub mod pool;
pub mod reader;
pub mod receipt_key;
pub mod said;
pub mod seal;
pub mod snapshot;
pub mod social;

use std::future::Future;
use std::time::Duration;

pub use pool::{Database, migrate};
pub use sqlx::{PgConnection, PgPool};

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database URL cannot be used")]
    BadUrl(#[source] sqlx::Error),
    #[error("the database could not be reached or failed")]
    Unavailable(#[source] sqlx::Error),
    #[error("the database did not answer within {} s", .0.as_secs())]
    Overdue(Duration),
    #[error("the database's schema could not be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("{setting} is {value} in the database: acknowledged bids could be lost; set it to on")]
    Unsafe { setting: &'static str, value: String },
    #[error("row {seq} of {shard}'s journal is damaged: its checksum does not match")]
    Damaged { shard: String, seq: u64 },
    #[error("{what} in the database cannot be read")]
    Unreadable { what: &'static str },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error)
    }
}

/// How long one answer of the database may take before its connection counts as lost: a peer that is gone without a word
/// (a pulled cable, a firewall that forgot the connection) never says so by itself.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Waits for one answer of the database, at most [`ANSWER_DEADLINE`].
async fn answered<T>(query: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Error> {
    answered_within(ANSWER_DEADLINE, query).await
}

/// Waits for one answer of the database, at most `deadline`.
async fn answered_within<T>(
    deadline: Duration,
    query: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(deadline, query).await {
        Ok(answer) => Ok(answer?),
        Err(_elapsed) => Err(Error::Overdue(deadline)),
    }
}

/// Sequence numbers are `bigint` in SQL and never reach its sign bit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("sequence numbers stay below 2^63")
}

/// Data exceptions (22), integrity violations (23) and limits of one value (54) speak of rows; everything else of the
/// server or the connection.
fn is_bad_row(error: &sqlx::Error) -> bool {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
        Some(code) => matches!(code.get(..2), Some("22" | "23" | "54")),
        None => false,
    }
}

fn unsigned(number: i64, what: &'static str) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| Error::Unreadable { what })
}

#[cfg(test)]
mod tests;
