//! A stream kept open: prepare (subscriptions or rules), connect, read until it fails, come back by X's rules. Runs only
//! while this process holds the inbox and the spending breaker allows it.

use std::sync::Arc;
use std::time::Duration;

use auction_core::{Handle, Span, Timestamp};
use bootstrap::clock::Clock;
use store::PgPool;
use store::social::{self, Lease, Via};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::decode::{self, News, Told};
use super::normalise::{NotStored, normalise};
use super::rules::{self, Audience};
use super::{Arrival, House, subscriptions};
use crate::board::{Board, SourceState};
use crate::ledger::Ledger;
use crate::observe::{Observe, Outcome};
use crate::spend::{Item, Level};
use crate::x::client::Call;
use crate::x::endpoint::Context;
use crate::x::frame::Line;
use crate::x::model::{EXPANSIONS, POST_FIELDS, USER_FIELDS};
use crate::x::reconnect::{First, Reconnect};
use crate::x::stream::Lines;
use crate::x::{Client, Code, Endpoint, Problem};

/// Rules that name registered bidders follow the registry this often.
const RESYNC_EVERY: Duration = Duration::from_mins(1);

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Activity,
    Filtered,
}

impl Kind {
    const fn via(self) -> Via {
        match self {
            Self::Activity => Via::Activity,
            Self::Filtered => Via::Filtered,
        }
    }

    fn allowed(self, level: Level) -> bool {
        match self {
            Self::Activity => level.allows_activity(),
            Self::Filtered => level.allows_filtered(),
        }
    }
}

/// What a stream needs.
pub struct Source {
    pub kind: Kind,
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub house: House,
    pub clock: Clock,
    pub board: Board,
    pub observe: Observe,
    pub ledger: Ledger,
    pub arrivals: mpsc::Sender<Arrival>,
    pub holding: watch::Receiver<Option<Lease>>,
    pub level: watch::Receiver<Level>,
    /// Rung after each connection: the audit looks for what the gap has swallowed.
    pub connected: Arc<Notify>,
    /// Waits are this many hundredths of X's own; 100 but in a rehearsal.
    pub backoff_percent: u32,
    /// Silence that means death.
    pub silence: Duration,
}

/// Why a connection ended.
enum End {
    Failed(Problem),
    /// The breaker has moved, or the inbox is another's.
    Reconsider,
    /// The writer is gone: the process stops.
    Stopped,
}

