//! The bidders' registry: who may bid, under which paddle, up to what. Workers take changes into their journals.

use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{BidderId, Handle, Paddle, Wei};
use sqlx::postgres::PgRow;
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

/// Why a bidder could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    #[error("paddle {paddle} or the token subject belongs to another bidder")]
    Taken { paddle: Paddle },
    #[error("the registry could not be written")]
    Failed(#[from] Error),
}

/// Adds or changes bidders, all or none.
pub async fn put(pool: &PgPool, bidders: &[Bidder]) -> Result<(), PutError> {
    let mut transaction = pool.begin().await.map_err(Error::from)?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(WRITE_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(Error::from)?;
    for bidder in bidders {
        let terms = &bidder.terms;
        let written = sqlx::query(
            "insert into engine.bidder (x_id, handle, paddle, limit_wei, status, subject)
             values ($1, $2, $3, $4::numeric, $5, $6)
             on conflict (x_id) do update
                set handle = excluded.handle, paddle = excluded.paddle, limit_wei = excluded.limit_wei,
                    status = excluded.status, subject = excluded.subject,
                    version = nextval('engine.bidder_version'), updated_at = now()",
        )
        .bind(signed(terms.bidder.0))
        .bind(bidder.handle.as_str())
        .bind(i32::try_from(terms.paddle.0).unwrap_or(i32::MAX))
        .bind(terms.limit.map(|limit| limit.to_string()))
        .bind(status_name(terms.status))
        .bind(&bidder.subject)
        .execute(&mut *transaction)
        .await;
        match written {
            Ok(_) => {}
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
                return Err(PutError::Taken { paddle: terms.paddle });
            }
            Err(error) => return Err(Error::from(error).into()),
        }
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

const COLUMNS: &str = "select x_id, handle, paddle, limit_wei::text, status, subject, version from engine.bidder";

/// Up to `limit` bidders with an id after `after`, by id.
pub async fn list(pool: &PgPool, after: BidderId, limit: u32) -> Result<Vec<Bidder>, Error> {
    let sql = format!("{COLUMNS} where x_id > $1 order by x_id limit $2");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(signed(after.0)).bind(i64::from(limit)).fetch_all(pool).await?;
    rows.iter().map(|row| Ok(versioned(row)?.bidder)).collect()
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
    answered(reading).await?.iter().map(versioned).collect()
}

/// The lowest paddle above every one that is given out.
pub async fn next_paddle(pool: &PgPool) -> Result<Paddle, Error> {
    let row = sqlx::query("select coalesce(max(paddle), 0) + 1 from engine.bidder").fetch_one(pool).await?;
    paddle(row.try_get(0)?)
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
