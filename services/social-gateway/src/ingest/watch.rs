//! Sees to it that we hear of deletions and new handles of everybody whose text we keep: two subscriptions an author,
//! made when the first post is stored. Those for whom X has no room are looked up instead.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auction_core::{BidderId, Span, Timestamp};
use bootstrap::clock::Clock;
use store::PgPool;
use store::social::{self, Lease};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::subscriptions::{self, Subscription};
use crate::spend::Level;
use crate::x::{Client, Code, Problem};

/// New authors are looked for this often; X's policy leaves a day for a deletion.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Posts may be stored a little later than they were received.
const OVERLAP: Span = Span(60_000);
/// The first look goes this far back: older texts were swept.
const FIRST_LOOK_BACK: Span = Span(2 * 86_400_000);
/// Pause after X has refused for another reason than its rate limit.
const AFTER_FAILURE: Span = Span(30_000);

/// What the watch needs.
pub struct Watch {
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub clock: Clock,
    pub holding: watch::Receiver<Option<Lease>>,
    pub level: watch::Receiver<Level>,
}

/// What it remembers.
#[derive(Default)]
struct Memory {
    watched: BTreeSet<BidderId>,
    looked_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    full: bool,
}

impl Watch {
    /// Watches until `stopping`, while this process holds the inbox.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut memory = Memory::default();
        while tokio::time::timeout(LOOK_EVERY, stopping.cancelled()).await.is_err() {
            let holding = self.holding.borrow_and_update().is_some();
            let now = Timestamp(self.clock.now_ms());
            if !holding || memory.not_before.is_some_and(|until| now < until) {
                continue;
            }
            // The subscriptions' events come by the activity stream: while that is off, they would be paid for in vain.
            if !self.level.borrow_and_update().allows_activity() {
                continue;
            }
            let look = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                look = self.look(&mut memory, now) => look,
            };
            if let Err(problem) = look {
                let until = problem.reset_at.unwrap_or(now).max(now + AFTER_FAILURE);
                memory.not_before = Some(until);
                tracing::warn!(error = %problem, "not every author is watched yet");
            }
        }
        Ok(())
    }

    async fn look(&self, memory: &mut Memory, now: Timestamp) -> Result<(), Problem> {
        let since = memory.looked_at.map_or(Timestamp(now.0 - FIRST_LOOK_BACK.0), |at| Timestamp(at.0 - OVERLAP.0));
        let authors = social::authors_since(&self.pool, since).await;
        let authors = authors.map_err(|_| Problem::local(Code::Other, "the stored posts cannot be read"))?;
        let new: Vec<BidderId> = authors.into_iter().filter(|author| !memory.watched.contains(author)).collect();
        if !new.is_empty() && !memory.full {
            let held = subscriptions::list(&self.client).await?;
            let wanted: Vec<Subscription> = new.iter().copied().flat_map(subscriptions::about_bidder).collect();
            let missing = subscriptions::missing(&wanted, &held);
            subscriptions::create_all(&self.client, &missing).await?;
            memory.full = held.len() + missing.len() >= subscriptions::SUBSCRIPTION_LIMIT;
            if memory.full {
                tracing::warn!("x takes no more subscriptions; deletions by further authors are looked up instead");
            }
            memory.watched.extend(new);
        }
        memory.looked_at = Some(now);
        Ok(())
    }
}
