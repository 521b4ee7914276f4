//! Makes batches durable, one after the other, on a connection of its own, and keeps the lease alive between them.
//!
//! It alone talks to the lease after the take-over. A lost connection is settled here: lease again (epoch + 1), read how
//! far the journal goes, and the batch is known to be in it or not.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use bootstrap::chain;
use store::commit::{Batch, CommitError, Committed, Position, commit};
use store::lease::{self, Claimant, Lease};
use store::{Database, PgConnection};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use xtra::Address;

use super::actor::{Report, Settled, ShardActor};
use super::batch::Work;
use super::signer::Signer;
use crate::observe::Observe;

/// An idle lease is renewed four times in its life, so that three renewals may fail.
const RENEWAL: Duration = Duration::from_millis(500);

/// Pauses between attempts at a database that is away or cannot commit: short at first, so that a restart costs little. They
/// begin anew only when a statement has succeeded.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(250), Duration::from_millis(500)];

/// Reports outrank commands in the mailbox: answering what is durable frees the queue.
pub(crate) const REPORT_PRIORITY: u32 = 1;

/// What the actor asks for.
pub(crate) enum Task {
    Commit { first_seq: u64, work: Work },
    Release,
}

/// The lease's holder.
pub(crate) struct Committer {
    pub(crate) database: Database,
    pub(crate) shard: Arc<str>,
    pub(crate) claimant: Claimant,
    pub(crate) signer: Arc<Signer>,
    pub(crate) connection: PgConnection,
    pub(crate) position: Position,
    pub(crate) observe: Arc<Observe>,
    pub(crate) stopping: CancellationToken,
    pub(crate) backoff: Backoff,
}

/// How often in a row the database has failed.
#[derive(Debug, Default)]
pub(crate) struct Backoff(usize);

impl Backoff {
    /// The pause before the next attempt.
    fn next(&mut self) -> Duration {
        let pause = PAUSES[self.0.min(PAUSES.len() - 1)];
        self.0 += 1;
        pause
    }

    fn reset(&mut self) {
        self.0 = 0;
    }
}

/// The lease is another's, or nothing can be done any more.
struct Lost;

