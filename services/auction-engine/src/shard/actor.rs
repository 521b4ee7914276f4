//! The actor of one shard: decides on arrival, gathers rows, and answers after COMMIT.
//!
//! Its state runs ahead of the journal by what is not yet durable; nobody outside sees that part. Handlers never wait for
//! the database but in [`Settled::Refused`], where the state must be read again.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use auction_core::{AuctionId, Hash, Shard, Timestamp};
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use futures_util::FutureExt;
use store::PgPool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use xtra::{Actor, Context, Handler, WeakAddress};

use super::answer::Parked;
use super::batch::{Open, Sealed};
use super::committer::Task;
use super::keys::Keys;
use super::snapshot::Captured;
use super::views::Views;
use crate::engine::{AuctionView, EngineHandle};
use crate::observe::{Observe, trace::Sampler};
use crate::relay::Feed;

/// The single writer of a shard's state.
pub(crate) struct ShardActor {
    pub(crate) name: Arc<str>,
    pub(crate) epoch: u64,
    pub(crate) state: Shard,
    pub(crate) keys: Keys,
    /// The last row that is durable.
    pub(crate) durable_seq: u64,
    pub(crate) open: Open,
    /// Full batches that wait for the one in flight.
    pub(crate) sealed: VecDeque<Sealed>,
    pub(crate) in_flight: Option<Sealed>,
    pub(crate) flush: Flush,
    pub(crate) views: Views,
    pub(crate) touched: BTreeSet<AuctionId>,
    pub(crate) parked: Parked,
    pub(crate) sampler: Sampler,
    pub(crate) snapshots: super::snapshot::Schedule,
    pub(crate) committer: mpsc::Sender<Task>,
    pub(crate) deadline: watch::Sender<Option<Timestamp>>,
    pub(crate) relay: Feed,
    pub(crate) engine: EngineHandle,
    pub(crate) closing: Option<oneshot::Sender<Closed>>,
    pub(crate) own: WeakAddress<Self>,
    pub(crate) life: Lifecycle,
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) observe: Arc<Observe>,
}

/// Whether a flush is on its way through the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    Idle,
    Asked,
}

/// Seals what has gathered and sends it to the committer.
pub(crate) struct FlushNow;

/// The clock has reached the next deadline, or it is time to show that the shard is alive.
pub(crate) struct Due;

/// The committer's news.
pub(crate) struct Report {
    pub(crate) settled: Settled,
    pub(crate) epoch: u64,
}

/// What became of the batch in flight.
pub(crate) enum Settled {
    /// All of it is durable.
    Durable { first_seq: u64 },
    /// Its first `rows` rows are durable; the database refuses the next one.
    Refused { first_seq: u64, rows: usize },
    /// The lease is lost: nobody is answered.
    Fenced,
}

/// Asks for an orderly end: everything admitted is made durable first.
pub(crate) struct Close {
    pub(crate) done: oneshot::Sender<Closed>,
}

/// What is left when a shard has closed.
pub(crate) struct Closed {
    pub(crate) seq: u64,
    pub(crate) snapshot: Captured,
}

impl Actor for ShardActor {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<FlushNow> for ShardActor {
    type Return = ();

    async fn handle(&mut self, _flush: FlushNow, context: &mut Context<Self>) {
        // Connections that are ready to read get their turn first, so that what has arrived goes into this batch. No timer:
        // alone, this costs a microsecond.
        tokio::task::yield_now().await;
        self.flush = Flush::Idle;
        self.send_next();
        self.after_decisions(context);
    }
}

impl Handler<Due> for ShardActor {
    type Return = ();

    async fn handle(&mut self, _due: Due, context: &mut Context<Self>) {
        self.observe.beat();
        self.tick();
        self.after_decisions(context);
    }
}

impl Handler<Report> for ShardActor {
    type Return = ();