impl Source {
    /// Keeps the stream open until `stopping`.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let via = self.kind.via();
        let mut policy = Reconnect::new(self.backoff_percent);
        while self.may_run(&stopping).await {
            let end = tokio::select! {
                () = stopping.cancelled() => End::Stopped,
                end = self.connection(&mut policy) => end,
            };
            self.observe.source_up(via, false);
            match end {
                End::Stopped => break,
                End::Reconsider => {}
                End::Failed(problem) => {
                    if !self.come_back(&mut policy, problem, &stopping).await {
                        break;
                    }
                }
            }
        }
        self.board.state(via, SourceState::Idle, self.now());
        Ok(())
    }

    /// Waits until this process holds the inbox and the breaker allows the stream; false when asked to stop.
    async fn may_run(&mut self, stopping: &CancellationToken) -> bool {
        loop {
            let holding = self.holding.borrow_and_update().is_some();
            let allowed = self.kind.allowed(*self.level.borrow_and_update());
            if holding && allowed {
                return !stopping.is_cancelled();
            }
            let state = if allowed { SourceState::Idle } else { SourceState::Off };
            self.board.state(self.kind.via(), state, self.now());
            let changed = tokio::select! {
                () = stopping.cancelled() => return false,
                changed = self.holding.changed() => changed,
                changed = self.level.changed() => changed,
            };
            if changed.is_err() {
                return false;
            }
        }
    }

    /// Waits as X asks after a failure; false when asked to stop.
    async fn come_back(&mut self, policy: &mut Reconnect, problem: Problem, stopping: &CancellationToken) -> bool {
        let via = self.kind.via();
        let next = policy.failed(&problem, self.now());
        let until = self.now() + next.wait;
        self.observe.reconnect(via);
        self.board.state(via, SourceState::Waiting { until, code: problem.code }, self.now());
        tracing::warn!(source = via.as_str(), error = %problem, wait_ms = next.wait.0, "stream lost");
        if next.first == First::EndConnections
            && let Err(problem) = self.client.call(&Call::new(Endpoint::EndConnections, Context::App)).await
        {
            tracing::warn!(error = %problem, "x did not end our connections");
        }
        let wait = Duration::from_millis(u64::try_from(next.wait.0).unwrap_or_default());
        tokio::time::timeout(wait, stopping.cancelled()).await.is_err()
    }

    /// One connection, from its preparation to its end.
    async fn connection(&mut self, policy: &mut Reconnect) -> End {
        self.board.state(self.kind.via(), SourceState::Connecting, self.now());
        if let Err(problem) = self.prepare().await {
            return End::Failed(problem);
        }
        let response = match self.client.open(&self.open_call()).await {
            Ok(response) => response,
            Err(problem) => return End::Failed(problem),
        };
        self.board.state(self.kind.via(), SourceState::Connected, self.now());
        self.observe.source_up(self.kind.via(), true);
        self.connected.notify_one();
        tracing::info!(source = self.kind.via().as_str(), "stream connected");
        let linked_only = self.linked_only();
        let mut resync = tokio::time::interval(RESYNC_EVERY);
        resync.reset();
        let mut lines = Lines::new(response, self.silence);
        loop {
            tokio::select! {
                line = lines.next() => match line {
                    Ok(line) => {
                        policy.alive(self.now());
                        if let Err(end) = self.take(line).await {
                            return end;
                        }
                    }
                    Err(problem) => return End::Failed(problem),
                },
                _ = resync.tick(), if linked_only => {
                    // Whoever was registered meanwhile is to be heard too.
                    if let Err(problem) = self.prepare().await {
                        tracing::warn!(error = %problem, "the stream's rules could not follow the registry");
                    }
                }
                changed = self.holding.changed() => {
                    if changed.is_err() || self.holding.borrow().is_none() {
                        return End::Reconsider;
                    }
                }
                changed = self.level.changed() => {
                    if changed.is_err() || !self.kind.allowed(*self.level.borrow()) || linked_only != self.linked_only() {
                        return End::Reconsider;
                    }
                }
            }
        }
    }

    /// Sees to it that X has something to tell.
    async fn prepare(&self) -> Result<(), Problem> {
        match self.kind {
            Kind::Activity => {
                let held = subscriptions::list(&self.client).await?;
                let about_house = subscriptions::about_house(&self.house);
                let missing = subscriptions::missing(&about_house, &held);
                let refused = subscriptions::create_all(&self.client, &missing).await?;
                if refused == about_house.len() {
                    return Err(Problem::local(Code::Forbidden, "x grants none of the house's subscriptions"));
                }
                Ok(())
            }
            Kind::Filtered => {
                let audience = if self.linked_only() {
                    let linked = social::linked_bidders(&self.pool).await;
                    let linked = linked.map_err(|_| Problem::local(Code::Other, "the registry cannot be read"))?;
                    Audience::Linked(linked.into_iter().map(|linked| linked.bidder).collect())
                } else {
                    Audience::Everybody
                };
                let change = rules::sync(&self.client, &self.house.handle, &audience).await?;
                if change != rules::Change::default() {
                    tracing::info!(added = change.add.len(), deleted = change.delete.len(), "stream rules changed");
                }
                Ok(())
            }
        }
    }

    /// True if the filtered stream is to bring registered bidders alone.
    fn linked_only(&self) -> bool {
        *self.level.borrow() >= Level::LinkedOnly
    }

    fn open_call(&self) -> Call {
        match self.kind {
            Kind::Activity => Call::new(Endpoint::ActivityStream, Context::App),
            Kind::Filtered => {
                let fields = [("tweet.fields", POST_FIELDS), ("expansions", EXPANSIONS), ("user.fields", USER_FIELDS)];
                let query = fields.map(|(name, value)| (name, value.to_owned())).to_vec();
                Call { query, ..Call::new(Endpoint::FilteredStream, Context::App) }
            }
        }
    }

    async fn take(&self, line: Line) -> Result<(), End> {
        let via = self.kind.via();
        self.board.line(via, self.now());
        let data = match line {
            Line::KeepAlive => return Ok(()),
            Line::TooLong => {
                tracing::warn!(source = via.as_str(), "a line was too long and was thrown away");
                self.observe.posts(via, Outcome::Unreadable, 1);
                // Whatever it was, the audit will find it.
                self.connected.notify_one();
                return Ok(());
            }
            Line::Data(data) => data,
        };
        let told = match self.kind {
            Kind::Activity => decode::activity(&data),
            Kind::Filtered => decode::filtered(&data),
        };
        let Told { news, problems } = match told {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(source = via.as_str(), %error, "a line cannot be read");
                self.observe.posts(via, Outcome::Unreadable, 1);
                self.connected.notify_one();
                return Ok(());
            }
        };
        if let Some(arrival) = self.arrival(news) {
            self.arrivals.send(arrival).await.map_err(|_| End::Stopped)?;
        }
        self.heed(problems)
    }

    /// What the news means to the writer.
    fn arrival(&self, news: News) -> Option<Arrival> {
        let (via, now) = (self.kind.via(), self.now());
        match news {
            News::None => None,
            News::Deleted { post } => {
                self.ledger.charge(Item::DeleteEvent, None);
                Some(Arrival::Deleted { post })
            }
            News::Renamed { bidder, handle } => {
                self.ledger.charge(Item::ProfileEvent, None);
                match Handle::new(&handle) {
                    Ok(handle) => Some(Arrival::Renamed { bidder, handle }),
                    Err(error) => {
                        tracing::warn!(%bidder, %error, "a new name is no handle and is left out");
                        None
                    }
                }
            }
            News::Post { object, includes } => match normalise(&object, &includes, (via, now), &self.house) {
                Ok(post) => {
                    let age: Span = now - post.created_at;
                    self.ledger.charge(Item::PostRead, Some(post.latest_id));
                    self.observe.post_age(age);
                    self.board.post(via, age, now);
                    Some(Arrival::Post(Box::new(post)))
                }
                Err(NotStored::Own(id)) => {
                    self.ledger.charge(Item::PostRead, Some(id));
                    self.observe.posts(via, Outcome::Own, 1);
                    None
                }
                Err(error @ (NotStored::NotAPost(_) | NotStored::NoAuthor(_))) => {
                    tracing::warn!(source = via.as_str(), %error, "a post cannot be read");
                    self.observe.posts(via, Outcome::Unreadable, 1);
                    self.connected.notify_one();
                    None
                }
            },
        }
    }

    /// A problem in a line is counted; one about the connection ends it.
    fn heed(&self, problems: Vec<Problem>) -> Result<(), End> {
        for problem in problems {
            self.observe.partial_error(problem.code);
            tracing::warn!(source = self.kind.via().as_str(), error = %problem, "x told of a problem in the stream");
            if matches!(problem.code, Code::OperationalDisconnect | Code::StreamConnection | Code::TooManyConnections) {
                return Err(End::Failed(problem));
            }
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }
}
