//! The worker as everybody else in this process sees it: commands go in, committed answers and views come out.
//!
//! [`EngineHandle::submit`] never waits and never blocks: it admits a command to the shard's mailbox or says at once why
//! not. The [`Pending`] that it returns resolves after COMMIT. Views are whole and immutable; reading one costs an atomic
//! load. Routes and sockets use this file and nothing deeper.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use auction_core::{AuctionId, Command};
use tokio::sync::watch;

pub mod outcome;
pub mod view;

pub use outcome::{First, Outcome, Pending, SubmitError};
pub use view::{AuctionState, AuctionView, LotState, LotView};

use crate::shard::ingress::Ingress;

/// How soon a client may try again when the mailbox is full: about the time that a full mailbox takes to drain.
pub(crate) const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A cheap, cloneable way to the shard that this process serves.
#[derive(Clone)]
pub struct EngineHandle {
    inner: Arc<Inner>,
}

struct Inner {
    shard: Arc<str>,
    serving: ArcSwap<Serving>,
    epoch: AtomicU64,
    bidders_changed: watch::Sender<u64>,
    feeds: ArcSwap<BTreeMap<AuctionId, Feed>>,
}

/// Whether this process holds the shard.
#[derive(Clone)]
pub(crate) enum Serving {
    Here(Ingress),
    /// Another process holds it, or nobody does; `address` is the holder's, where one is known.
    Elsewhere {
        address: Option<String>,
    },
    Stopping,
}

/// An auction's newest committed view.
type Feed = watch::Sender<Arc<AuctionView>>;

/// Where the worker stands, for `/v1/status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub shard: Arc<str>,
    /// `None` while another process holds the shard.
    pub epoch: Option<u64>,
}

impl EngineHandle {
    /// A handle to a shard that is not served yet; the worker's run loop switches it.
    pub(crate) fn new(shard: &str) -> Self {
        let inner = Inner {
            shard: Arc::from(shard),
            serving: ArcSwap::from_pointee(Serving::Elsewhere { address: None }),
            epoch: AtomicU64::new(0),
            bidders_changed: watch::Sender::new(0),
            feeds: ArcSwap::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Admits a command. Never waits.
    ///
    /// The answer comes after COMMIT; a command whose key was seen before gets the first answer, however long ago.
    pub fn submit(&self, command: Command) -> Result<Pending, SubmitError> {
        match &**self.inner.serving.load() {
            Serving::Here(ingress) => ingress.admit(command),
            Serving::Elsewhere { address } => Err(SubmitError::NotHere { address: address.clone() }),
            Serving::Stopping => Err(SubmitError::Stopping),
        }
    }

    /// The newest committed view of one auction.
    pub fn view(&self, auction: &AuctionId) -> Option<Arc<AuctionView>> {
        self.inner.feeds.load().get(auction).map(|feed| feed.borrow().clone())
    }

    /// The newest committed views of all auctions of the shard, by name.
    pub fn views(&self) -> Vec<Arc<AuctionView>> {
        self.inner.feeds.load().values().map(|feed| feed.borrow().clone()).collect()
    }

    /// Follows one auction from its newest view on; older ones that were not read in time are gone (a view stands for
    /// itself). It ends when the shard is no longer held here.
    pub(crate) fn subscribe(&self, auction: &AuctionId) -> Option<watch::Receiver<Arc<AuctionView>>> {
        self.inner.feeds.load().get(auction).map(watch::Sender::subscribe)
    }

    /// The shard's name and, while it is served here, its epoch.
    pub fn standing(&self) -> Standing {
        let epoch = match &**self.inner.serving.load() {
            Serving::Here(_) => Some(self.inner.epoch.load(Ordering::Relaxed)),
            Serving::Elsewhere { .. } | Serving::Stopping => None,
        };
        Standing { shard: self.inner.shard.clone(), epoch }
    }

    /// The registry has changed through this process's API: the shard takes the change at once instead of soon.
    pub fn note_bidders(&self) {
        self.inner.bidders_changed.send_modify(|times| *times += 1);
    }

    pub(crate) fn bidders_changed(&self) -> watch::Receiver<u64> {
        self.inner.bidders_changed.subscribe()
    }

    /// The shard is served here from now on.
    pub(crate) fn lead(&self, epoch: u64, ingress: Ingress) {
        self.set_epoch(epoch);
        self.switch(Serving::Here(ingress));
    }

    pub(crate) fn set_epoch(&self, epoch: u64) {
        self.inner.epoch.store(epoch, Ordering::Relaxed);
    }

    /// Says who serves the shard. Views of a shard that another process holds are out of date at once: they go, and with
    /// them everybody who follows one.
    pub(crate) fn switch(&self, serving: Serving) {
        let keeps_views = match &serving {
            Serving::Here(_) | Serving::Stopping => true,
            Serving::Elsewhere { .. } => false,
        };
        self.inner.serving.store(Arc::new(serving));
        if !keeps_views && !self.inner.feeds.load().is_empty() {
            self.inner.feeds.store(Arc::default());
        }
    }

    /// Publishes a committed view; the first one of an auction opens its feed.
    pub(crate) fn publish(&self, view: AuctionView) {
        let view = Arc::new(view);
        if let Some(feed) = self.inner.feeds.load().get(&view.auction) {
            feed.send_replace(view);
            return;
        }
        let feed = Feed::new(view.clone());
        self.inner.feeds.rcu(|feeds| {
            let mut feeds = BTreeMap::clone(feeds);
            feeds.insert(view.auction.clone(), feed.clone());
            feeds
        });
    }
}
