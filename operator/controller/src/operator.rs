//! What every reconcile has at hand, and the loop that hands out keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::act::{ActError, Actor};
use crate::ask::Asker;
use crate::backoff::Backoff;
use crate::cache::Cache;
use crate::events::Events;
use crate::key::Key;
use crate::observe::{Ended, Observe};
use crate::queue::Queue;
use crate::render::Context;
use crate::{auction, house, stream};

/// A reconcile reads, asks a few pods and writes a few objects, each with a deadline of its own; longer than this is a bug.
const RECONCILE_DEADLINE: Duration = Duration::from_mins(2);

/// The operator's parts.
pub struct Operator {
    pub actor: Actor,
    pub asker: Asker,
    pub backoff: Backoff,
    pub cache: Cache,
    pub clock: Clock,
    pub context: Context,
    pub events: Events,
    pub memory: Memory,
    pub observe: Observe,
    pub pace: Pace,
    pub queue: Arc<Queue>,
}

/// How long looks wait, in percent of what they should: below 100 in tests alone.
#[derive(Debug, Clone, Copy)]
pub struct Pace(pub u32);

/// What a reconcile ended with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Next {
    /// When to look again although nothing happened.
    pub at: Option<Instant>,
}

/// What was told to workloads last. Lost with the process, and then told once more.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<Key, Told>>);

/// The last word to a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Of what was told, and to whom.
    pub fingerprint: String,
    /// The generation it was told under.
    pub generation: i64,
    /// Why it was refused, if it was.
    pub refused: Option<String>,
}

impl Memory {
    pub fn told(&self, key: &Key, fingerprint: &str) -> Option<Told> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(key).filter(|told| told.fingerprint == fingerprint).cloned()
    }

    pub fn tell(&self, key: &Key, told: Told) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), told);
    }

    pub fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Why a reconcile is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Act(#[from] ActError),
    /// Everything was reported; what failed is tried again.
    #[error("{0}")]
    Again(String),
    #[error("the reconcile did not end in time")]
    TimedOut,
}

impl Operator {
    /// Starts `workers` reconcilers. They work while `leads` says so and end when the life stops; `drained` is cancelled
    /// when the last of them has ended.
    pub fn start(
        self: &Arc<Self>,
        life: &Lifecycle,
        workers: u16,
        leads: &watch::Receiver<bool>,
        drained: CancellationToken,
    ) {
        self.observe.workers.set(i64::from(workers));
        let running = TaskTracker::new();
        for _ in 0..workers {
            let work = running.track_future(self.clone().work(leads.clone(), life.stopping()));
            life.spawn("reconciler", async move {
                work.await;
                Ok(())
            });
        }
        running.close();
        life.spawn("drain", async move {
            running.wait().await;
            drained.cancel();
            Ok(())
        });
    }

    async fn work(self: Arc<Self>, mut leads: watch::Receiver<bool>, stopping: CancellationToken) {
        loop {
            let led = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                led = async { leads.wait_for(|leads| *leads).await.is_ok() } => led,
            };
            if !led {
                return;
            }
            let taken = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                taken = self.queue.take() => taken,
            };
            if !*leads.borrow() {
                self.queue.done(&taken.key);
                self.queue.add(taken.key);
                continue;
            }
            self.observe.taken(taken.since.elapsed(), self.queue.depth());
            self.once(&taken.key).await;
            self.queue.done(&taken.key);
        }
    }

    /// Reconciles one key and sees to it that it comes again when it should.
    pub async fn once(&self, key: &Key) {
        let begun = Instant::now();
        let done = tokio::time::timeout(RECONCILE_DEADLINE, self.reconcile(key)).await;
        let ended = match done.unwrap_or(Err(Trouble::TimedOut)) {
            Ok(Next { at }) => {
                self.backoff.succeeded(key);
                match at {
                    Some(at) => {
                        self.queue.add_at(key.clone(), at);
                        Ended::RequeueAfter
                    }
                    None => Ended::Success,
                }
            }
            Err(trouble) => {
                let wait = self.backoff.failed(key);
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(%key, error = %bootstrap::chain(&trouble), wait_ms, "tried again later");
                self.queue.add_at(key.clone(), Instant::now() + wait);
                Ended::Error
            }
        };
        self.observe.ended(key, begun.elapsed(), ended);
    }

    async fn reconcile(&self, key: &Key) -> Result<Next, Trouble> {
        match key {
            Key::House(namespace) => house::reconcile(self, namespace).await,
            Key::Auction(namespace, name) => auction::reconcile(self, namespace, name).await,
            Key::Stream(namespace, name) => stream::reconcile(self, namespace, name).await,
        }
    }

    /// The instant of a time by the wall clock.
    pub(crate) fn instant_of(&self, at_ms: i64) -> Instant {
        let ahead = u64::try_from(at_ms.saturating_sub(self.clock.now_ms())).unwrap_or(0);
        Instant::now() + Duration::from_millis(ahead) * self.pace.0 / 100
    }
}
