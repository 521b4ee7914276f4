//! What all connections share: the presses, the heartbeat, the bound on connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auction_core::AuctionId;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use prometheus_client::metrics::gauge::Gauge;
use store::PgPool;
use tokio::sync::watch;

use super::press::{self, Edition};
use crate::engine::EngineHandle;

/// How often every client is pinged; one that was silent for two of them is dropped.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(20);

/// Connections that one worker takes: about 0.5 GB with the kernel's share. More are told to come back.
const MAX_CONNECTIONS: usize = 50_000;

/// What the heart says to every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    Count(u64),
    /// Say good-bye and close.
    Stopping,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    engine: EngineHandle,
    pool: PgPool,
    clock: Clock,
    life: Lifecycle,
    entrance: Entrance,
    editions: Mutex<BTreeMap<AuctionId, watch::Receiver<Arc<Edition>>>>,
    heart: watch::Sender<Beat>,
    connections: AtomicUsize,
}

/// Who may come in, and how many are in.
pub(crate) struct Entrance {
    /// Pages that may open sockets, such as `https://sothebais.io`.
    pub(crate) origins: Vec<String>,
    pub(crate) sockets: Gauge,
}

/// One place among the connections; gives it back when dropped.
pub(super) struct Seat(Hub);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.0.entrance.sockets.dec();
    }
}

impl Hub {
    /// Starts the heart.
    pub(crate) fn new(engine: EngineHandle, pool: PgPool, clock: Clock, life: &Lifecycle, entrance: Entrance) -> Self {
        let hub = Self(Arc::new(Inner {
            engine,
            pool,
            clock,
            life: life.clone(),
            entrance,
            editions: Mutex::default(),
            heart: watch::Sender::new(Beat::Count(0)),
            connections: AtomicUsize::new(0),
        }));
        let (heart, stopping) = (hub.clone(), life.stopping());
        life.spawn("socket heartbeat", async move {
            let mut count = 0;
            while stopping.run_until_cancelled(tokio::time::sleep(BEAT_EVERY)).await.is_some() {
                count += 1;
                heart.0.heart.send_replace(Beat::Count(count));
            }
            heart.0.heart.send_replace(Beat::Stopping);
            Ok(())
        });
        hub
    }

    pub(super) fn engine(&self) -> &EngineHandle {
        &self.0.engine
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn life(&self) -> &Lifecycle {
        &self.0.life
    }

    pub(super) fn allows_origin(&self, origin: &str) -> bool {
        self.0.entrance.origins.iter().any(|allowed| allowed == origin)
    }

    pub(super) fn heart(&self) -> watch::Receiver<Beat> {
        self.0.heart.subscribe()
    }

    /// A place for one more connection; `None` when the house is full.
    pub(super) fn seat(&self) -> Option<Seat> {
        if self.0.connections.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            self.0.connections.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.0.entrance.sockets.inc();
        Some(Seat(self.clone()))
    }

    /// Follows an auction's prices; the first follower starts its press.
    pub(super) fn follow(&self, auction: &AuctionId) -> Option<watch::Receiver<Arc<Edition>>> {
        let mut editions = self.0.editions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = editions.get(auction).filter(|receiver| receiver.has_changed().is_ok()) {
            return Some(receiver.clone());
        }
        let mut views = self.0.engine.subscribe(auction)?;
        let first = Edition::first(views.borrow_and_update().clone());
        let (sender, receiver) = watch::channel(Arc::new(first));
        editions.insert(auction.clone(), receiver.clone());
        let stopping = self.0.life.stopping();
        self.0.life.spawn("price press", async move {
            stopping.run_until_cancelled(press::run(views, sender)).await;
            Ok(())
        });
        Some(receiver)
    }
}
