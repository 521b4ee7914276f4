//! When the state is written down, and how: captured when a batch is sealed, written once that batch is durable, off the
//! way of bids.

use std::time::Duration;

use auction_core::Shard;
use sha2::{Digest, Sha256};
use store::PgPool;
use store::snapshot::{KeyPage, Snapshot};
use tokio::time::Instant;
use xtra::{Context, Handler};

use super::actor::ShardActor;
use super::keys::Keys;

/// Rows between two snapshots: a start reads no more than about so many rows.
const INTERVAL: u64 = 10_000;

/// A snapshot may take this part of the time at most: after one that took 50 ms, the next waits a second.
const REST_FACTOR: u32 = 20;

/// A state that is to be written.
pub(crate) struct Captured {
    state: Shard,
    seq: u64,
    keys: KeyPage,
}

/// What is captured and what has been written.
pub(crate) struct Schedule {
    /// The last row whose key a page holds.
    saved_through: u64,
    captured: Option<Captured>,
    progress: Progress,
    not_before: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Resting,
    Writing,
}

/// A snapshot's writing has ended.
pub(crate) struct Written {
    seq: Option<u64>,
    took: Duration,
}

impl Schedule {
    pub(crate) fn new(saved_through: u64) -> Self {
        Self { saved_through, captured: None, progress: Progress::Resting, not_before: Instant::now() }
    }

    /// The state was read again: what was captured may never have been durable.
    pub(crate) fn restart(&mut self, saved_through: u64) {
        self.saved_through = saved_through;
        self.captured = None;
    }

    /// Captures the state if it is time.
    pub(crate) fn capture(&mut self, state: &Shard, keys: &Keys) {
        let due = state.rows() >= self.saved_through + INTERVAL && Instant::now() >= self.not_before;
        if due && self.captured.is_none() && self.progress == Progress::Resting {
            self.captured = Some(capture(state, keys, self.saved_through));
        }
    }
}

fn capture(state: &Shard, keys: &Keys, saved_through: u64) -> Captured {
    let seq = state.rows();
    let rows = usize::try_from(seq - saved_through).expect("rows in memory fit");
    let keys = KeyPage { first_seq: saved_through + 1, fingerprints: keys.unsaved(rows) };
    Captured { state: state.clone(), seq, keys }
}

/// Writes a captured state.
pub(crate) async fn write(pool: &PgPool, shard: &str, captured: Captured) -> Result<(), store::Error> {
    let state = captured.state.to_snapshot();
    let digest = Sha256::digest(&state).into();
    store::snapshot::write(pool, shard, &Snapshot { seq: captured.seq, state, digest }, &captured.keys).await
}

impl ShardActor {
    /// Writes what was captured if it is durable by now.
    pub(crate) fn write_snapshot(&mut self) {
        if self.snapshots.captured.as_ref().is_none_or(|captured| captured.seq > self.durable_seq) {
            return;
        }
        let Some(captured) = self.snapshots.captured.take() else { return };
        self.snapshots.progress = Progress::Writing;
        let (pool, shard, own) = (self.pool.clone(), self.name.clone(), self.own.clone());
        self.life.spawn_brief(async move {
            let (started, seq) = (Instant::now(), captured.seq);
            let written = write(&pool, &shard, captured).await;
            let seq = written
                .inspect_err(
                    |error| tracing::warn!(error = %bootstrap::chain(error), "a snapshot could not be written"),
                )
                .ok()
                .map(|()| seq);
            // An actor that has ended needs no news.
            let _ = own.send(Written { seq, took: started.elapsed() }).await;
        });
    }

    /// The state for the last snapshot before the lease is released; everything decided is durable.
    pub(crate) fn last_snapshot(&self) -> Captured {
        capture(&self.state, &self.keys, self.snapshots.saved_through)
    }
}

impl Handler<Written> for ShardActor {
    type Return = ();

    async fn handle(&mut self, written: Written, _context: &mut Context<Self>) {
        self.snapshots.progress = Progress::Resting;
        self.snapshots.not_before = Instant::now() + written.took * REST_FACTOR;
        if let Some(seq) = written.seq.filter(|&seq| seq > self.snapshots.saved_through) {
            let rows = usize::try_from(seq - self.snapshots.saved_through).expect("rows in memory fit");
            self.keys.saved(rows);
            self.snapshots.saved_through = seq;
        }
    }
}