    async fn handle(&mut self, report: Report, context: &mut Context<Self>) {
        self.epoch = report.epoch;
        self.engine.set_epoch(report.epoch);
        match report.settled {
            Settled::Durable { first_seq } => {
                let Some(batch) = self.in_flight.take().filter(|batch| batch.first_seq == first_seq) else {
                    return stop_on_confusion(context);
                };
                // The database works on the next batch while this one is answered.
                if self.has_rows() {
                    self.send_next();
                }
                self.announce(batch);
            }
            Settled::Refused { first_seq, rows } => {
                let Some(batch) = self.in_flight.take().filter(|batch| batch.first_seq == first_seq) else {
                    return stop_on_confusion(context);
                };
                if let Err(error) = self.retrace(batch, rows).await {
                    tracing::error!(error = %bootstrap::chain(&error), "the state could not be read again; the shard stops");
                    return context.stop_self();
                }
            }
            Settled::Fenced => return context.stop_self(),
        }
        self.after_decisions(context);
    }
}

impl Handler<Close> for ShardActor {
    type Return = ();

    async fn handle(&mut self, close: Close, context: &mut Context<Self>) {
        self.closing = Some(close.done);
        self.after_decisions(context);
    }
}

/// A report about another batch than the one in flight is a bug; stopping loses nothing that was acknowledged.
fn stop_on_confusion(context: &mut Context<ShardActor>) {
    tracing::error!("the committer reports a batch that is not in flight; the shard stops");
    context.stop_self();
}

impl ShardActor {
    /// After anything that may have decided rows or made some durable: ask for a flush, set the alarm, finish a close.
    pub(crate) fn after_decisions(&mut self, context: &mut Context<Self>) {
        let next = self.state.next_deadline().map(|(_, at)| at);
        self.deadline.send_if_modified(|known| std::mem::replace(known, next) != next);
        let something = !self.open.is_empty() || !self.sealed.is_empty();
        if self.in_flight.is_none() && self.flush == Flush::Idle && something {
            self.ask_for_flush();
        }
        if self.in_flight.is_none()
            && !something
            && let Some(done) = self.closing.take()
        {
            let _ = done.send(Closed { seq: self.durable_seq, snapshot: self.last_snapshot() });
            context.stop_self();
        }
    }

    /// Whether decided rows wait to be sent.
    fn has_rows(&self) -> bool {
        !self.open.rows.is_empty() || !self.sealed.is_empty()
    }

    fn ask_for_flush(&mut self) {
        // The mailbox keeps room for the worker's own messages beyond everything that is admitted.
        let sent = self.own.send(FlushNow).detach().now_or_never();
        if matches!(sent, Some(Ok(_))) {
            self.flush = Flush::Asked;
        } else {
            self.send_next();
        }
    }

    /// Sends the next batch, if none is in flight.
    fn send_next(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        if self.sealed.is_empty() && !self.open.is_empty() {
            self.seal();
        }
        let Some(mut batch) = self.sealed.pop_front() else { return };
        batch.sent_at = Some(Instant::now());
        if batch.work.rows.is_empty() {
            self.announce(batch);
            return;
        }
        let task = Task::Commit { first_seq: batch.first_seq, work: batch.work.clone() };
        self.in_flight = Some(batch);
        // The channel holds one task and nothing is in flight, so this fails only when the committer has ended; its last
        // report is then in the mailbox, or the worker, who sees it fall over, ends this actor.
        let _ = self.committer.try_send(task);
    }

    /// Closes the open batch at the present state, with the views of what it changed.
    pub(crate) fn seal(&mut self) {
        let last_seq = self.state.rows();
        let rows = u64::try_from(self.open.rows.len()).expect("a batch is small");
        let views = self.views.refresh(&self.state, &mut self.touched, (self.epoch, last_seq));
        #[cfg(feature = "fault-broadcast-before-commit")]
        views.iter().for_each(|view| self.engine.publish(view.clone()));
        self.snapshots.capture(&self.state, &self.keys);
        self.sealed.push_back(self.open.seal(last_seq + 1 - rows, views));
    }

    /// The views of a state that is wholly durable, as a term begins.
    pub(crate) fn first_views(&mut self) -> Vec<AuctionView> {
        self.views.refresh(&self.state, &mut self.touched, (self.epoch, self.durable_seq))
    }

    /// The present moment, never before a decided row's.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms()).max(self.state.clock())
    }

    /// The last link of the chain that a row extends.
    pub(crate) fn link(&self, entry: &auction_core::Entry, bytes: &[u8]) -> Hash {
        let head = self.state.head(&entry.decision.subject);
        #[cfg(feature = "fault-hash-unchained")]
        let head = if self.state.rows() % 8 == 0 { Hash::default() } else { head };
        head.chain(bytes)
    }
}
