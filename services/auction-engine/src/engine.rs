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
use tokio::sync::{broadcast, watch};

pub mod outcome;
pub mod view;

pub use outcome::{First, Outcome, Pending, SubmitError};
pub use view::{AuctionState, AuctionView, BidLine, LotState, LotView};

use crate::shard::ingress::Ingress;

/// Batches of bid lines that a slow reader of the bid log may fall behind before it has to read the range instead.
const BID_LOG_CAPACITY: usize = 256;

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

/// What an auction sends out after each commit that changed it.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) view: watch::Sender<Arc<AuctionView>>,
    pub(crate) bids: broadcast::Sender<Arc<[BidLine]>>,
}

/// A subscription to one auction. Dropping it ends it.
pub struct Subscription {
    /// The newest view; older ones that were not read in time are gone (a view stands for itself).
    pub view: watch::Receiver<Arc<AuctionView>>,
    /// Every decided bid, in `lot_seq` order per lot; after a `Lagged` error read the range from the history.
    pub bids: broadcast::Receiver<Arc<[BidLine]>>,
}

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
        self.inner.feeds.load().get(auction).map(|feed| feed.view.borrow().clone())
    }

    /// The newest committed views of all auctions of the shard, by name.
    pub fn views(&self) -> Vec<Arc<AuctionView>> {
        self.inner.feeds.load().values().map(|feed| feed.view.borrow().clone()).collect()
    }

    /// Follows one auction from its newest view on.
    pub fn subscribe(&self, auction: &AuctionId) -> Option<Subscription> {
        let feeds = self.inner.feeds.load();
        let feed = feeds.get(auction)?;
        Some(Subscription { view: feed.view.subscribe(), bids: feed.bids.subscribe() })
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

    pub(crate) fn switch(&self, serving: Serving) {
        self.inner.serving.store(Arc::new(serving));
    }

    /// Publishes a committed view; the first one of an auction opens its feed.
    pub(crate) fn publish(&self, view: AuctionView) {
        let view = Arc::new(view);
        if let Some(feed) = self.inner.feeds.load().get(&view.auction) {
            feed.view.send_replace(view);
            return;
        }
        let feed = Feed { view: watch::Sender::new(view.clone()), bids: broadcast::Sender::new(BID_LOG_CAPACITY) };
        self.inner.feeds.rcu(|feeds| {
            let mut feeds = BTreeMap::clone(feeds);
            feeds.insert(view.auction.clone(), feed.clone());
            feeds
        });
    }

    /// Whether anybody follows the bid log of this auction: lines are built only then.
    pub(crate) fn follows_bids(&self, auction: &AuctionId) -> bool {
        self.inner.feeds.load().get(auction).is_some_and(|feed| feed.bids.receiver_count() > 0)
    }

    pub(crate) fn publish_bids(&self, auction: &AuctionId, lines: Arc<[BidLine]>) {
        if let Some(feed) = self.inner.feeds.load().get(auction) {
            // An error only says that the last follower has gone.
            let _ = feed.bids.send(lines);
        }
    }
}
