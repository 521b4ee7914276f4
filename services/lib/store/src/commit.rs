//! The one statement that makes a batch durable: it proves the epoch, extends the lease, and inserts the rows, the closes
//! and the batch's signature, all or nothing.

use std::ops::Range;
use std::time::Duration;

use auction_core::{AuctionId, Hash, LotNumber, SourceKind, Timestamp};
use sqlx::PgConnection;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::journal::source_number;
use crate::seal::{CloseSeal, CommitSeal};
use crate::signed;

/// Rows that one commit may hold: what it costs beyond is latency without throughput, and a receipt's path stays at 12.
pub const MAX_BATCH_ROWS: usize = 4_096;

/// Bytes of entries that one commit may hold.
pub const MAX_BATCH_BYTES: usize = 1 << 20;

/// How long a commit may take before its connection is given up and the outcome found out on another.
const COMMIT_DEADLINE: Duration = Duration::from_secs(10);

/// Rows to be inserted, column by column as the statement takes them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    auction: Vec<Option<AuctionId>>,
    lot: Vec<Option<i32>>,
    lot_seq: Vec<i64>,
    entry: Vec<Vec<u8>>,
    hash: Vec<[u8; 32]>,
    doc: Vec<String>,
    idem_source: Vec<i16>,
    idem_key: Vec<String>,
    at_ms: Vec<i64>,
    crc: Vec<i32>,
    bytes: usize,
}

/// One row on its way into the journal.
#[derive(Debug, Clone)]
pub struct NewRow {
    pub auction: Option<AuctionId>,
    pub lot: Option<LotNumber>,
    pub lot_seq: u64,
    /// `auction_core::Entry`'s canonical bytes.
    pub entry: Vec<u8>,
    pub hash: Hash,
    /// JSON text.
    pub doc: String,
    pub source: SourceKind,
    pub key: String,
    /// When it was decided.
    pub now: Timestamp,
}

/// The writer's position: what the statement demands of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub epoch: u64,
    pub last_seq: u64,
}

/// What the statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    Durable,
    /// The lease is another's, or the journal has moved: nothing was written.
    Fenced,
}

/// Why a commit did not return.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The database refuses the data of one row or more. Nothing was written and the connection is good.
    #[error("a row of the batch is refused by the database")]
    BadRow(#[source] sqlx::Error),
    /// The database answered that it cannot (its disk is full, the statement was cancelled). Nothing was written and the
    /// connection is good.
    #[error("the database cannot commit now")]
    Failed(#[source] sqlx::Error),
    /// The connection failed or is overdue: the batch may be durable or not.
    #[error("the connection was lost in a commit")]
    InDoubt(#[source] sqlx::Error),
    #[error("a commit did not return within {} s", .0.as_secs())]
    Overdue(Duration),
}

impl Batch {
    /// An empty batch with room for so many rows.
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            auction: Vec::with_capacity(rows),
            lot: Vec::with_capacity(rows),
            lot_seq: Vec::with_capacity(rows),
            entry: Vec::with_capacity(rows),
            hash: Vec::with_capacity(rows),
            doc: Vec::with_capacity(rows),
            idem_source: Vec::with_capacity(rows),
            idem_key: Vec::with_capacity(rows),
            at_ms: Vec::with_capacity(rows),
            crc: Vec::with_capacity(rows),
            bytes: 0,
        }
    }

    pub fn push(&mut self, row: NewRow) {
        self.bytes += row.entry.len();
        self.crc.push(crate::journal::checksum(&row.entry, &row.hash));
        self.auction.push(row.auction);
        self.lot.push(row.lot.map(|lot| i32::try_from(lot.0).expect("lot numbers fit an i32")));
        self.lot_seq.push(signed(row.lot_seq));
        self.entry.push(row.entry);
        self.hash.push(row.hash.0);
        self.doc.push(row.doc);
        self.idem_source.push(source_number(row.source));
        self.idem_key.push(row.key);
        self.at_ms.push(row.now.0);
    }

    pub fn len(&self) -> usize {
        self.entry.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entry.is_empty()
    }

    /// Bytes of its entries.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A copy of some of its rows.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            auction: self.auction[rows.clone()].to_vec(),
            lot: self.lot[rows.clone()].to_vec(),
            lot_seq: self.lot_seq[rows.clone()].to_vec(),
            entry: self.entry[rows.clone()].to_vec(),
            hash: self.hash[rows.clone()].to_vec(),
            doc: self.doc[rows.clone()].to_vec(),
            idem_source: self.idem_source[rows.clone()].to_vec(),
            idem_key: self.idem_key[rows.clone()].to_vec(),
            at_ms: self.at_ms[rows.clone()].to_vec(),
            crc: self.crc[rows.clone()].to_vec(),
            bytes: self.entry[rows].iter().map(Vec::len).sum(),
        }
    }

    /// The canonical bytes of each row, in order.
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entry
    }
}

/// The row of the lease, if this writer may write, with the number that its rows follow.
#[cfg(not(feature = "fault-no-epoch-check"))]
macro_rules! fence {
    () => {
        "update engine.shard_lease
            set last_seq = $3 + $4, until = now() + interval '2 seconds'
          where shard = $1 and epoch = $2 and last_seq = $3
         returning shard, $3::bigint as before"
    };
}

