//! The bidders' registry: who may bid, under which paddle, up to what. Workers take changes into their journals.

use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{BidderId, Handle, Paddle, Wei};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgRow};
use sqlx::{PgPool, Row};

use crate::{Error, answered, signed, unsigned};

/// Serialises writers of the registry, so that a later `version` never becomes visible before an earlier one.
const WRITE_LOCK: i64 = 0x5067_0001;

/// A bidder as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bidder {
    pub terms: BidderTerms,
    pub handle: Handle,
    /// The `sub` of the tokens that may bid for it on the web.
    pub subject: Option<String>,
}

/// A bidder with the version of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    pub bidder: Bidder,
    pub version: u64,
}

/// What is asked of the registry for one bidder; `None` leaves what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub bidder: BidderId,
    /// Without a known one: the last digits of the id.
    pub handle: Option<Handle>,
    /// Without a known one: the lowest above every one that is given out or named.
    pub paddle: Option<Paddle>,
    pub limit: LimitChange,
    /// Without a known one: active.
    pub status: Option<BidderStatus>,
    /// An empty one is taken away.
    pub subject: Option<String>,
}

/// What becomes of a bidder's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitChange {
    None,
    Lifted,
    Set(Wei),
}

impl From<&Bidder> for Change {
    /// Everything as it stands in `bidder`.
    fn from(Bidder { terms, handle, subject }: &Bidder) -> Self {
        Self {
            bidder: terms.bidder,
            handle: Some(handle.clone()),
            paddle: Some(terms.paddle),
            limit: terms.limit.map_or(LimitChange::Lifted, LimitChange::Set),
            status: Some(terms.status),
            subject: Some(subject.clone().unwrap_or_default()),
        }
    }
}

/// Why a bidder could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    #[error("paddle {paddle} belongs to another bidder")]
    PaddleTaken { paddle: Paddle },
    #[error("the token subject belongs to another bidder")]
    SubjectTaken,
    #[error("the registry could not be written")]
    Failed(#[from] Error),
}

/// Registers whole entries, all or none.
pub async fn put(pool: &PgPool, bidders: &[Bidder]) -> Result<(), PutError> {
    let changes: Vec<_> = bidders.iter().map(Change::from).collect();
    change(pool, &changes).await.map(drop)
}

/// Adds or changes bidders, all or none, each named once, and returns them in order. Paddles are given out under the
/// registry's lock: two calls never give the same one.
pub async fn change(pool: &PgPool, changes: &[Change]) -> Result<Vec<Bidder>, PutError> {
    let mut transaction = pool.begin().await.map_err(Error::from)?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(WRITE_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(Error::from)?;
    let named = changes.iter().filter_map(|change| change.paddle).map(number).max().unwrap_or_default();
    let limit = |change: &Change| match change.limit {
        LimitChange::Set(limit) => Some(limit.to_string()),
        LimitChange::None | LimitChange::Lifted => None,
    };
    let column = |text: fn(&Change) -> Option<&str>| changes.iter().map(text).collect::<Vec<_>>();
    let written = sqlx::query(
        "insert into engine.bidder (x_id, handle, paddle, limit_wei, status, subject)
         select line.x_id,
                coalesce(line.handle, known.handle, right(line.x_id::text, 15)),
                coalesce(line.paddle, known.paddle,
                         greatest($8, (select coalesce(max(paddle), 0) from engine.bidder))
                         + (count(*) filter (where line.paddle is null and known.paddle is null)
                              over (order by line.position))::integer),
                case when line.keeps_limit then known.limit_wei else line.limit_wei::numeric end,
                coalesce(line.status, known.status, 'active'),
                nullif(coalesce(line.subject, known.subject), '')
           from unnest($1::bigint[], $2::text[], $3::integer[], $4::boolean[], $5::text[], $6::text[], $7::text[])
                with ordinality as line (x_id, handle, paddle, keeps_limit, limit_wei, status, subject, position)
           left join engine.bidder known on known.x_id = line.x_id
          order by line.position
         on conflict (x_id) do update
            set handle = excluded.handle, paddle = excluded.paddle, limit_wei = excluded.limit_wei,
                status = excluded.status, subject = excluded.subject,
                version = nextval('engine.bidder_version'), updated_at = now()
         returning x_id, handle, paddle, limit_wei::text, status, subject, version",
    )
    .bind(changes.iter().map(|change| signed(change.bidder.0)).collect::<Vec<_>>())
    .bind(column(|change| change.handle.as_ref().map(Handle::as_str)))
    .bind(changes.iter().map(|change| change.paddle.map(number)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| change.limit == LimitChange::None).collect::<Vec<_>>())
    .bind(changes.iter().map(limit).collect::<Vec<_>>())
    .bind(column(|change| change.status.map(status_name)))
    .bind(column(|change| change.subject.as_deref()))
    .bind(named)
    .fetch_all(&mut *transaction)
    .await;
    let rows = written.map_err(|error| match error.as_database_error() {
        Some(refused) if refused.is_unique_violation() => taken(refused),
        Some(_) | None => Error::from(error).into(),
    })?;
    transaction.commit().await.map_err(Error::from)?;
    rows.iter().map(|row| Ok(versioned(row)?.bidder)).collect()
}

fn number(paddle: Paddle) -> i32 {
    i32::try_from(paddle.0).unwrap_or(i32::MAX)
}

/// What the violated constraint is about; PostgreSQL names the value as `(paddle)=(7)`.
fn taken(refused: &dyn DatabaseError) -> PutError {
    let detail = refused.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::detail).unwrap_or_default();
    let value = detail.split_once("(paddle)=(").and_then(|(_, value)| value.split(')').next());
    match value.and_then(|value| value.parse().ok()) {
        Some(paddle) => PutError::PaddleTaken { paddle: Paddle(paddle) },
        None => PutError::SubjectTaken,
    }
}

