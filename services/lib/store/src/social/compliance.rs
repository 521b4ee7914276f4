//! What X's policy asks of stored posts: text goes when its author deletes the post or when it is old (ids and hash stay
//! as the record of a bid), and who said "stop" is answered no more.

use auction_core::{BidderId, Timestamp};

use super::inbox::id;
use sqlx::PgPool;

use super::bigint;
use crate::{Error, unsigned};

/// A stored post whose existence on X is to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checked {
    pub id: u64,
    pub latest_id: u64,
}

/// Erases the text of posts (any edit's id will do) and remembers the deletion, so that a late delivery brings nothing
/// back. Returns how many stored posts lost their text.
pub async fn erase_posts(pool: &PgPool, posts: &[u64], at: Timestamp) -> Result<u64, Error> {
    let erased: i64 = sqlx::query_scalar(
        "with gone as (
            insert into social.deletion (post_id, deleted_at)
            select post_id, timestamptz 'epoch' + $2 * interval '1 millisecond' from unnest($1::text[]) as g (post_id)
            on conflict (post_id) do nothing
         ),
         meant as (
            select p.id from social.post p where p.id = any($1) or p.latest_id = any($1)
            union select e.post_id from social.edit e where e.id = any($1)
         ),
         erased as (
            update social.post set text = null, raw = null, author_handle = null,
                                   deleted_at = timestamptz 'epoch' + $2 * interval '1 millisecond'
            where id in (select id from meant) and deleted_at is null
            returning 1
         ),
         unsaid as (
            update social.reply set state = 'failed', problem = 'post_deleted'
            where (post_id = any($1) or post_id in (select id from meant)) and state in ('held', 'planned')
         )
         select count(*) from erased",
    )
    .bind(posts.iter().map(u64::to_string).collect::<Vec<_>>())
    .bind(at.0)
    .fetch_one(pool)
    .await?;
    unsigned(erased, "a count of posts")
}

/// Lets the texts of at most `limit` posts received before `before` go, the oldest first; returns how many.
pub async fn expire_texts(pool: &PgPool, before: Timestamp, at: Timestamp, limit: i64) -> Result<u64, Error> {
    let done = sqlx::query(
        "update social.post set text = null, raw = null, author_handle = null,
                                expired_at = timestamptz 'epoch' + $2 * interval '1 millisecond'
         where id in (select id from social.post
                      where text is not null and received_at < timestamptz 'epoch' + $1 * interval '1 millisecond'
                      order by received_at limit $3)",
    )
    .bind(before.0)
    .bind(at.0)
    .bind(limit)
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Stored posts received in `[from, to)` that still have their text, oldest first, after post `after`.
pub async fn posts_to_check(
    pool: &PgPool,
    received: std::ops::Range<Timestamp>,
    after: u64,
    limit: i64,
) -> Result<Vec<Checked>, Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select id, latest_id from social.post
         where text is not null
           and received_at >= timestamptz 'epoch' + $1 * interval '1 millisecond'
           and received_at < timestamptz 'epoch' + $2 * interval '1 millisecond'
           and id::bigint > $3
         order by id::bigint limit $4",
    )
    .bind(received.start.0)
    .bind(received.end.0)
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(first, latest)| Ok(Checked { id: id(&first)?, latest_id: id(&latest)? })).collect()
}

/// The authors of posts that were received at or after `since` and still have their text.
pub async fn authors_since(pool: &PgPool, since: Timestamp) -> Result<Vec<BidderId>, Error> {
    let authors: Vec<i64> = sqlx::query_scalar(
        "select distinct author_id from social.post
         where received_at >= timestamptz 'epoch' + $1 * interval '1 millisecond' and text is not null
         order by author_id",
    )
    .bind(since.0)
    .fetch_all(pool)
    .await?;
    authors.into_iter().map(|id| unsigned(id, "an author's id").map(BidderId)).collect()
}

/// True if this author has said "stop".
pub async fn is_silent(pool: &PgPool, author: BidderId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar("select exists (select 1 from social.silence where author_id = $1)")
        .bind(bigint(author.0))
        .fetch_one(pool)
        .await?)
}

/// Notes that an author wants no replies, or wants them again.
pub async fn set_silence(pool: &PgPool, author: BidderId, silent_since: Option<Timestamp>) -> Result<(), Error> {
    let statement = match silent_since {
        Some(at) => sqlx::query(
            "insert into social.silence (author_id, since)
             values ($1, timestamptz 'epoch' + $2 * interval '1 millisecond') on conflict (author_id) do nothing",
        )
        .bind(bigint(author.0))
        .bind(at.0),
        None => sqlx::query("delete from social.silence where author_id = $1").bind(bigint(author.0)),
    };
    statement.execute(pool).await?;
    Ok(())
}
