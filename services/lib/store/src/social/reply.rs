//! Replies: planned in the database before they are sent, at most one for each post.

use auction_core::{BidderId, Handle, Timestamp, TraceContext};

use super::inbox::id;
use sqlx::PgPool;

use super::{Lease, bigint};
use crate::{Error, signed, unsigned};

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplyState {
    /// The bid leads: it is answered when the hammer falls.
    Held,
    Planned,
    /// The call is being made. Found so by another writer, it is in doubt and is not made again.
    Sending,
    Sent,
    /// Not worth saying any more.
    Dropped,
    Failed,
    /// Decided, and not sent on purpose.
    DryRun,
}

impl ReplyState {
    const ALL: [Self; 7] =
        [Self::Held, Self::Planned, Self::Sending, Self::Sent, Self::Dropped, Self::Failed, Self::DryRun];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
            Self::DryRun => "dry_run",
        }
    }

    fn read(text: &str) -> Result<Self, Error> {
        let state = Self::ALL.into_iter().find(|state| state.as_str() == text);
        state.ok_or(Error::Unreadable { what: "a reply's state" })
    }
}

/// A lot of an auction, as replies are grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyLot {
    pub auction: String,
    pub lot: u32,
}

/// A reply that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReply {
    /// The first edit's id of the post that is answered.
    pub post: u64,
    pub author: BidderId,
    /// What it answers: `won`, `accepted` or the refusal's code.
    pub code: String,
    /// Empty while it is held: the hammer decides about the words.
    pub text: String,
    pub state: ReplyState,
    pub lot: Option<ReplyLot>,
    pub planned_at: Timestamp,
}

/// A reply as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub post: u64,
    pub author: BidderId,
    pub code: String,
    pub text: String,
    pub state: ReplyState,
    pub attempts: u32,
    pub reply_id: Option<String>,
    pub problem: Option<String>,
    pub planned_at: Timestamp,
    pub sent_at: Option<Timestamp>,
}

/// What is known of a post that might be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplySubject {
    pub author: BidderId,
    /// The edit to answer.
    pub latest_id: u64,
    pub deleted: bool,
    pub answered: bool,
    /// The author said "stop".
    pub silent: bool,
    /// Where the post's trace began, if it was chosen.
    pub trace: Option<TraceContext>,
}

/// Looks a post of this handle's inbox up for a reply; `None` if the inbox does not hold it.
pub async fn reply_subject(pool: &PgPool, handle: &Handle, post: u64) -> Result<Option<ReplySubject>, Error> {
    let row: Option<(i64, String, bool, bool, bool, Option<String>)> = sqlx::query_as(
        "select p.author_id, p.latest_id, p.deleted_at is not null,
                exists (select 1 from social.reply r where r.post_id = p.id),
                exists (select 1 from social.silence s where s.author_id = p.author_id), p.traceparent
         from social.inbox i join social.post p on p.id = i.post_id
         where i.handle = $1 and i.post_id = $2",
    )
    .bind(handle.as_str())
    .bind(post.to_string())
    .fetch_optional(pool)
    .await?;
    row.map(|(author, latest, deleted, answered, silent, trace)| {
        let (author, trace) = (BidderId(unsigned(author, "an author's id")?), trace.and_then(|text| text.parse().ok()));
        Ok(ReplySubject { author, latest_id: id(&latest)?, deleted, answered, silent, trace })
    })
    .transpose()
}

/// Plans a reply; `false` if the post has one. A held one takes the place of whatever is held in its lot.
pub async fn plan_reply(pool: &PgPool, handle: &Handle, reply: &NewReply) -> Result<bool, Error> {
    let planned: i64 = sqlx::query_scalar(
        "with planned as (
            insert into social.reply (post_id, handle, author_id, code, text, state, auction, lot, planned_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, timestamptz 'epoch' + $9 * interval '1 millisecond')
            on conflict (post_id) do nothing
            returning post_id
         ),
         outbid as (
            update social.reply r set state = 'dropped', problem = 'outbid'
            from planned
            where $6 = 'held' and r.handle = $2 and r.auction = $7 and r.lot = $8 and r.state = 'held'
              and r.post_id <> planned.post_id
         )
         select count(*) from planned",
    )
    .bind(reply.post.to_string())
    .bind(handle.as_str())
    .bind(bigint(reply.author.0))
    .bind(&reply.code)
    .bind(&reply.text)
    .bind(reply.state.as_str())
    .bind(reply.lot.as_ref().map(|lot| lot.auction.clone()))
    .bind(reply.lot.as_ref().map(|lot| i64::from(lot.lot)))
    .bind(reply.planned_at.0)
    .fetch_one(pool)
    .await?;
    Ok(planned == 1)
}

