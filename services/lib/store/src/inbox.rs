//! The engine's side of the inbox between social gateway and engine: posts by their dense number, and the gap audit.

use auction_core::{BidderId, Handle, Timestamp, TraceContext};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::social::Reference;
use crate::{Error, answered, signed, unsigned};

/// A post as the engine reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxPost {
    /// Its number in the handle's inbox, dense from 1.
    pub seq: u64,
    /// The first edit's id.
    pub id: String,
    pub author: BidderId,
    /// `None` once the author has deleted it.
    pub text: Option<String>,
    pub reference: Reference,
    /// When the text that is held was posted.
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    /// Where its trace began, if the gateway has chosen it.
    pub trace: Option<TraceContext>,
}

/// The comparison of X's mentions with the inbox, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    pub requested_through: Option<Timestamp>,
    /// Every mention timed at or before this is in the inbox, at or below `completed_seq`.
    pub completed_through: Option<Timestamp>,
    pub completed_seq: u64,
}

/// Why a shard reads an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// An auction of its own takes bids there, or will.
    Live,
    /// Its auctions are over: it reads on only while nobody else wants to.
    Over,
}

/// Claims the inbox of a handle for a shard and says whose it is now. It stays a shard's until its auctions there are over,
/// or until it has not claimed it again for 15 minutes.
pub async fn claim(pool: &PgPool, handle: &Handle, shard: &str, need: Need) -> Result<String, Error> {
    let claiming = sqlx::query(
        "with claimed as (
            insert into engine.inbox_reader as reader (handle, shard, over) values ($1, $2, $3)
            on conflict (handle) do update set shard = $2, over = $3, seen_at = now()
             where reader.shard = $2 or (not $3 and (reader.over or reader.seen_at < now() - interval '15 minutes'))
            returning shard)
         select shard from claimed
         union all select shard from engine.inbox_reader where handle = $1 and not exists (select 1 from claimed)",
    )
    .bind(handle.as_str())
    .bind(shard)
    .bind(need == Need::Over)
    .fetch_one(pool);
    Ok(answered(claiming).await?.try_get(0)?)
}

/// The shard that reads the inbox of a handle for an auction that is not over.
pub async fn reader_of(pool: &PgPool, handle: &Handle) -> Result<Option<String>, Error> {
    let reading = sqlx::query(
        "select shard from engine.inbox_reader
          where handle = $1 and not over and seen_at >= now() - interval '15 minutes'",
    )
    .bind(handle.as_str())
    .fetch_optional(pool);
    Ok(answered(reading).await?.map(|row| row.try_get(0)).transpose()?)
}

/// Up to `limit` posts after `after`, in order.
pub async fn read(pool: &PgPool, handle: &Handle, after: u64, limit: u32) -> Result<Vec<InboxPost>, Error> {
    page(pool, (handle, None), after, limit).await
}

/// The same for a shard; nothing unless it has claimed the inbox.
pub async fn read_claimed(
    pool: &PgPool,
    (handle, shard): (&Handle, &str),
    after: u64,
    limit: u32,
) -> Result<Vec<InboxPost>, Error> {
    page(pool, (handle, Some(shard)), after, limit).await
}

async fn page(
    pool: &PgPool,
    (handle, shard): (&Handle, Option<&str>),
    after: u64,
    limit: u32,
) -> Result<Vec<InboxPost>, Error> {
    let reading = sqlx::query(
        "select i.seq, p.id, p.author_id, p.text, p.reference,
                (extract(epoch from p.created_at) * 1000)::bigint,
                (extract(epoch from p.received_at) * 1000)::bigint, p.traceparent
           from social.inbox i join social.post p on p.id = i.post_id
          where i.handle = $1 and i.seq > $2
            and ($4::text is null
                 or exists (select 1 from engine.inbox_reader reader where reader.handle = $1 and reader.shard = $4))
          order by i.seq limit $3",
    )
    .bind(handle.as_str())
    .bind(signed(after))
    .bind(i64::from(limit))
    .bind(shard)
    .fetch_all(pool);
    answered(reading).await?.iter().map(post).collect()
}

/// The number of the newest post in a handle's inbox; 0 when it is empty.
pub async fn newest(pool: &PgPool, handle: &Handle) -> Result<u64, Error> {
    let reading = sqlx::query("select coalesce(max(seq), 0) from social.inbox where handle = $1")
        .bind(handle.as_str())
        .fetch_one(pool);
    unsigned(answered(reading).await?.try_get(0)?, "an inbox position")
}

/// The number of the last post before the first one created at or after `since`; where a new reader begins.
pub async fn position_before(pool: &PgPool, handle: &Handle, since: Timestamp) -> Result<u64, Error> {
    let reading = sqlx::query(
        "select coalesce(
                (select min(i.seq) - 1 from social.inbox i join social.post p on p.id = i.post_id
                  where i.handle = $1 and p.created_at >= to_timestamp($2 / 1000.0)),
                (select max(seq) from social.inbox where handle = $1), 0)",
    )
    .bind(handle.as_str())
    .bind(since.0)
    .fetch_one(pool);
    let row = answered(reading).await?;
    unsigned(row.try_get(0)?, "an inbox position")
}

/// Asks that every mention timed at or before `through` be known to be in the inbox. When the comparison may begin is the
/// gateway's to say: it knows how late X lists a post.
pub async fn request_audit(pool: &PgPool, handle: &Handle, through: Timestamp) -> Result<(), Error> {
    let asking = sqlx::query(
        "insert into social.audit as a (handle, requested_through, requested_at)
         values ($1, to_timestamp($2 / 1000.0), now())
         on conflict (handle) do update
            set requested_through = greatest(a.requested_through, excluded.requested_through),
                requested_at = now(), not_before = null",
    )
    .bind(handle.as_str())
    .bind(through.0)
    .execute(pool);
    answered(asking).await?;
    Ok(())
}

/// How far the audit of a handle has come.
pub async fn audit(pool: &PgPool, handle: &Handle) -> Result<Audit, Error> {
    let reading = sqlx::query(
        "select (extract(epoch from requested_through) * 1000)::bigint,
                (extract(epoch from completed_through) * 1000)::bigint,
                coalesce(completed_seq, 0)
           from social.audit where handle = $1",
    )
    .bind(handle.as_str())
    .fetch_optional(pool);
    let Some(row) = answered(reading).await? else { return Ok(Audit::default()) };
    Ok(Audit {
        requested_through: row.try_get::<Option<i64>, _>(0)?.map(Timestamp),
        completed_through: row.try_get::<Option<i64>, _>(1)?.map(Timestamp),
        completed_seq: unsigned(row.try_get(2)?, "an audit's inbox position")?,
    })
}

fn post(row: &PgRow) -> Result<InboxPost, Error> {
    Ok(InboxPost {
        seq: unsigned(row.try_get(0)?, "an inbox position")?,
        id: row.try_get(1)?,
        author: BidderId(unsigned(row.try_get(2)?, "an author's id")?),
        text: row.try_get(3)?,
        reference: Reference::read(row.try_get(4)?)?,
        created_at: Timestamp(row.try_get(5)?),
        received_at: Timestamp(row.try_get(6)?),
        // A trace that cannot be read is no reason to lose a bid.
        trace: row.try_get::<Option<&str>, _>(7)?.and_then(|text| text.parse().ok()),
    })
}
