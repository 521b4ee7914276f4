//! The one writer of a handle's inbox. Batches form while a commit is under way; a batch is one statement that names the
//! lease's epoch and last number. Whatever fails is kept and written by the next lease: posts are known by their key, so
//! writing twice is writing once.

mod batch;
mod trace;

use std::time::Duration;

use auction_core::{Handle, Timestamp};
use bootstrap::clock::Clock;
use bootstrap::health::{Gate, Pulse};
use bus::Bus;
use store::PgPool;
use store::social::{self, Lease};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::ingest::Arrival;
use crate::observe::{Observe, Outcome};
use crate::reply::wish::Wish;
use batch::{Batch, Round};
use trace::Sampler;

/// The lease's length, by the database's clock; as long as the engine's.
const LEASE_MS: i64 = 2_000;
/// The lease is renewed this often, posts or none: four chances a lease.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// Pause between attempts to take a lease that somebody else holds or that the database did not give.
const RETRY_LEASE: Duration = Duration::from_millis(500);
/// A stop waits this long for the last posts to become durable.
const LAST_COMMITS: Duration = Duration::from_secs(5);
/// A nudge only saves the engine a wait of 250 ms: it must not cost us more.
const NUDGE_DEADLINE: Duration = Duration::from_millis(250);

/// What the writer needs.
pub struct Writer {
    pub pool: PgPool,
    pub bus: Bus,
    pub handle: Handle,
    /// Unique for each start of a process.
    pub owner: String,
    pub clock: Clock,
    pub board: Board,
    pub observe: Observe,
    pub arrivals: mpsc::Receiver<Arrival>,
    /// Tells everybody else whether this process holds the inbox.
    pub holding: watch::Sender<Option<Lease>>,
    pub ready: Gate,
    pub pulse: Pulse,
}

/// Why a lease was left.
enum Left {
    /// Another has it.
    Fenced,
    /// The database failed; the lease may still be ours.
    Failed(store::Error),
    Stopped,
}