const COLUMNS: &str = "select x_id, handle, paddle, limit_wei::text, status, subject, version from engine.bidder";

/// Up to `limit` bidders with an id after `after`, by id.
pub async fn list(pool: &PgPool, after: BidderId, limit: u32) -> Result<Vec<Bidder>, Error> {
    let sql = format!("{COLUMNS} where x_id > $1 order by x_id limit $2");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(signed(after.0)).bind(i64::from(limit)).fetch_all(pool).await?;
    Ok(readable(&rows)?.into_iter().map(|versioned| versioned.bidder).collect())
}

/// One bidder.
pub async fn get(pool: &PgPool, bidder: BidderId) -> Result<Option<Bidder>, Error> {
    let sql = format!("{COLUMNS} where x_id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(signed(bidder.0)).fetch_optional(pool).await?;
    row.map(|row| Ok(versioned(&row)?.bidder)).transpose()
}

/// The bidder that is registered for a token's subject.
pub async fn by_subject(pool: &PgPool, subject: &str) -> Result<Option<BidderId>, Error> {
    let row =
        sqlx::query("select x_id from engine.bidder where subject = $1").bind(subject).fetch_optional(pool).await?;
    row.map(|row| unsigned(row.try_get(0)?, "a bidder's id").map(BidderId)).transpose()
}

/// Up to `limit` changes after `version`, in order.
pub async fn changes(pool: &PgPool, version: u64, limit: u32) -> Result<Vec<Versioned>, Error> {
    let sql = format!("{COLUMNS} where version > $1 order by version limit $2");
    let reading = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(signed(version)).bind(i64::from(limit)).fetch_all(pool);
    readable(&answered(reading).await?)
}

/// The lowest paddle above every one that is given out.
pub async fn next_paddle(pool: &PgPool) -> Result<Paddle, Error> {
    let row = sqlx::query("select coalesce(max(paddle), 0) + 1 from engine.bidder").fetch_one(pool).await?;
    paddle(row.try_get(0)?)
}

/// The rows that can be read. One that cannot must not hide the others: it is reported and left out.
fn readable(rows: &[PgRow]) -> Result<Vec<Versioned>, Error> {
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        match versioned(row) {
            Ok(bidder) => read.push(bidder),
            Err(error @ Error::Unreadable { .. }) => {
                tracing::error!(%error, x_id = row.try_get::<i64, _>(0)?, "a bidder's row is left out");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn versioned(row: &PgRow) -> Result<Versioned, Error> {
    let handle: &str = row.try_get(1)?;
    let limit: Option<&str> = row.try_get(3)?;
    let limit = limit.map(|limit| limit.parse::<Wei>().map_err(|_| Error::Unreadable { what: "a bidder's limit" }));
    let status = match row.try_get::<&str, _>(4)? {
        "active" => BidderStatus::Active,
        "suspended" => BidderStatus::Suspended,
        "barred" => BidderStatus::Barred,
        _ => return Err(Error::Unreadable { what: "a bidder's status" }),
    };
    let terms = BidderTerms {
        bidder: BidderId(unsigned(row.try_get(0)?, "a bidder's id")?),
        paddle: paddle(row.try_get(2)?)?,
        limit: limit.transpose()?,
        status,
    };
    let handle = Handle::new(handle).map_err(|_| Error::Unreadable { what: "a bidder's handle" })?;
    let bidder = Bidder { terms, handle, subject: row.try_get(5)? };
    Ok(Versioned { bidder, version: unsigned(row.try_get(6)?, "a bidder's version")? })
}

fn paddle(number: i32) -> Result<Paddle, Error> {
    u32::try_from(number).map(Paddle).map_err(|_| Error::Unreadable { what: "a paddle" })
}

fn status_name(status: BidderStatus) -> &'static str {
    match status {
        BidderStatus::Active => "active",
        BidderStatus::Suspended => "suspended",
        BidderStatus::Barred => "barred",
    }
}
