//! One shard in this process: stand by for the lease, recover, serve until it is lost or the process stops, again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bootstrap::chain;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bus::Bus;
use bus::outbox::Outbox;
use futures_util::FutureExt as _;
use store::commit::Position;
use store::lease::{self, Claim, Claimant, Lease};
use store::{Database, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use xtra::{Address, Mailbox};

use crate::engine::{EngineHandle, Serving};
use crate::inbox::{self, Inbox};
use crate::observe::{Observe, trace::Sampler};
use crate::shard::actor::{Close, Closed, Report, Settled, ShardActor};
use crate::shard::answer::Parked;
use crate::shard::batch::Open;
use crate::shard::committer::{Backoff, Committer, REPORT_PRIORITY, Task};
use crate::shard::ingress::{Ingress, MAX_ADMITTED};
use crate::shard::recovery::{self, Recovered};
use crate::shard::signer::Signer;
use crate::shard::views::Views;
use crate::shard::{alarm, snapshot};
use crate::{registry, relay};

/// Room in the mailbox for the worker's own messages beside all admitted commands.
const OWN_MESSAGES: usize = 64;

/// A standby asks for the lease at least this often.
const STANDBY_POLL: Duration = Duration::from_millis(250);

/// Pause before trying again after a failure: whatever failed may need a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How long the last batch, the last snapshot and the lease's release may take together when the process stops.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

/// Whether this build has a fault planted in it, for a drill that must catch it.
const FAULTY: bool = cfg!(any(
    feature = "fault-ack-before-commit",
    feature = "fault-broadcast-before-commit",
    feature = "fault-cursor-before-commit",
    feature = "fault-hash-unchained",
    feature = "fault-in-doubt-is-done",
    feature = "fault-no-epoch-check",
    feature = "fault-no-idempotency",
    feature = "fault-price-may-fall",
));

/// What a worker works with.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) shard: Arc<str>,
    pub(crate) database: Database,
    pub(crate) pool: PgPool,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) engine: EngineHandle,
    pub(crate) signer: Arc<Signer>,
    pub(crate) claimant: Claimant,
    pub(crate) observe: Arc<Observe>,
    pub(crate) life: Lifecycle,
}

/// How a term of the lease ended.
enum End {
    /// In order: the lease is released.
    Closed,
    /// Fenced, or the shard could not go on.
    Lost,
}

