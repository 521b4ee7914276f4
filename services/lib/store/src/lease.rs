//! The lease of a shard: who may write its journal, by the database's clock alone.
//!
//! Every take-over raises the epoch, and every write names its epoch, so a writer that was paused for however long finds
//! its next statement without effect.

use std::time::Duration;

use auction_core::{AuctionId, Timestamp};
use sqlx::{PgConnection, PgExecutor, Row};
use uuid::Uuid;

use crate::{Error, answered_within, signed, unsigned};

/// How long a lease lasts after its last renewal. Written into the statements below.
pub const LEASE: Duration = Duration::from_secs(2);

/// How long a statement about the lease may take: what takes longer has lost it anyway.
const LEASE_DEADLINE: Duration = LEASE;

/// Who asks for a lease and where others find it.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// Drawn at start: a restarted process is another owner.
    pub owner: Uuid,
    /// `host:port` of its API.
    pub address: String,
}

impl Claimant {
    /// A new owner, unlike every other.
    pub fn new(address: String) -> Self {
        Self { owner: Uuid::new_v4(), address }
    }
}

/// A lease that is held: the writer's proof in every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub epoch: u64,
    /// The last row of the journal when it was taken.
    pub last_seq: u64,
}

/// What asking for a lease came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Held(Lease),
    /// Somebody else's until `remaining` from now, unless it is renewed.
    Taken {
        address: String,
        remaining: Duration,
    },
}

/// Takes the shard's lease if nobody holds it: epoch + 1.
pub async fn claim(connection: &mut PgConnection, shard: &str, claimant: &Claimant) -> Result<Claim, Error> {
    let claiming = sqlx::query(
        "insert into engine.shard_lease as lease (shard, epoch, owner, address, until)
         values ($1, 1, $2, $3, now() + interval '2 seconds')
         on conflict (shard) do update
            set epoch = lease.epoch + 1, owner = $2, address = $3, until = now() + interval '2 seconds'
          where lease.until < now()
         returning epoch, last_seq",
    )
    .bind(shard)
    .bind(claimant.owner)
    .bind(&claimant.address)
    .fetch_optional(&mut *connection);
    if let Some(row) = answered_within(LEASE_DEADLINE, claiming).await? {
        return lease_of(&row).map(Claim::Held);
    }
    let reading = sqlx::query(
        "select address, greatest(extract(epoch from until - now()) * 1000, 0)::bigint
           from engine.shard_lease where shard = $1",
    )
    .bind(shard)
    .fetch_one(connection);
    let row = answered_within(LEASE_DEADLINE, reading).await?;
    let remaining = Duration::from_millis(unsigned(row.try_get(1)?, "a lease's end")?);
    Ok(Claim::Taken { address: row.try_get(0)?, remaining })
}

/// Takes the lease again for its current owner, whose connection was lost: epoch + 1, at once. `None`: it has passed to
/// somebody else. `epoch` is the last one known: an answer to an earlier call may have been lost with its connection.
pub async fn reclaim(
    connection: &mut PgConnection,
    shard: &str,
    claimant: &Claimant,
    epoch: u64,
) -> Result<Option<Lease>, Error> {
    let reclaiming = sqlx::query(
        "update engine.shard_lease
            set epoch = epoch + 1, until = now() + interval '2 seconds'
          where shard = $1 and owner = $2 and epoch >= $3
         returning epoch, last_seq",
    )
    .bind(shard)
    .bind(claimant.owner)
    .bind(signed(epoch))
    .fetch_optional(connection);
    answered_within(LEASE_DEADLINE, reclaiming).await?.as_ref().map(lease_of).transpose()
}

/// Renews an idle lease. `false`: fenced.
pub async fn renew(connection: &mut PgConnection, shard: &str, epoch: u64) -> Result<bool, Error> {
    let renewing = sqlx::query(
        "update engine.shard_lease set until = now() + interval '2 seconds' where shard = $1 and epoch = $2",
    )
    .bind(shard)
    .bind(signed(epoch))
    .execute(connection);
    let renewed = answered_within(LEASE_DEADLINE, renewing).await?;
    Ok(renewed.rows_affected() == 1 || cfg!(feature = "fault-no-epoch-check"))
}

/// Gives the lease up, so that the next worker need not wait for its end.
pub async fn release(connection: &mut PgConnection, shard: &str, epoch: u64) -> Result<(), Error> {
    let releasing = sqlx::query("update engine.shard_lease set until = '-infinity' where shard = $1 and epoch = $2")
        .bind(shard)
        .bind(signed(epoch))
        .execute(connection);
    answered_within(LEASE_DEADLINE, releasing).await?;
    Ok(())
}

/// A shard that is held, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub shard: String,
    /// `host:port` of the holder's API.
    pub address: String,
}

/// Who holds the shard that an auction's rows are in. `None`: nobody, or there is no such auction.
pub async fn holder_of(executor: impl PgExecutor<'_>, auction: &AuctionId) -> Result<Option<Holder>, Error> {
    let row = sqlx::query(
        "select shard, address from engine.shard_lease lease
          where until > now()
            and exists (select 1 from engine.journal row
                          where row.shard = lease.shard and row.auction = $1 and row.lot is null)
          limit 1",
    )
    .bind(auction.as_str())
    .fetch_optional(executor)
    .await?;
    row.map(|row| Ok(Holder { shard: row.try_get(0)?, address: row.try_get(1)? })).transpose()
}

/// Where a shard is held.
pub async fn address_of(executor: impl PgExecutor<'_>, shard: &str) -> Result<Option<String>, Error> {
    let row = sqlx::query("select address from engine.shard_lease where shard = $1 and until > now()")
        .bind(shard)
        .fetch_optional(executor)
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// The database's clock.
pub async fn database_now(executor: impl PgExecutor<'_>) -> Result<Timestamp, Error> {
    let row = sqlx::query("select (extract(epoch from clock_timestamp()) * 1000)::bigint").fetch_one(executor).await?;
    Ok(Timestamp(row.try_get(0)?))
}

fn lease_of(row: &sqlx::postgres::PgRow) -> Result<Lease, Error> {
    Ok(Lease {
        epoch: unsigned(row.try_get("epoch")?, "a lease's epoch")?,
        last_seq: unsigned(row.try_get("last_seq")?, "a lease's last row")?,
    })
}
