//! The engine's side of the inbox between social gateway and engine: posts by their dense number, and the gap audit.

use auction_core::{BidderId, Handle, Timestamp, TraceContext};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::{Error, signed, unsigned};

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
    pub reference: PostReference,
    /// When the text that is held was posted.
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    /// Where its trace began, if the gateway has chosen it.
    pub trace: Option<TraceContext>,
}

/// What a post refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostReference {
    None,
    Reply,
    Quote,
    Repost,
}

/// The comparison of X's mentions with the inbox, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    pub requested_through: Option<Timestamp>,
    /// Every mention timed at or before this is in the inbox, at or below `completed_seq`.
    pub completed_through: Option<Timestamp>,
    pub completed_seq: u64,
}

/// Up to `limit` posts after `after`, in order.
pub async fn read(pool: &PgPool, handle: &Handle, after: u64, limit: u32) -> Result<Vec<InboxPost>, Error> {
    let rows = sqlx::query(
        "select i.seq, p.id, p.author_id, p.text, p.reference,
                (extract(epoch from p.created_at) * 1000)::bigint,
                (extract(epoch from p.received_at) * 1000)::bigint, p.traceparent
           from social.inbox i join social.post p on p.id = i.post_id
          where i.handle = $1 and i.seq > $2 order by i.seq limit $3",
    )
    .bind(handle.as_str())
    .bind(signed(after))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter().map(post).collect()
}

/// The number of the last post before the first one created at or after `since`; where a new reader begins.
pub async fn position_before(pool: &PgPool, handle: &Handle, since: Timestamp) -> Result<u64, Error> {
    let row = sqlx::query(
        "select coalesce(
                (select min(i.seq) - 1 from social.inbox i join social.post p on p.id = i.post_id
                  where i.handle = $1 and p.created_at >= to_timestamp($2 / 1000.0)),
                (select max(seq) from social.inbox where handle = $1), 0)",
    )
    .bind(handle.as_str())
    .bind(since.0)
    .fetch_one(pool)
    .await?;
    unsigned(row.try_get(0)?, "an inbox position")
}

/// Asks that every mention timed at or before `through` be known to be in the inbox.
pub async fn request_audit(pool: &PgPool, handle: &Handle, through: Timestamp) -> Result<(), Error> {
    sqlx::query(
        "insert into social.audit as a (handle, requested_through, requested_at, not_before)
         values ($1, to_timestamp($2 / 1000.0), now(), now())
         on conflict (handle) do update
            set requested_through = greatest(a.requested_through, excluded.requested_through),
                requested_at = now(), not_before = now()",
    )
    .bind(handle.as_str())
    .bind(through.0)
    .execute(pool)
    .await?;
    Ok(())
}

/// How far the audit of a handle has come.
pub async fn audit(pool: &PgPool, handle: &Handle) -> Result<Audit, Error> {
    let row = sqlx::query(
        "select (extract(epoch from requested_through) * 1000)::bigint,
                (extract(epoch from completed_through) * 1000)::bigint,
                coalesce(completed_seq, 0)
           from social.audit where handle = $1",
    )
    .bind(handle.as_str())
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(Audit::default()) };
    Ok(Audit {
        requested_through: row.try_get::<Option<i64>, _>(0)?.map(Timestamp),
        completed_through: row.try_get::<Option<i64>, _>(1)?.map(Timestamp),
        completed_seq: unsigned(row.try_get(2)?, "an audit's inbox position")?,
    })
}

fn post(row: &PgRow) -> Result<InboxPost, Error> {
    let reference = match row.try_get::<&str, _>(4)? {
        "none" => PostReference::None,
        "reply" => PostReference::Reply,
        "quote" => PostReference::Quote,
        "repost" => PostReference::Repost,
        _ => return Err(Error::Unreadable { what: "a post's reference" }),
    };
    Ok(InboxPost {
        seq: unsigned(row.try_get(0)?, "an inbox position")?,
        id: row.try_get(1)?,
        author: BidderId(unsigned(row.try_get(2)?, "an author's id")?),
        text: row.try_get(3)?,
        reference,
        created_at: Timestamp(row.try_get(5)?),
        received_at: Timestamp(row.try_get(6)?),
        // A trace that cannot be read is no reason to lose a bid.
        trace: row.try_get::<Option<&str>, _>(7)?.and_then(|text| text.parse().ok()),
    })
}