#[cfg(feature = "fault-no-epoch-check")]
macro_rules! fence {
    () => {
        "update engine.shard_lease
            set last_seq = last_seq + $4, until = now() + interval '2 seconds'
          where shard = $1 and $2 > 0 and $3 >= 0
         returning shard, last_seq - $4 as before"
    };
}

const COMMIT: &str = concat!(
    "with fence as (",
    fence!(),
    "), rows as (
    insert into engine.journal
        (shard, seq, auction, lot, lot_seq, entry, hash, doc, idem_source, idem_key, at, crc)
    select fence.shard, fence.before + t.n, t.auction, t.lot, t.lot_seq, t.entry, t.hash, t.doc::jsonb, t.idem_source, t.idem_key,
           to_timestamp(t.at_ms::float8 / 1000), t.crc
      from fence, unnest($5::text[], $6::int[], $7::bigint[], $8::bytea[], $9::bytea[], $10::text[], $11::smallint[],
                         $12::text[], $13::bigint[], $14::int[])
           with ordinality as t (auction, lot, lot_seq, entry, hash, doc, idem_source, idem_key, at_ms, crc, n)
), closes as (
    insert into engine.close (shard, auction, lot, round, lot_key, lot_seq, hash, signature, signer)
    select fence.shard, c.auction, c.lot, c.round, c.lot_key, c.lot_seq, c.hash, c.signature, $17
      from fence, unnest($18::text[], $19::int[], $20::int[], $21::bytea[], $22::bigint[], $23::bytea[], $24::bytea[])
           as c (auction, lot, round, lot_key, lot_seq, hash, signature)
)
insert into engine.commit (shard, first_seq, last_seq, epoch, root, leaves, signature, signer)
select fence.shard, fence.before + 1, fence.before + $4, $2, $15, $25, $16, $17 from fence"
);

/// Commits a batch after `position`. On [`Committed::Durable`] the last row is `position.last_seq + batch.len()`.
pub async fn commit(
    connection: &mut PgConnection,
    shard: &str,
    position: Position,
    batch: &Batch,
    seal: &CommitSeal,
    closes: &[CloseSeal],
) -> Result<Committed, CommitError> {
    let rows = i64::try_from(batch.len()).expect("a batch is small");
    let auctions: Vec<Option<&str>> = batch.auction.iter().map(|name| name.as_ref().map(AuctionId::as_str)).collect();
    let column = Columns::of(closes);
    let statement = sqlx::query(COMMIT)
        .bind(shard)
        .bind(signed(position.epoch))
        .bind(signed(position.last_seq))
        .bind(rows)
        .bind(auctions)
        .bind(&batch.lot)
        .bind(&batch.lot_seq)
        .bind(&batch.entry)
        .bind(&batch.hash)
        .bind(&batch.doc)
        .bind(&batch.idem_source)
        .bind(&batch.idem_key)
        .bind(&batch.at_ms)
        .bind(&batch.crc)
        .bind(&seal.root[..])
        .bind(&seal.signature[..])
        .bind(&seal.signer[..])
        .bind(column.auction)
        .bind(column.lot)
        .bind(column.round)
        .bind(column.lot_key)
        .bind(column.lot_seq)
        .bind(column.hash)
        .bind(column.signature)
        .bind(&seal.leaves)
        .execute(connection);
    match tokio::time::timeout(COMMIT_DEADLINE, statement).await {
        Ok(Ok(done)) if done.rows_affected() == 1 => Ok(Committed::Durable),
        Ok(Ok(_none)) => Ok(Committed::Fenced),
        Ok(Err(error)) if crate::is_bad_row(&error) => Err(CommitError::BadRow(error)),
        Ok(Err(error)) if is_answer(&error) => Err(CommitError::Failed(error)),
        Ok(Err(error)) => Err(CommitError::InDoubt(error)),
        Err(_elapsed) => Err(CommitError::Overdue(COMMIT_DEADLINE)),
    }
}

/// An error that ends the statement but not the session: the transaction was rolled back. What ends the session (a server
/// that shuts down or has crashed) may have come after the commit.
fn is_answer(error: &sqlx::Error) -> bool {
    let database = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    database.is_some_and(|error| error.severity() == PgSeverity::Error)
}

/// The closes of a batch, column by column.
#[derive(Default)]
struct Columns {
    auction: Vec<String>,
    lot: Vec<i32>,
    round: Vec<i32>,
    lot_key: Vec<Vec<u8>>,
    lot_seq: Vec<i64>,
    hash: Vec<Vec<u8>>,
    signature: Vec<Vec<u8>>,
}

impl Columns {
    fn of(closes: &[CloseSeal]) -> Self {
        let mut columns = Self::default();
        for close in closes {
            columns.auction.push(close.auction.as_str().to_owned());
            columns.lot.push(i32::try_from(close.lot.0).expect("lot numbers fit an i32"));
            columns.round.push(i32::try_from(close.round.0).expect("rounds fit an i32"));
            columns.lot_key.push(close.lot_key.to_vec());
            columns.lot_seq.push(signed(close.lot_seq));
            columns.hash.push(close.hash.0.to_vec());
            columns.signature.push(close.signature.to_vec());
        }
        columns
    }
}
