//! Looks up, in hundreds, whether the posts whose text we keep still exist, so that a deletion that no event told of is
//! honoured within X's 24 hours. Within a day (UTC) the look-up of a post that was paid for costs nothing more; each
//! further day on which its text is kept costs a read. At the spending ceiling nothing is looked up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auction_core::{Span, Timestamp};
use bootstrap::clock::Clock;
use serde_json::Value;
use store::PgPool;
use store::social::{self, Checked, Lease};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Arrival;
use crate::ledger::Ledger;
use crate::spend::{Item, Level};
use crate::x::client::{Answer, Call};
use crate::x::endpoint::Context;
use crate::x::{Client, Code, Endpoint, Problem};

/// Posts in one look-up; the most that X takes.
const PAGE: i64 = 100;
/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

/// What the sweep needs.
pub struct Sweep {
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub clock: Clock,
    pub ledger: Ledger,
    pub arrivals: mpsc::Sender<Arrival>,
    pub holding: watch::Receiver<Option<Lease>>,
    pub level: watch::Receiver<Level>,
    /// Between sweeps; well under a day.
    pub every: Duration,
    /// Texts are kept for this long at most, so older posts need no look.
    pub keep: Span,
}

impl Sweep {
    /// Sweeps until `stopping`, while this process holds the inbox.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut pause = self.every;
        while tokio::time::timeout(pause, stopping.cancelled()).await.is_err() {
            pause = self.every;
            if self.holding.borrow_and_update().is_none() {
                continue;
            }
            let swept = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                swept = self.sweep() => swept,
            };
            if let Err(problem) = swept {
                tracing::warn!(error = %problem, "deleted posts could not all be looked for");
                pause = AFTER_FAILURE.min(self.every);
            }
        }
        Ok(())
    }

    /// Looks every kept post up once, or as many as the breaker allows.
    pub async fn sweep(&self) -> Result<(), Problem> {
        let now = Timestamp(self.clock.now_ms());
        let mut after = 0;
        loop {
            let page = social::posts_to_check(&self.pool, Timestamp(now.0 - self.keep.0)..now, after, PAGE).await;
            let page = page.map_err(|_| Problem::local(Code::Other, "the stored posts cannot be read"))?;
            let Some(last) = page.last() else { return Ok(()) };
            if !self.level.borrow().allows_look_ups() {
                tracing::warn!("deleted posts are not looked for: the show's money is spent");
                return Ok(());
            }
            after = last.id;
            let ids: Vec<String> = page.iter().map(|post| post.latest_id.to_string()).collect();
            let query = vec![("ids", ids.join(","))];
            let answer = self.client.call(&Call { query, ..Call::new(Endpoint::LookUpPosts, Context::App) }).await?;
            for post in &page {
                self.ledger.charge(Item::PostRead, Some(post.latest_id));
            }
            for post in gone(&page, &answer) {
                // A closed queue means that the process stops.
                let _ = self.arrivals.send(Arrival::Deleted { post }).await;
            }
        }
    }
}

/// The posts that X says do not exist, or are not ours to see any more: protected, suspended, withheld. What it merely did
/// not give is not gone.
fn gone(page: &[Checked], answer: &Answer) -> Vec<u64> {
    let given: BTreeSet<&str> = answer.body["data"].as_array().into_iter().flatten().filter_map(id).collect();
    let missing: BTreeSet<&str> = answer
        .partial
        .iter()
        .filter(|problem| matches!(problem.code, Code::NotFound | Code::Forbidden))
        .filter_map(|problem| problem.resource.as_deref())
        .collect();
    let is_gone = |post: &&Checked| {
        let latest = post.latest_id.to_string();
        missing.contains(latest.as_str()) && !given.contains(latest.as_str())
    };
    page.iter().filter(is_gone).map(|post| post.id).collect()
}

fn id(post: &Value) -> Option<&str> {
    post["id"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_x_says_does_not_exist_is_gone() {
        let page = [1, 2, 3, 4, 5].map(|id| Checked { id, latest_id: id + 10 });
        let body = json!({"data": [{"id": "11"}], "errors": [
            {"resource_id": "12", "type": "https://api.x.com/2/problems/resource-not-found"},
            {"resource_id": "13", "type": "https://api.x.com/2/problems/internal-error"},
            {"resource_id": "15", "type": "https://api.x.com/2/problems/not-authorized-for-resource"},
        ]});
        let partial = crate::x::problem::partial_errors(&body);
        assert_eq!(gone(&page, &Answer { body, partial }), [2, 5]);
    }
}
