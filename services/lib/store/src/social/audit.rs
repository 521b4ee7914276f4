//! The gap audit's row: the engine asks up to which time, the gateway answers with the inbox's number that covers it.

use auction_core::{Handle, Timestamp};

use sqlx::PgPool;

use super::Lease;
use crate::{Error, signed, unsigned};

/// An audit that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    pub through: Timestamp,
    /// The comparison must not begin sooner.
    pub not_before: Option<Timestamp>,
}

/// What an audit has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDone {
    pub through: Timestamp,
    pub seq: u64,
}

/// The audit of `handle` that was asked for and not yet answered.
pub async fn pending_audit(pool: &PgPool, handle: &Handle) -> Result<Option<Audit>, Error> {
    let row: Option<(i64, Option<i64>)> = sqlx::query_as(
        "select (extract(epoch from requested_through) * 1000)::bigint, (extract(epoch from not_before) * 1000)::bigint
         from social.audit
         where handle = $1 and requested_through > coalesce(completed_through, timestamptz '-infinity')",
    )
    .bind(handle.as_str())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(through, not_before)| Audit { through: Timestamp(through), not_before: not_before.map(Timestamp) }))
}

/// Asks for an audit of every post timed at or before `audit.through`; an earlier wish never replaces a later one.
pub async fn request_audit(pool: &PgPool, handle: &Handle, audit: Audit) -> Result<(), Error> {
    sqlx::query(
        "insert into social.audit as a (handle, requested_through, requested_at, not_before)
         values ($1, timestamptz 'epoch' + $2 * interval '1 millisecond', now(),
                 timestamptz 'epoch' + $3 * interval '1 millisecond')
         on conflict (handle) do update
            set requested_through = excluded.requested_through, requested_at = now(), not_before = excluded.not_before
            where a.requested_through is null or a.requested_through < excluded.requested_through",
    )
    .bind(handle.as_str())
    .bind(audit.through.0)
    .bind(audit.not_before.map(|at| at.0))
    .execute(pool)
    .await?;
    Ok(())
}

/// Records that the inbox holds every mention timed at or before `through`. The number is the lease's own, so it covers
/// whatever the comparison has added. `None`: fenced, nothing was recorded.
pub async fn complete_audit(pool: &PgPool, lease: &Lease, through: Timestamp) -> Result<Option<AuditDone>, Error> {
    let row: Option<(i64, i64)> = sqlx::query_as(
        "insert into social.audit as a (handle, completed_through, completed_seq, completed_at)
         select l.handle, timestamptz 'epoch' + $3 * interval '1 millisecond', l.last_seq, now()
         from social.inbox_lease l where l.handle = $1 and l.epoch = $2
         on conflict (handle) do update
            set completed_through = greatest(a.completed_through, excluded.completed_through),
                completed_seq = excluded.completed_seq, completed_at = excluded.completed_at
         returning (extract(epoch from completed_through) * 1000)::bigint, completed_seq",
    )
    .bind(lease.handle.as_str())
    .bind(signed(lease.epoch))
    .bind(through.0)
    .fetch_optional(pool)
    .await?;
    let done = |(through, seq)| {
        Ok(AuditDone { through: Timestamp(through), seq: unsigned(seq, "an audit's inbox position")? })
    };
    row.map(done).transpose()
}
