//! Posts from the gateway's inbox into the shard: read by a journaled cursor, checked by the grammar, judged by the rules.
//!
//! At least once to the shard, one effect by post id. A nudge only saves the wait: the inbox is polled all the same.

mod audit;
mod check;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auction_core::{Action, Command, Handle, Source, SourceKind, Timestamp};
use bootstrap::chain;
use bootstrap::clock::Clock;
use bus::Bus;
use store::PgPool;
use store::inbox::{InboxPost, Need};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use xtra::WeakAddress;

use crate::engine::{AuctionState, AuctionView, EngineHandle, Pending, SubmitError};
use crate::observe::{Observe, trace};
use crate::shard::actor::ShardActor;
use crate::shard::house::CursorOf;
use audit::Audit;
use check::Checked;

/// The inbox is read at least this often.
const POLL: Duration = Duration::from_millis(250);

/// Posts read at once.
const PAGE: u32 = 256;

/// A shard that has not heard of a handle begins with posts made this long before the auction starts.
const LOOK_BACK_MS: i64 = 15 * 60 * 1000;

/// A shard says so often that it reads an inbox; the store believes it for much longer.
const CLAIM_EVERY: Duration = Duration::from_secs(5);

/// Pause after the database or the shard has failed.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// What the readers need.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub(crate) engine: EngineHandle,
    pub(crate) shard: WeakAddress<ShardActor>,
    /// The shard's name.
    pub(crate) name: Arc<str>,
    pub(crate) pool: PgPool,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) observe: Arc<Observe>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the inbox could not be read")]
    Store(#[from] store::Error),
    #[error("the shard did not take a command")]
    Submit(#[from] SubmitError),
    #[error("shard {shard} reads it, and its auction is not over")]
    Taken { shard: String },
    #[error("the shard has ended")]
    Ended,
}

/// Reads the inboxes of all handles that the shard's auctions have, until `stopping`.
pub(crate) async fn run(inbox: Inbox, stopping: CancellationToken) {
    let (mut served, mut readers) = (BTreeSet::new(), JoinSet::new());
    loop {
        for handle in inbox.engine.views().iter().filter_map(|view| view.terms.handle.clone()) {
            if served.insert(handle.clone()) {
                readers.spawn(Reader::new(inbox.clone(), handle).run(stopping.clone()));
            }
        }
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = readers.join_next() => match ended {
                // The shard has ended.
                Ok(()) => return,
                Err(fallen) => match fallen.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_aborted) => return,
                },
            },
            () = tokio::time::sleep(POLL) => {}
        }
    }
    readers.join_all().await;
}

/// Reads one handle's inbox.
struct Reader {
    inbox: Inbox,
    handle: Handle,
    /// The last post that was handed to the shard.
    cursor: u64,
    audit: Audit,
    /// When the inbox was claimed last.
    claimed: Option<Instant>,
    /// Posts that wait, as the metric was told.
    lag: i64,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.inbox.observe.inbox_lag_moves(-self.lag);
    }
}

impl Reader {
    fn new(inbox: Inbox, handle: Handle) -> Self {
        Self { inbox, handle, cursor: 0, audit: Audit::default(), claimed: None, lag: 0 }
    }