/// The hammer has fallen on a lot: the winner's held reply becomes a planned one with this code and text, every other
/// held reply of the lot is dropped. A winner who was outbid in between (the other bid may have been voided, or topped on
/// the web) has no held reply, and the newest that was dropped for it is taken, once a lot. Returns whether there was one
/// to send.
pub async fn release_held(
    pool: &PgPool,
    handle: &Handle,
    lot: &ReplyLot,
    winner: Option<(BidderId, &str, &str)>,
    state: ReplyState,
) -> Result<bool, Error> {
    let released: i64 = sqlx::query_scalar(
        "with chosen as (
            select r.post_id from social.reply r
             where r.handle = $1 and r.auction = $2 and r.lot = $3 and r.author_id = $4
               and (r.state = 'held' or r.state = 'dropped' and r.problem = 'outbid' and not exists (
                    select 1 from social.reply told
                     where told.handle = $1 and told.auction = $2 and told.lot = $3 and told.author_id = $4
                       and told.code = $5))
             order by r.state = 'held' desc, r.planned_at desc, r.post_id desc limit 1
         ),
         released as (
            update social.reply r
               set state = case when c.post_id is not null then $7 else 'dropped' end,
                   code = case when c.post_id is not null then $5 else r.code end,
                   text = case when c.post_id is not null then $6 else r.text end,
                   problem = null, planned_at = now()
              from social.reply same left join chosen c on c.post_id = same.post_id
             where same.post_id = r.post_id and r.handle = $1 and r.auction = $2 and r.lot = $3
               and (r.state = 'held' or c.post_id is not null)
            returning r.state
         )
         select count(*) from released where state = $7",
    )
    .bind(handle.as_str())
    .bind(&lot.auction)
    .bind(i64::from(lot.lot))
    .bind(winner.map(|(bidder, _, _)| bigint(bidder.0)))
    .bind(winner.map_or("", |(_, code, _)| code))
    .bind(winner.map_or("", |(_, _, text)| text))
    .bind(state.as_str())
    .fetch_one(pool)
    .await?;
    Ok(released > 0)
}

/// Notes that a reply is about to be sent with `text`; `false` if it is not to be sent any more, or not by the holder of
/// this lease.
pub async fn start_reply(pool: &PgPool, lease: &Lease, post: u64, text: &str) -> Result<bool, Error> {
    let done = sqlx::query(
        "update social.reply set state = 'sending', attempts = attempts + 1, text = $2
         where post_id = $1 and state = 'planned'
           and exists (select 1 from social.inbox_lease l where l.handle = $3 and l.epoch = $4)",
    )
    .bind(post.to_string())
    .bind(text)
    .bind(lease.handle.as_str())
    .bind(signed(lease.epoch))
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives up the replies whose call an earlier holder began and did not finish: X may have taken them, and a post is
/// answered at most once. Returns how many.
pub async fn give_up_replies_in_doubt(pool: &PgPool, lease: &Lease) -> Result<u64, Error> {
    let done = sqlx::query(
        "update social.reply set state = 'failed', problem = 'in_doubt'
         where handle = $1 and state = 'sending'
           and exists (select 1 from social.inbox_lease l where l.handle = $1 and l.epoch = $2)",
    )
    .bind(lease.handle.as_str())
    .bind(signed(lease.epoch))
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Notes what became of a reply: `Sent` with X's id, `Failed`, `Dropped`, or `Planned` (to be tried again), with why.
pub async fn finish_reply(
    pool: &PgPool,
    post: u64,
    state: ReplyState,
    reply_id: Option<u64>,
    problem: Option<&str>,
) -> Result<(), Error> {
    sqlx::query(
        "update social.reply set state = $2, reply_id = coalesce($3, reply_id), problem = $4,
                                 sent_at = case when $2 = 'sent' then now() else sent_at end
         where post_id = $1",
    )
    .bind(post.to_string())
    .bind(state.as_str())
    .bind(reply_id.map(|id| id.to_string()))
    .bind(problem)
    .execute(pool)
    .await?;
    Ok(())
}

const COLUMNS: &str = "post_id, author_id, code, text, state, attempts, reply_id, problem,
    (extract(epoch from planned_at) * 1000)::bigint, (extract(epoch from sent_at) * 1000)::bigint";

type Row = (String, i64, String, String, String, i32, Option<String>, Option<String>, i64, Option<i64>);

fn reply(row: Row) -> Result<Reply, Error> {
    let (post, author, code, text, state, attempts, reply_id, problem, planned_at, sent_at) = row;
    Ok(Reply {
        state: ReplyState::read(&state)?,
        post: id(&post)?,
        author: BidderId(unsigned(author, "an author's id")?),
        code,
        text,
        attempts: u32::try_from(attempts).map_err(|_| Error::Unreadable { what: "a reply's attempts" })?,
        reply_id,
        problem,
        planned_at: Timestamp(planned_at),
        sent_at: sent_at.map(Timestamp),
    })
}

/// Replies that wait to be sent, oldest first.
pub async fn planned_replies(pool: &PgPool, handle: &Handle, limit: i64) -> Result<Vec<Reply>, Error> {
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from social.reply where handle = $1 and state = 'planned'
         order by planned_at limit $2"
    )))
    .bind(handle.as_str())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(reply).collect()
}

/// The newest replies, whatever their state.
pub async fn replies(pool: &PgPool, handle: &Handle, limit: i64) -> Result<Vec<Reply>, Error> {
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from social.reply where handle = $1 order by planned_at desc, post_id desc limit $2"
    )))
    .bind(handle.as_str())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(reply).collect()
}

/// When replies were sent since `since`: what is left of X's budget after a restart.
pub async fn reply_times(pool: &PgPool, handle: &Handle, since: Timestamp) -> Result<Vec<Timestamp>, Error> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "select (extract(epoch from sent_at) * 1000)::bigint from social.reply
         where handle = $1 and state = 'sent' and sent_at >= timestamptz 'epoch' + $2 * interval '1 millisecond'
         order by sent_at",
    )
    .bind(handle.as_str())
    .bind(since.0)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Timestamp).collect())
}
