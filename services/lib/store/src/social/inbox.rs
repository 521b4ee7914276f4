//! The commit of a batch of posts: one statement that drops strangers and posts that are known, moves the lease and
//! inserts the rest with dense numbers. Nothing of it happens unless epoch and last number are what the writer believes.

use std::collections::BTreeSet;

use auction_core::{Handle, Timestamp};

use sqlx::{PgPool, Row as _};

use super::{Lease, NewPost, bigint};
use crate::{Error, signed, unsigned};

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The inbox's newest number after it.
    pub last_seq: u64,
    /// The posts that got a number, in the order of their numbers, which end at `last_seq`.
    pub queued: Vec<u64>,
    /// The posts in the batch whose author is not in the registry; nothing of them was stored.
    pub strangers: Vec<u64>,
}

const COMMIT: &str = "
with candidate as (
    select * from unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bytea[], $10::text[],
                         $11::bigint[], $12::bigint[], $13::text[], $14::jsonb[], $16::text[])
        with ordinality as c (id, latest_id, author_id, author_handle, text, text_sha256, reference,
                              created_ms, received_ms, via, raw, traceparent, place)
),
linked as (
    select c.*,
           (select max(d.deleted_at) from social.deletion d where d.post_id in (c.id, c.latest_id)) as deleted_at
    from candidate c
    where exists (select 1 from engine.bidder b where b.x_id = c.author_id)
),
fresh as (
    select l.*, row_number() over (order by l.place) as nth
    from linked l
    where not exists (select 1 from social.inbox i where i.handle = $1 and i.post_id = l.id)
),
lease as (
    update social.inbox_lease
       set last_seq = last_seq + (select count(*) from fresh), until = now() + $15 * interval '1 millisecond'
     where handle = $1 and epoch = $2 and last_seq = $3
    returning last_seq
),
posted as (
    insert into social.post (id, latest_id, author_id, author_handle, text, text_sha256, reference, edited,
                             created_at, received_at, via, raw, traceparent, deleted_at)
    select f.id, f.latest_id, f.author_id, f.author_handle, case when f.deleted_at is null then f.text end,
           f.text_sha256, f.reference, f.latest_id <> f.id,
           timestamptz 'epoch' + f.created_ms * interval '1 millisecond',
           timestamptz 'epoch' + f.received_ms * interval '1 millisecond',
           f.via, case when f.deleted_at is null then f.raw end, f.traceparent, f.deleted_at
    from fresh f, lease
    on conflict (id) do nothing
),
edited as (
    update social.post p set edited = true
    from linked c, lease
    where p.id = c.id and p.latest_id <> c.latest_id and not p.edited
),
noted as (
    insert into social.edit (id, post_id) select c.latest_id, c.id from linked c, lease where c.latest_id <> c.id
    on conflict (id) do nothing
),
renamed as (
    update engine.bidder b set handle = lower(c.author_handle), updated_at = now()
    from linked c, lease
    where b.x_id = c.author_id and c.author_handle is not null and lower(b.handle) <> lower(c.author_handle)
),
queued as (
    insert into social.inbox (handle, seq, post_id) select $1, $3 + f.nth, f.id from fresh f, lease
    returning seq, post_id
)
select (select last_seq from lease) as last_seq,
       array(select post_id from queued order by seq) as queued,
       array(select id from candidate except select id from linked) as strangers";

/// Stores `posts`, which must have distinct ids, and queues those that the inbox does not hold. `None`: fenced, another
/// has the lease or has written since; nothing was stored.
pub async fn commit_posts(
    pool: &PgPool,
    lease: &Lease,
    posts: &[NewPost],
    ttl_ms: i64,
) -> Result<Option<Committed>, Error> {
    let (last_seq, queued, strangers): (Option<i64>, Vec<String>, Vec<String>) = sqlx::query_as(COMMIT)
        .bind(lease.handle.as_str())
        .bind(signed(lease.epoch))
        .bind(signed(lease.last_seq))
        .bind(posts.iter().map(|p| p.id.to_string()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.latest_id.to_string()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| bigint(p.author.0)).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.author_handle.as_ref().map(Handle::to_string)).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.text.clone()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.text_sha256.to_vec()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.reference.as_str()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.created_at.0).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.received_at.0).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.via.as_str()).collect::<Vec<_>>())
        .bind(posts.iter().map(|p| p.raw.clone()).collect::<Vec<_>>())
        .bind(ttl_ms)
        .bind(posts.iter().map(|p| p.trace.map(|trace| trace.to_string())).collect::<Vec<_>>())
        .fetch_one(pool)
        .await?;
    let Some(last_seq) = last_seq else { return Ok(None) };
    let last_seq = unsigned(last_seq, "an inbox position")?;
    Ok(Some(Committed { last_seq, queued: ids(&queued)?, strangers: ids(&strangers)? }))
}

fn ids(texts: &[String]) -> Result<Vec<u64>, Error> {
    texts.iter().map(|text| id(text)).collect()
}

pub(super) fn id(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::Unreadable { what: "a post's id" })
}

/// How many posts the inbox holds: its numbers are dense from 1. 0 for a handle that nobody has read yet.
pub async fn last_seq(pool: &PgPool, handle: &Handle) -> Result<u64, Error> {
    let row = sqlx::query("select last_seq from social.inbox_lease where handle = $1")
        .bind(handle.as_str())
        .fetch_optional(pool)
        .await?;
    row.map_or(Ok(0), |row| unsigned(row.try_get(0)?, "an inbox position"))
}

/// When the newest post of this handle's inbox was made; `None` for an empty inbox.
pub async fn newest_post_at(pool: &PgPool, handle: &Handle) -> Result<Option<Timestamp>, Error> {
    let at: Option<i64> = sqlx::query_scalar(
        "select (extract(epoch from max(p.created_at)) * 1000)::bigint
         from (select post_id from social.inbox where handle = $1 order by seq desc limit 1000) i
         join social.post p on p.id = i.post_id",
    )
    .bind(handle.as_str())
    .fetch_one(pool)
    .await?;
    Ok(at.map(Timestamp))
}

/// The posts that were received since `since`: what X has charged for already on that day.
pub async fn posts_since(pool: &PgPool, since: Timestamp) -> Result<BTreeSet<u64>, Error> {
    let rows: Vec<String> = sqlx::query_scalar(
        "select latest_id from social.post where received_at >= timestamptz 'epoch' + $1 * interval '1 millisecond'",
    )
    .bind(since.0)
    .fetch_all(pool)
    .await?;
    ids(&rows).map(BTreeSet::from_iter)
}
