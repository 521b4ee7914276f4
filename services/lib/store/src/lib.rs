//! SQL, all of it: the journal, its lease and what follows from them, the bidders' registry, and the inbox between gateway
//! and engine.
//!
//! Functions here *read* and *act*; nothing is decided. Times cross as milliseconds since the Unix epoch and amounts as
//! `auction_core` types, so callers never see a database type.

pub mod bidder;
pub mod commit;
pub mod inbox;
pub mod journal;
pub mod lease;
pub mod pool;
pub mod reader;
pub mod receipt_key;
pub mod seal;
pub mod snapshot;
pub mod social;

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
    Overdue(std::time::Duration),
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

/// Sequence numbers are `bigint` in SQL and never reach its sign bit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("sequence numbers stay below 2^63")
}

fn unsigned(number: i64, what: &'static str) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| Error::Unreadable { what })
}

#[cfg(test)]
mod tests;