impl Worker {
    /// Serves the shard until the process stops.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if FAULTY {
            tracing::warn!("this build has a planted fault: it is for drills alone");
        }
        let stopping = self.life.stopping();
        while let Some((connection, lease)) = self.stand_by(&stopping).await {
            match self.serve(connection, lease).await {
                Ok(End::Closed) => break,
                Ok(End::Lost) => {}
                Err(error) => {
                    tracing::error!(shard = %self.shard, error = format!("{error:#}"), "the shard could not be served");
                }
            }
            self.engine.switch(Serving::Elsewhere { address: None });
            self.observe.follows("the lease was lost".to_owned());
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        self.engine.switch(Serving::Stopping);
        Ok(())
    }

    /// Waits for the lease; `None` when the process stops first.
    async fn stand_by(&self, stopping: &CancellationToken) -> Option<(PgConnection, Lease)> {
        let mut kept = None;
        loop {
            self.observe.beat();
            let pause = match self.claim(kept.take()).await {
                Ok((connection, Claim::Held(lease))) => {
                    self.observe.database_back();
                    tracing::info!(shard = %self.shard, epoch = lease.epoch, last_seq = lease.last_seq, "the lease is ours");
                    return Some((connection, lease));
                }
                Ok((connection, Claim::Taken { address, remaining })) => {
                    kept = Some(connection);
                    self.observe.database_back();
                    self.observe.follows(format!("{address} holds the lease"));
                    self.engine.switch(Serving::Elsewhere { address: Some(address) });
                    remaining.clamp(Duration::from_millis(1), STANDBY_POLL)
                }
                Err(error) => {
                    tracing::warn!(shard = %self.shard, error = %chain(&error), "the lease cannot be asked for");
                    self.observe.database_lost();
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn claim(&self, kept: Option<PgConnection>) -> Result<(PgConnection, Claim), store::Error> {
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.database.connect_writer().await?,
        };
        let claim = lease::claim(&mut connection, &self.shard, &self.claimant).await?;
        Ok((connection, claim))
    }

    /// One term of the lease: when any of its tasks ends, all do. None of them lives on into the next term.
    async fn serve(&self, connection: PgConnection, lease: Lease) -> anyhow::Result<End> {
        let term = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (address, mailbox) = Mailbox::bounded(MAX_ADMITTED + OWN_MESSAGES);
        let (committer, received) = mpsc::channel(1);
        let lessee = Committer {
            database: self.database.clone(),
            shard: self.shard.clone(),
            claimant: self.claimant.clone(),
            signer: self.signer.clone(),
            connection,
            position: Position { epoch: lease.epoch, last_seq: lease.last_seq },
            observe: self.observe.clone(),
            stopping: term.clone(),
            backoff: Backoff::default(),
        };
        // The lease is renewed while the journal is read.
        tasks.spawn(lessee.run(received, address.clone()));
        let ended = self.serve_recovered(lease, (address.clone(), mailbox), committer, (&term, &mut tasks)).await;
        term.cancel();
        // Whoever still waits for an answer is told that nobody knows it; an actor that has ended needs no telling.
        let fenced = Report { settled: Settled::Fenced, epoch: lease.epoch };
        let _ = address.send(fenced).priority(REPORT_PRIORITY).detach().now_or_never();
        drop(address);
        let all_ended = async { while self.next_end(&mut tasks).await.is_some() {} };
        if tokio::time::timeout(CLOSE_DEADLINE, all_ended).await.is_err() {
            tracing::error!(shard = %self.shard, left = tasks.len(), "the term's tasks do not end; they are dropped");
            tasks.shutdown().await;
        }
        ended
    }

    /// Waits for one of the term's tasks to end, and tells of a panic.
    async fn next_end(&self, tasks: &mut JoinSet<()>) -> Option<()> {
        let ended = tasks.join_next().await?;
        if let Err(panicked) = ended {
            tracing::error!(shard = %self.shard, error = %panicked, "a task of the term fell over");
        }
        Some(())
    }

    async fn serve_recovered(
        &self,
        lease: Lease,
        (address, mailbox): (Address<ShardActor>, Mailbox<ShardActor>),
        committer: mpsc::Sender<Task>,
        (term, tasks): (&CancellationToken, &mut JoinSet<()>),
    ) -> anyhow::Result<End> {
        let started = tokio::time::Instant::now();
        let recovered = recovery::recover(&self.pool, &self.shard).await?;
        anyhow::ensure!(recovered.state.rows() == lease.last_seq, "the journal and its lease do not end at one row");
        tracing::info!(shard = %self.shard, rows = lease.last_seq, took = ?started.elapsed(), "recovered");
        let (feed, relay) = relay::relay(
            Outbox::new(self.bus.clone()),
            self.shard.clone(),
            self.pool.clone(),
            lease.last_seq,
            (self.clock.clone(), self.observe.clone()),
        );
        let (deadline, deadlines) = watch::channel(recovered.state.next_deadline().map(|(_, at)| at));
        let mut actor = self.actor(recovered, lease, &mailbox, (committer.clone(), deadline, feed));
        for view in actor.first_views() {
            self.engine.publish(view);
        }
        let weak = mailbox.address();
        tasks.spawn(xtra::run(mailbox, actor));
        tasks.spawn(alarm::run(self.clock.clone(), deadlines, weak.clone()));
        tasks.spawn(relay.run(term.clone()));
        tasks.spawn(relay::prices::run(self.engine.clone(), self.bus.clone(), self.observe.clone(), term.clone()));
        tasks.spawn(registry::run(self.pool.clone(), weak.clone(), self.engine.bidders_changed(), term.clone()));
        let inbox = Inbox {
            engine: self.engine.clone(),
            shard: weak,
            name: self.shard.clone(),
            pool: self.pool.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            observe: self.observe.clone(),
        };
        tasks.spawn(inbox::run(inbox, term.clone()));
        self.engine.lead(lease.epoch, Ingress::new(address.clone(), self.observe.clone()));
        self.observe.leads(lease.epoch);

        let stopping = self.life.stopping();
        tokio::select! {
            _ended = self.next_end(tasks) => Ok(End::Lost),
            () = stopping.cancelled() => self.close(address, committer).await,
        }
    }

    /// The orderly end: nothing new, everything admitted made durable, a snapshot, the lease released.
    async fn close(&self, address: Address<ShardActor>, committer: mpsc::Sender<Task>) -> anyhow::Result<End> {
        self.observe.follows("the worker stops".to_owned());
        self.engine.switch(Serving::Stopping);
        let closing = async {
            let (done, closed) = oneshot::channel();
            let _ = address.send(Close { done }).await;
            if let Ok(Closed { seq, snapshot }) = closed.await {
                if let Err(error) = snapshot::write(&self.pool, &self.shard, snapshot).await {
                    tracing::warn!(error = %chain(&error), "the last snapshot could not be written; the next start reads more");
                }
                let _ = committer.send(Task::Release).await;
                tracing::info!(shard = %self.shard, seq, "closed");
            }
        };
        if tokio::time::timeout(CLOSE_DEADLINE, closing).await.is_err() {
            tracing::warn!(shard = %self.shard, "the shard did not close in time; its lease runs out by itself");
        }
        Ok(End::Closed)
    }

    fn actor(
        &self,
        recovered: Recovered,
        lease: Lease,
        mailbox: &Mailbox<ShardActor>,
        (committer, deadline, relay): (mpsc::Sender<Task>, watch::Sender<Option<auction_core::Timestamp>>, relay::Feed),
    ) -> ShardActor {
        let Recovered { state, keys, saved_through } = recovered;
        ShardActor {
            name: self.shard.clone(),
            epoch: lease.epoch,
            touched: state.auctions().map(|auction| auction.id().clone()).collect(),
            state,
            keys,
            durable_seq: lease.last_seq,
            open: Open::default(),
            sealed: VecDeque::new(),
            in_flight: None,
            flush: crate::shard::actor::Flush::Idle,
            views: Views::default(),
            parked: Parked::default(),
            sampler: Sampler::new(),
            snapshots: snapshot::Schedule::new(saved_through),
            committer,
            deadline,
            relay,
            engine: self.engine.clone(),
            closing: None,
            own: mailbox.address(),
            life: self.life.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            observe: self.observe.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
