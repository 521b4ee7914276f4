//! The lease of a handle's inbox: one writer, by the database's clock alone. Taking it over adds one to its epoch, and
//! every commit names the epoch, so a writer that was paused beyond its lease can write nothing.

use auction_core::Handle;

use sqlx::PgPool;

use crate::{Error, signed, unsigned};

/// The right to write a handle's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub handle: Handle,
    pub epoch: u64,
    /// The newest number in the inbox as its holder knows it.
    pub last_seq: u64,
}

/// Takes the lease if it is free, expired, or was `owner`'s own. `None`: somebody else holds it.
///
/// `owner` must be unique for each start of a process, or two processes would take each other's lease.
pub async fn lease_inbox(pool: &PgPool, handle: &Handle, owner: &str, ttl_ms: i64) -> Result<Option<Lease>, Error> {
    let row: Option<(i64, i64)> = sqlx::query_as(
        "insert into social.inbox_lease as l (handle, epoch, owner, until)
         values ($1, 1, $2, now() + $3 * interval '1 millisecond')
         on conflict (handle) do update
            set epoch = l.epoch + 1, owner = excluded.owner, until = excluded.until
            where l.until <= now() or l.owner = excluded.owner
         returning epoch, last_seq",
    )
    .bind(handle.as_str())
    .bind(owner)
    .bind(ttl_ms)
    .fetch_optional(pool)
    .await?;
    let Some((epoch, last_seq)) = row else { return Ok(None) };
    let (epoch, last_seq) = (unsigned(epoch, "a lease's epoch")?, unsigned(last_seq, "an inbox position")?);
    Ok(Some(Lease { handle: handle.clone(), epoch, last_seq }))
}

/// Keeps a lease; `false` means that another has taken it.
pub async fn renew_inbox(pool: &PgPool, lease: &Lease, ttl_ms: i64) -> Result<bool, Error> {
    let done = sqlx::query(
        "update social.inbox_lease set until = now() + $3 * interval '1 millisecond' where handle = $1 and epoch = $2",
    )
    .bind(lease.handle.as_str())
    .bind(signed(lease.epoch))
    .bind(ttl_ms)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a lease back, so that the next writer need not wait for its end.
pub async fn release_inbox(pool: &PgPool, lease: &Lease) -> Result<(), Error> {
    sqlx::query("update social.inbox_lease set until = now() where handle = $1 and epoch = $2")
        .bind(lease.handle.as_str())
        .bind(signed(lease.epoch))
        .execute(pool)
        .await?;
    Ok(())
}
