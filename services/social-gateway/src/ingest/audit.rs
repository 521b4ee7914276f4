//! The gap audit: compares the house's mentions on X with the inbox, adds what no stream has brought, and only then says
//! up to which time the inbox is whole. Runs after every new connection, from time to time, and when the engine asks
//! before a hammer. [`turn()`] decides, purely, whether it is time.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use auction_core::{Span, Timestamp};
use bootstrap::clock::Clock;
use bus::Bus;
use bus::signal::Heard;
use store::PgPool;
use store::social::{self, Lease, Via};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::normalise::normalise;
use super::timeline::{Door, Timeline, mentions, older};
use super::{Arrival, Filed, House};
use crate::board::Board;
use crate::ledger::Ledger;
use crate::observe::{Observe, Outcome};
use crate::x::{Client, Code, Problem};
pub use turn::{Standing, Timing, Turn, turn};

/// The engine's wish is looked for this often, should its nudge be lost.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After a failure the next attempt waits this long, times the number of failures in a row.
const RETRY_STEP: Span = Span(1_000);
/// The longest wait after a failure that X gave no reset time for.
const RETRY_CAP: Span = Span(15_000);
/// Posts may appear on the timeline a little out of order: a comparison begins this far before where the last one ended.
const OVERLAP: Span = Span(5_000);
/// Without any record of an audit, the comparison begins this long before now.
const FIRST_LOOK_BACK: Span = Span(15 * 60_000);
/// After a long absence no more than this is read back: the recent search knows a week, and no lot is open that long.
const LONGEST_LOOK_BACK: Span = Span(86_400_000);
/// The writer has this long to make a comparison's posts durable.
const FILE_DEADLINE: Duration = Duration::from_secs(30);

/// What the audit needs.
pub struct Auditor {
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub bus: Bus,
    pub house: House,
    pub timing: Timing,
    pub clock: Clock,
    pub board: Board,
    pub observe: Observe,
    pub ledger: Ledger,
    pub arrivals: mpsc::Sender<Arrival>,
    pub holding: watch::Receiver<Option<Lease>>,
    /// Rings when a stream has been connected.
    pub connected: Arc<Notify>,
}

/// What the loop remembers.
#[derive(Default)]
struct Memory {
    standing: Standing,
    /// Where the next comparison begins.
    begin: Option<Timestamp>,
    /// What lies before that and is not read yet.
    debt: Option<Debt>,
    /// The inbox's newest number at the last comparison.
    seq: u64,
    /// Posts that no stream had brought, not reported yet.
    found: u64,
    failures: i64,
}