impl Committer {
    /// Works until the lease is released or lost, or the actor is gone. Ends by telling the actor.
    pub(crate) async fn run(mut self, mut tasks: mpsc::Receiver<Task>, shard: Address<ShardActor>) {
        let mut renewal = tokio::time::interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let settled = tokio::select! {
                biased;
                task = tasks.recv() => match task {
                    None => return,
                    Some(Task::Release) => return self.release().await,
                    Some(Task::Commit { first_seq, work }) => {
                        renewal.reset();
                        match self.act(&work).await {
                            Ok(rows) if rows == work.rows.len() => Settled::Durable { first_seq },
                            Ok(rows) => Settled::Refused { first_seq, rows },
                            Err(Lost) => Settled::Fenced,
                        }
                    }
                },
                _ = renewal.tick() => match self.renew().await {
                    Ok(()) => continue,
                    Err(Lost) => Settled::Fenced,
                },
            };
            let lost = matches!(settled, Settled::Fenced);
            let report = Report { settled, epoch: self.position.epoch };
            if shard.send(report).priority(REPORT_PRIORITY).detach().await.is_err() || lost {
                return;
            }
        }
    }

    /// Commits the batch; says how many of its rows are durable. Fewer than all: the next one is refused by the database.
    async fn act(&mut self, work: &Work) -> Result<usize, Lost> {
        match self.commit_rows(&work.rows, &work.leaves, &work.closes).await? {
            Written::All => Ok(work.rows.len()),
            Written::BadRow => self.bisect(work).await,
        }
    }

    /// Halves the batch until the bad row stands alone; everything before it is committed.
    async fn bisect(&mut self, work: &Work) -> Result<usize, Lost> {
        let mut durable = 0;
        let mut half = work.rows.len();
        while durable < work.rows.len() {
            half = half.div_ceil(2).min(work.rows.len() - durable);
            let range = durable..durable + half;
            let first = self.position.last_seq + 1;
            let numbers = first..first + u64::try_from(half).expect("a batch is small");
            let closes: Vec<_> = work.closes.iter().filter(|close| numbers.contains(&close.seq)).cloned().collect();
            match self.commit_rows(&work.rows.slice(range.clone()), &work.leaves[range], &closes).await? {
                Written::All => durable += half,
                Written::BadRow if half == 1 => break,
                Written::BadRow => {}
            }
        }
        Ok(durable)
    }

    async fn commit_rows(
        &mut self,
        rows: &Batch,
        leaves: &[B256],
        closes: &[super::signer::UnsignedClose],
    ) -> Result<Written, Lost> {
        let count = u64::try_from(rows.len()).expect("a batch is small");
        let seal = self.signer.commit(self.position.last_seq + 1, leaves);
        let closes: Vec<_> = closes.iter().map(|close| self.signer.close(close)).collect();
        loop {
            let started = Instant::now();
            let outcome = commit(&mut self.connection, &self.shard, self.position, rows, &seal, &closes).await;
            match outcome {
                Ok(Committed::Durable) => {
                    self.recovered();
                    self.observe.committed(rows.len(), started.elapsed());
                    self.position.last_seq += count;
                    return Ok(Written::All);
                }
                Ok(Committed::Fenced) => return Err(self.lost("another epoch has written")),
                Err(CommitError::BadRow(error)) => {
                    tracing::warn!(rows = rows.len(), %error, "the database refuses a row");
                    return Ok(Written::BadRow);
                }
                Err(error @ CommitError::Failed(_)) => {
                    tracing::warn!(error = %chain(&error), "the database cannot commit; the batch waits");
                    self.observe.database_lost();
                    self.pause().await?;
                }
                Err(error @ (CommitError::InDoubt(_) | CommitError::Overdue(_))) => {
                    tracing::warn!(error = %chain(&error), "a commit is in doubt");
                    let lease = self.reconnect().await?;
                    let before = self.position.last_seq;
                    self.position.epoch = lease.epoch;
                    #[cfg(feature = "fault-in-doubt-is-done")]
                    if lease.last_seq == before {
                        return Ok(Written::All);
                    }
                    match lease.last_seq.checked_sub(before) {
                        Some(0) => {}
                        // The old connection's statement is the only one that can have moved the row: it names this
                        // owner's epoch.
                        Some(moved) if moved == count => {
                            self.position.last_seq = lease.last_seq;
                            return Ok(Written::All);
                        }
                        Some(_) | None => return Err(self.lost("the journal has moved without us")),
                    }
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<(), Lost> {
        match lease::renew(&mut self.connection, &self.shard, self.position.epoch).await {
            Ok(true) => {
                self.recovered();
                Ok(())
            }
            Ok(false) => Err(self.lost("another worker has taken the lease")),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the lease could not be renewed");
                let lease = self.reconnect().await?;
                if lease.last_seq != self.position.last_seq {
                    return Err(self.lost("the journal has moved without us"));
                }
                self.position.epoch = lease.epoch;
                Ok(())
            }
        }
    }

    /// A statement has succeeded.
    fn recovered(&mut self) {
        if self.backoff.0 > 0 {
            self.backoff.reset();
            self.observe.database_back();
        }
    }

    /// Waits before the next attempt.
    async fn pause(&mut self) -> Result<(), Lost> {
        let pause = self.backoff.next();
        tokio::select! {
            () = self.stopping.cancelled() => Err(self.lost("the worker stops without its database")),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Reaches the database again and takes the lease again, for as long as it takes.
    async fn reconnect(&mut self) -> Result<Lease, Lost> {
        self.observe.database_lost();
        loop {
            self.pause().await?;
            let Ok(mut connection) = self.database.connect_writer().await.inspect_err(|error| {
                tracing::warn!(error = %chain(error), "the database is away");
            }) else {
                continue;
            };
            match lease::reclaim(&mut connection, &self.shard, &self.claimant, self.position.epoch).await {
                Ok(Some(lease)) => {
                    tracing::info!(epoch = lease.epoch, "the lease is ours again");
                    self.connection = connection;
                    return Ok(lease);
                }
                Ok(None) => return Err(self.lost("another worker has taken the lease")),
                Err(error) => tracing::warn!(error = %chain(&error), "the lease could not be taken again"),
            }
        }
    }

    async fn release(mut self) {
        if let Err(error) = lease::release(&mut self.connection, &self.shard, self.position.epoch).await {
            tracing::warn!(error = %chain(&error), "the lease could not be released; it runs out by itself");
        }
    }

    fn lost(&self, why: &'static str) -> Lost {
        tracing::error!(shard = %self.shard, epoch = self.position.epoch, why, "fenced: the shard stops here");
        self.observe.fenced();
        Lost
    }
}

enum Written {
    All,
    BadRow,
}