    async fn run(mut self, stopping: CancellationToken) {
        let mut nudges = self.inbox.bus.listen(bus::keys::nudge(self.handle.as_str()));
        let mut started = false;
        loop {
            match self.turn(started).await {
                Ok(()) => started = true,
                Err(Failure::Ended) => return,
                Err(error) => {
                    tracing::warn!(handle = %self.handle, error = %chain(&error), "the inbox waits");
                    // What was not answered may or may not be in the journal: its cursor knows.
                    started = false;
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                _heard = nudges.next() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn turn(&mut self, started: bool) -> Result<(), Failure> {
        self.claim().await?;
        if started { self.read_all().await } else { self.start().await }
    }

    /// One shard reads an inbox at a time, or one post would be two bids. Who has no auction left to bid in gives way.
    async fn claim(&mut self) -> Result<(), Failure> {
        if self.claimed.is_some_and(|at| at.elapsed() < CLAIM_EVERY) {
            return Ok(());
        }
        self.claimed = None;
        let over = self.auctions().iter().all(|view| match view.state {
            AuctionState::Scheduled | AuctionState::Live | AuctionState::Paused => false,
            AuctionState::Cancelled | AuctionState::Completed => true,
        });
        let need = if over { Need::Over } else { Need::Live };
        match store::inbox::claim(&self.inbox.pool, &self.handle, &self.inbox.name, need).await? {
            shard if *shard == *self.inbox.name => self.claimed = Some(Instant::now()),
            shard => return Err(Failure::Taken { shard }),
        }
        Ok(())
    }

    /// Takes the journaled cursor; for a handle that is new to the shard, finds where to begin.
    async fn start(&mut self) -> Result<(), Failure> {
        let inbox = self.inbox.shard.send(CursorOf(self.handle.clone())).await.map_err(|_| Failure::Ended)?;
        self.cursor = inbox.seq;
        self.audit.recorded = inbox.audited_through;
        if inbox.seq == 0
            && let Some(first) = self.auctions().iter().map(|view| view.terms.starts_at).min()
        {
            let since = Timestamp(first.0.saturating_sub(LOOK_BACK_MS));
            let begin = store::inbox::position_before(&self.inbox.pool, &self.handle, since).await?;
            if begin > 0 {
                self.advance(begin, begin)?.await?;
            }
        }
        Ok(())
    }

    async fn read_all(&mut self) -> Result<(), Failure> {
        loop {
            let began = Instant::now();
            let page =
                store::inbox::read_claimed(&self.inbox.pool, (&self.handle, &self.inbox.name), self.cursor, PAGE)
                    .await?;
            self.tell_lag(&page).await?;
            self.submit_page(&page, began).await?;
            if page.len() < usize::try_from(PAGE).expect("a page is small") {
                break;
            }
        }
        self.audit().await
    }

    async fn tell_lag(&mut self, page: &[InboxPost]) -> Result<(), Failure> {
        let newest = match page {
            [] => self.cursor,
            [_, ..] => store::inbox::newest(&self.inbox.pool, &self.handle).await?,
        };
        let lag = i64::try_from(newest.saturating_sub(self.cursor)).unwrap_or(i64::MAX);
        self.inbox.observe.inbox_lag_moves(lag - std::mem::replace(&mut self.lag, lag));
        Ok(())
    }

    /// Hands a page to the shard in its order, then waits for all of it.
    async fn submit_page(&mut self, page: &[InboxPost], began: Instant) -> Result<(), Failure> {
        let auctions = self.auctions();
        #[cfg(feature = "fault-cursor-before-commit")]
        if let Some(last) = page.last() {
            self.advance(last.seq, 1)?.await?;
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        let mut pending = Vec::with_capacity(page.len());
        let mut ignored = 0;
        for post in page {
            let checked = check::check(post, &self.handle, &auctions);
            trace::checked(post, checked.as_str(), began, self.inbox.clock.now_ms());
            match checked {
                Checked::Command(action) => pending.push((post.seq, self.submit(post, *action).await?)),
                Checked::Ignored => ignored += 1,
            }
        }
        let Some(last) = page.last() else { return Ok(()) };
        for (seq, answer) in pending {
            match answer.await {
                Ok(_outcome) => {}
                Err(SubmitError::NotRecorded) => {
                    tracing::error!(handle = %self.handle, seq, "a post cannot be recorded; it is passed over");
                }
                Err(error) => return Err(error.into()),
            }
        }
        if ignored > 0 {
            self.advance(last.seq, ignored)?.await?;
        }
        self.cursor = last.seq;
        Ok(())
    }

    fn advance(&mut self, seq: u64, ignored: u64) -> Result<Pending, Failure> {
        let source = Source { kind: SourceKind::House, key: format!("inbox:{}:{seq}", self.handle) };
        let action = Action::AdvanceInbox { handle: self.handle.clone(), seq, ignored };
        self.cursor = seq;
        Ok(self.try_submit(source, Timestamp(self.inbox.clock.now_ms()), action)?)
    }

    fn try_submit(&self, source: Source, at: Timestamp, action: Action) -> Result<Pending, SubmitError> {
        self.inbox.engine.submit(Command { source, at, action, trace: None })
    }

    /// Submits, waiting while the shard is busy: a post is never dropped.
    async fn submit(&self, post: &InboxPost, action: Action) -> Result<Pending, SubmitError> {
        let source = Source { kind: SourceKind::Post, key: post.id.clone() };
        let command = Command { source, at: post.created_at, action, trace: post.trace };
        loop {
            match self.inbox.engine.submit(command.clone()) {
                Err(SubmitError::Busy { .. }) => tokio::time::sleep(RETRY_PAUSE).await,
                other => return other,
            }
        }
    }

    /// The auctions that take bids through this handle.
    fn auctions(&self) -> Vec<Arc<AuctionView>> {
        let mut views = self.inbox.engine.views();
        views.retain(|view| view.terms.handle.as_ref() == Some(&self.handle));
        views
    }
}