/// Mentions with ids between these two, both excluded.
#[derive(Debug, Clone, Copy)]
struct Debt {
    since: u64,
    until: u64,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    X(#[from] Problem),
    #[error("the audit could not be recorded")]
    Store(#[from] store::Error),
    #[error("x could not give every mention ({})", .0.as_str())]
    Incomplete(Code),
    /// No failure: the next turn goes on.
    #[error("there are more mentions than one reading may take")]
    Behind,
    #[error("the writer did not store the posts in time")]
    NotFiled,
    #[error("this gateway does not hold the inbox any more")]
    Fenced,
}

impl Failure {
    /// The code on the status page.
    fn code(&self) -> Code {
        match self {
            Self::X(problem) => problem.code,
            Self::Incomplete(code) => *code,
            Self::Store(_) | Self::Behind | Self::NotFiled | Self::Fenced => Code::Other,
        }
    }
}

impl Auditor {
    /// Audits while this process holds the inbox, until `stopping`.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut memory = Memory::default();
        let mut nudges = self.bus.listen(bus::keys::nudge(self.house.handle.as_str()));
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.connected.notified() => memory.standing.gap = true,
                // The payload `audit` is the engine's; our own nudges for new posts are of no interest here.
                heard = nudges.next() => if heard == Heard::Message(b"posts".to_vec()) { continue },
                _ = look.tick() => {}
            }
            if self.holding.borrow_and_update().is_none() {
                continue;
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.look(&mut memory) => {}
            }
        }
    }

    async fn look(&self, memory: &mut Memory) {
        let now = self.now();
        match social::pending_audit(&self.pool, &self.house.handle).await {
            Ok(pending) => memory.standing.pending = pending,
            Err(error) => tracing::debug!(error = %bootstrap::chain(&error), "the engine's wish could not be read"),
        }
        memory.standing.windows = Door::ALL.map(|door| self.client.window(door.counted()));
        let seq = self.holding.borrow().as_ref().map_or(0, |lease| lease.last_seq);
        memory.standing.grown = seq.saturating_sub(memory.seq);
        memory.standing.behind = memory.debt.is_some();
        let (through, first) = match turn(&memory.standing, self.timing, now) {
            Turn::Compare { through, first } => (through, first),
            Turn::Save => return self.board.audit(|audit| audit.last_problem = Some(Code::RateLimited)),
            Turn::Rest => return,
        };
        memory.seq = seq;
        let outcome = self.compare(memory, (through, first)).await;
        let problem = match &outcome {
            Ok(()) | Err(Failure::Behind) => {
                memory.standing.gap = false;
                memory.standing.not_before = None;
                memory.failures = 0;
                None
            }
            Err(failure) => {
                memory.failures += 1;
                let wait = Span((RETRY_STEP.0 * memory.failures).min(RETRY_CAP.0));
                let reset = if let Failure::X(problem) = failure { problem.reset_at } else { None };
                memory.standing.not_before = Some((now + wait).max(reset.unwrap_or(now)));
                tracing::warn!(error = %bootstrap::chain(failure), "the audit has not gone through");
                Some(failure.code())
            }
        };
        memory.standing.last_at = Some(now);
        let found = std::mem::take(&mut memory.found);
        if found > 0 {
            tracing::info!(found, handle = %self.house.handle, "the audit found posts");
        }
        self.board.audit(|audit| {
            audit.runs += 1;
            audit.last_at = Some(now);
            audit.last_problem = problem;
            audit.found += found;
            if outcome.is_ok() {
                audit.complete_through = audit.complete_through.max(Some(through));
            }
        });
    }

    /// Reads back, files, records.
    async fn compare(&self, memory: &mut Memory, (through, first): (Timestamp, Door)) -> Result<(), Failure> {
        if let Some(debt) = memory.debt {
            let timeline = older(&self.client, &self.ledger, &self.house, debt.since, debt.until).await?;
            let unread = self.file(timeline, memory).await?;
            memory.debt = unread.map(|until| Debt { until, ..debt });
            if unread == Some(debt.until) {
                // The search gives pages and no posts: asking again at once gives the same.
                return Err(Failure::Incomplete(Code::Unreadable));
            }
            if memory.debt.is_some() {
                return Err(Failure::Behind);
            }
        }
        let begin = match memory.begin {
            Some(at) => at,
            None => self.begin(through).await?,
        };
        let since = Timestamp(begin.0 - OVERLAP.0).first_post_id();
        let timeline = mentions(&self.client, &self.ledger, &self.house, (since, first)).await?;
        let unread = self.file(timeline, memory).await?;
        memory.begin = Some(begin.max(through));
        if let Some(until) = unread {
            memory.debt = Some(Debt { since, until });
            return Err(Failure::Behind);
        }
        let Some(lease) = self.holding.borrow().clone() else { return Err(Failure::Fenced) };
        social::complete_audit(&self.pool, &lease, through).await?.ok_or(Failure::Fenced)?;
        let channel = bus::keys::nudge(self.house.handle.as_str());
        if let Err(error) = self.bus.publish(&channel, b"audited").await {
            tracing::debug!(%error, "no nudge; the engine polls");
        }
        Ok(())
    }

    /// Where the first comparison after a start begins: where the last one before it ended, if that is known.
    async fn begin(&self, through: Timestamp) -> Result<Timestamp, Failure> {
        let recorded = store::inbox::audit(&self.pool, &self.house.handle).await?.completed_through;
        let earliest = Timestamp(through.0 - LONGEST_LOOK_BACK.0);
        Ok(recorded.map_or(Timestamp(through.0 - FIRST_LOOK_BACK.0), |at| at.clamp(earliest, through.max(earliest))))
    }

    /// Makes what was read durable; returns what one reading could not take.
    async fn file(&self, timeline: Timeline, memory: &mut Memory) -> Result<Option<u64>, Failure> {
        let now = self.now();
        let mut posts = Vec::with_capacity(timeline.posts.len());
        // X gives the newest first; the inbox should have the oldest first.
        for object in timeline.posts.iter().rev() {
            match normalise(object, &timeline.includes, (Via::Mentions, now), &self.house) {
                Ok(post) => posts.push(post),
                Err(super::normalise::NotStored::Own(_)) => self.observe.posts(Via::Mentions, Outcome::Own, 1),
                Err(error) => {
                    tracing::warn!(%error, "a mention cannot be read");
                    self.observe.posts(Via::Mentions, Outcome::Unreadable, 1);
                }
            }
        }
        let (done, filed) = oneshot::channel();
        let arrival = Arrival::Compared { posts, done };
        let filing = async {
            self.arrivals.send(arrival).await.map_err(|_| Failure::NotFiled)?;
            filed.await.map_err(|_| Failure::NotFiled)
        };
        let filed: Filed = tokio::time::timeout(FILE_DEADLINE, filing).await.map_err(|_| Failure::NotFiled)??;
        memory.found += filed.missing.len() as u64;
        timeline.lacking.map_or(Ok(timeline.unread_below), |code| Err(Failure::Incomplete(code)))
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }
}
