//! Lets the texts of old posts go: X's content is kept no longer than the show needs it. Ids, hash and times stay, as the
//! record of what was bid.

use std::time::Duration;

use auction_core::{Span, Timestamp};
use bootstrap::clock::Clock;
use store::PgPool;
use store::social::{self, Lease};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Age is counted in days: an hour more or less is nothing.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// The first look comes soon after the start, so that a gateway that never runs for an hour keeps to the rule too.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// Texts in one statement: short enough not to hold up the writer.
const PAGE: i64 = 1_000;
/// Pause after the database has failed.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

/// What retention needs.
pub struct Retention {
    pub pool: PgPool,
    pub clock: Clock,
    pub holding: watch::Receiver<Option<Lease>>,
    /// How long a text is kept.
    pub keep: Span,
}

impl Retention {
    /// Looks until `stopping`, while this process holds the inbox.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut pause = FIRST_LOOK;
        while tokio::time::timeout(pause, stopping.cancelled()).await.is_err() {
            pause = LOOK_EVERY;
            if self.holding.borrow_and_update().is_none() {
                continue;
            }
            let let_go = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                let_go = self.let_go() => let_go,
            };
            match let_go {
                Ok(0) => {}
                Ok(texts) => tracing::info!(texts, "old texts were let go"),
                Err(error) => {
                    tracing::warn!(error = %bootstrap::chain(&error), "old texts could not be let go");
                    pause = AFTER_FAILURE;
                }
            }
        }
        Ok(())
    }

    async fn let_go(&self) -> Result<u64, store::Error> {
        let now = Timestamp(self.clock.now_ms());
        let before = Timestamp(now.0 - self.keep.0);
        let mut all = 0;
        loop {
            let texts = social::expire_texts(&self.pool, before, now, PAGE).await?;
            all += texts;
            if texts < PAGE.unsigned_abs() {
                return Ok(all);
            }
        }
    }
}