impl Writer {
    /// Leases and writes until `stopping`; then writes what has arrived and gives the lease back.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        let mut sampler = Sampler::new();
        while let Some(mut lease) = self.lease(&stopping).await {
            let left = self.hold(&mut lease, (&mut batch, &mut sampler), &stopping).await;
            self.board.inbox(|inbox| inbox.epoch = None);
            self.holding.send_replace(None);
            match left {
                Left::Fenced => {
                    self.observe.fenced();
                    self.ready.shut("another gateway holds the inbox");
                    tracing::warn!(epoch = lease.epoch, "fenced: another gateway holds the inbox");
                }
                Left::Failed(error) => {
                    self.ready.shut("the database does not take posts");
                    tracing::warn!(
                        error = %bootstrap::chain(&error),
                        waiting = batch.len(),
                        "posts could not be stored; they are kept"
                    );
                }
                Left::Stopped => {
                    if let Err(error) = social::release_inbox(&self.pool, &lease).await {
                        tracing::warn!(
                            error = %bootstrap::chain(&error),
                            "the lease could not be given back; it ends by itself"
                        );
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes the lease; `None` when asked to stop before.
    async fn lease(&self, stopping: &CancellationToken) -> Option<Lease> {
        loop {
            self.pulse.beat();
            match social::lease_inbox(&self.pool, &self.handle, &self.owner, LEASE_MS).await {
                Ok(Some(lease)) => {
                    tracing::info!(epoch = lease.epoch, last_seq = lease.last_seq, "inbox leased");
                    self.ready.open();
                    return Some(lease);
                }
                Ok(None) => self.ready.shut("another gateway holds the inbox"),
                Err(error) => {
                    self.ready.shut("the database does not answer");
                    tracing::warn!(error = %bootstrap::chain(&error), "the inbox could not be leased");
                }
            }
            if tokio::time::timeout(RETRY_LEASE, stopping.cancelled()).await.is_ok() {
                return None;
            }
        }
    }

    async fn hold(
        &mut self,
        lease: &mut Lease,
        (batch, sampler): (&mut Batch, &mut Sampler),
        stopping: &CancellationToken,
    ) -> Left {
        self.announce(lease);
        if let Err(left) = self.write(lease, batch, sampler).await {
            return left;
        }
        let mut renewal = tokio::time::interval(RENEW_EVERY);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.pulse.beat();
            let arrival = tokio::select! {
                biased;
                () = stopping.cancelled() => return self.finish(lease, batch, sampler).await,
                _ = renewal.tick() => {
                    match social::renew_inbox(&self.pool, lease, LEASE_MS).await {
                        Ok(true) => continue,
                        Ok(false) => return Left::Fenced,
                        Err(error) => return Left::Failed(error),
                    }
                }
                arrival = self.arrivals.recv() => arrival,
            };
            let Some(arrival) = arrival else { return self.finish(lease, batch, sampler).await };
            batch.add(arrival);
            self.gather(batch);
            if let Err(left) = self.write(lease, batch, sampler).await {
                return left;
            }
        }
    }

    /// Takes whatever has arrived, up to a batch's bound.
    fn gather(&mut self, batch: &mut Batch) {
        while !batch.is_full() {
            let Ok(arrival) = self.arrivals.try_recv() else { return };
            batch.add(arrival);
        }
    }

    /// The sources have stopped: what they have handed over becomes durable before the lease goes.
    async fn finish(&mut self, lease: &mut Lease, batch: &mut Batch, sampler: &mut Sampler) -> Left {
        let last = async {
            while let Some(arrival) = self.arrivals.recv().await {
                batch.add(arrival);
                self.gather(batch);
                self.write(lease, batch, sampler).await?;
            }
            Ok::<(), Left>(())
        };
        match tokio::time::timeout(LAST_COMMITS, last).await {
            Ok(Err(left)) => left,
            Ok(Ok(())) | Err(_) => Left::Stopped,
        }
    }

    /// Makes a batch durable, round by round. What is not durable stays in it.
    async fn write(&mut self, lease: &mut Lease, batch: &mut Batch, sampler: &mut Sampler) -> Result<(), Left> {
        let before = lease.last_seq;
        for (via, count) in batch.take_repeats() {
            self.observe.posts(via, Outcome::Known, count);
            self.board.inbox(|inbox| inbox.known += count);
        }
        while let Some(mut round) = batch.next_round() {
            let sent = self.now();
            sampler.choose(&mut round, sent);
            match social::commit_posts(&self.pool, lease, &round.posts, LEASE_MS).await {
                Ok(Some(committed)) => {
                    lease.last_seq = committed.last_seq;
                    self.account(&round, &committed);
                    sampler.report(&round, &committed, (sent, self.now()));
                    batch.filed(&round, &committed);
                    self.announce(lease);
                }
                Ok(None) => {
                    batch.put_back(round);
                    return Err(Left::Fenced);
                }
                Err(error) if social::is_about_data(&error) => {
                    if let Some(post) = batch.bisect(round) {
                        self.observe.posts(post.via, Outcome::Unstorable, 1);
                        tracing::error!(
                            post = post.id,
                            error = %bootstrap::chain(&error),
                            "a post cannot be stored and is dropped"
                        );
                    }
                }
                Err(error) => {
                    batch.put_back(round);
                    return Err(Left::Failed(error));
                }
            }
        }
        if lease.last_seq > before {
            self.nudge().await;
        }
        self.apply_notices(batch).await?;
        batch.answer();
        Ok(())
    }

    /// Deletions, new handles and wishes, after the posts that came before them.
    async fn apply_notices(&self, batch: &mut Batch) -> Result<(), Left> {
        if !batch.deleted.is_empty() {
            let now = self.now();
            let erased = social::erase_posts(&self.pool, &batch.deleted, now).await.map_err(Left::Failed)?;
            tracing::debug!(told = batch.deleted.len(), erased, "deleted posts erased");
            batch.deleted.clear();
        }
        while let Some((bidder, handle)) = batch.renamed.first() {
            social::rename_bidder(&self.pool, *bidder, handle).await.map_err(Left::Failed)?;
            batch.renamed.remove(0);
        }
        while let Some((author, wish)) = batch.wishes.first() {
            let since = (*wish == Wish::Silence).then(|| self.now());
            social::set_silence(&self.pool, *author, since).await.map_err(Left::Failed)?;
            batch.wishes.remove(0);
        }
        Ok(())
    }

    fn account(&self, round: &Round, committed: &social::Committed) {
        for post in &round.posts {
            let outcome = if committed.queued.contains(&post.id) {
                Outcome::Queued
            } else if committed.strangers.contains(&post.id) {
                Outcome::Stranger
            } else {
                Outcome::Known
            };
            self.observe.posts(post.via, outcome, 1);
        }
        let now = self.now();
        let strangers = committed.strangers.len() as u64;
        let known = (round.posts.len() - committed.queued.len() - committed.strangers.len()) as u64;
        self.board.inbox(|inbox| {
            inbox.last_commit_at = Some(now);
            inbox.strangers += strangers;
            inbox.known += known;
        });
    }

    fn announce(&self, lease: &Lease) {
        self.observe.inbox_seq(lease.last_seq);
        self.board.inbox(|inbox| {
            inbox.epoch = Some(lease.epoch);
            inbox.last_seq = lease.last_seq;
        });
        self.holding.send_replace(Some(lease.clone()));
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }

    async fn nudge(&self) {
        let channel = bus::keys::nudge(self.handle.as_str());
        match tokio::time::timeout(NUDGE_DEADLINE, self.bus.publish(&channel, b"posts")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "no nudge; the engine polls"),
            Err(_elapsed) => tracing::debug!("no nudge in time; the engine polls"),
        }
    }
}
