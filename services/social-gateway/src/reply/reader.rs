//! Follows the engine's events and plans replies. The position is kept in the database and moves only when everything
//! before it is planned, so a restart plans again and, by the post's key, plans nothing twice.

use std::collections::BTreeMap;
use std::time::Duration;

use auction_core::{Handle, Timestamp};
use bootstrap::clock::Clock;
use bootstrap::trace::REPLY_PLAN;
use bus::Bus;
use bus::outbox::{OutboxReader, Published};
use store::PgPool;
use store::social::{self, Lease};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::facts::{Fact, facts, said_again};
use super::plan::{Mode, Plan, Skip, plan, post_of};
use super::template::Templates;
use super::trace;
use crate::observe::Observe;

/// New shards are looked for this often.
const SHARDS_EVERY: Duration = Duration::from_secs(2);
/// Events taken at once.
const READ_LIMIT: usize = 256;
/// All shards together are waited for this long in one round.
const ROUND: Duration = Duration::from_millis(500);
/// Pause after Redis or the database has failed.
const RETRY: Duration = Duration::from_secs(1);

/// What the reader needs.
pub struct Reader {
    pub pool: PgPool,
    pub bus: Bus,
    pub handle: Handle,
    pub mode: Mode,
    pub clock: Clock,
    pub observe: Observe,
    pub holding: watch::Receiver<Option<Lease>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the engine's events could not be read")]
    Bus(#[from] bus::Error),
    #[error("a reply could not be planned")]
    Store(#[from] store::Error),
}

/// One shard's events and how far they are planned.
struct Shard {
    reader: OutboxReader,
    seq: u64,
}

impl Reader {
    /// Plans until `stopping`, while this process holds the inbox.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        if self.mode == Mode::Off {
            return Ok(());
        }
        let templates = Templates::current();
        let mut shards = BTreeMap::new();
        let mut looked_at = None;
        loop {
            let round = async {
                if self.holding.borrow_and_update().is_none() {
                    shards.clear();
                    looked_at = None;
                    return Ok(RETRY);
                }
                let now = self.now();
                let every = i64::try_from(SHARDS_EVERY.as_millis()).unwrap_or(i64::MAX);
                if looked_at.is_none_or(|at: Timestamp| (now - at).0 >= every) {
                    self.find_shards(&mut shards).await?;
                    looked_at = Some(now);
                }
                if shards.is_empty() {
                    return Ok(RETRY);
                }
                let wait = ROUND / u32::try_from(shards.len()).unwrap_or(u32::MAX);
                for (name, shard) in &mut shards {
                    self.follow(name, shard, wait, &templates).await?;
                }
                Ok::<_, Failure>(Duration::ZERO)
            };
            let pause = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                outcome = round => outcome.unwrap_or_else(|error| {
                    tracing::warn!(error = %bootstrap::chain(&error), "replies wait");
                    RETRY
                }),
            };
            if tokio::time::timeout(pause, stopping.cancelled()).await.is_ok() {
                return Ok(());
            }
        }
    }

    fn reader_name(&self) -> String {
        format!("social-gateway:{}", self.handle)
    }

    async fn find_shards(&self, shards: &mut BTreeMap<String, Shard>) -> Result<(), Failure> {
        for name in self.bus.shards().await? {
            if shards.contains_key(&name) {
                continue;
            }
            let seq = store::reader::position(&self.pool, &name, &self.reader_name()).await?;
            // From now on the stream is not trimmed beyond us.
            store::reader::report(&self.pool, &name, &self.reader_name(), seq).await?;
            let reader = self.bus.outbox_reader(&name);
            shards.insert(name, Shard { reader, seq });
        }
        Ok(())
    }

    async fn follow(
        &self,
        name: &str,
        shard: &mut Shard,
        wait: Duration,
        templates: &Templates,
    ) -> Result<(), Failure> {
        let rows = shard.reader.read(shard.seq, READ_LIMIT, wait).await?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok(()) };
        if rows[0].seq > shard.seq + 1 {
            tracing::info!(shard = name, from = shard.seq + 1, to = rows[0].seq - 1, "events gone by are not answered");
        }
        for row in &rows {
            self.plan_row(row, templates).await?;
        }
        store::reader::report(&self.pool, name, &self.reader_name(), last).await?;
        shard.seq = last;
        Ok(())
    }

    async fn plan_row(&self, row: &Published, templates: &Templates) -> Result<(), Failure> {
        let Ok(event) = serde_json::from_str(&row.event) else {
            tracing::warn!(seq = row.seq, "an event of the engine is no JSON");
            return Ok(());
        };
        for fact in facts(&event) {
            let began = self.now();
            let outcome = self.tell(&fact, templates).await?;
            if let Some(post) = post_of(&fact) {
                trace::record(REPLY_PLAN, post, trace::context(&event), outcome, (began, self.now()));
            }
        }
        Ok(())
    }

    /// An event of a post that the grammar refused holds no word of it; its author is told what was read in the text that we
    /// keep for as long as the author does.
    async fn with_what_was_read(&self, fact: &Fact) -> Result<Fact, Failure> {
        let Fact::Refused { post, code, .. } = fact else { return Ok(fact.clone()) };
        if bid_grammar::Code::named(code).is_none() {
            return Ok(fact.clone());
        }
        let said = store::said::of_posts(&self.pool, &[post.to_string()]).await?;
        Ok(said_again(fact, said.values().next(), self.handle.as_str()))
    }

    /// Plans; returns what became of it.
    async fn tell(&self, fact: &Fact, templates: &Templates) -> Result<&'static str, Failure> {
        let subject = match post_of(fact) {
            Some(post) => social::reply_subject(&self.pool, &self.handle, post).await?,
            None => None,
        };
        let fact = &self.with_what_was_read(fact).await?;
        match plan(fact, subject.as_ref(), (self.mode, templates), self.now()) {
            Plan::Reply(reply) => {
                if !social::plan_reply(&self.pool, &self.handle, &reply).await? {
                    return Ok(Skip::Answered.as_str());
                }
                self.observe.reply(reply.state.as_str());
                Ok(reply.state.as_str())
            }
            Plan::Release { lot, winner, state } => {
                let winner = winner.as_ref().map(|winner| (winner.bidder, "won", winner.text.as_str()));
                if social::release_held(&self.pool, &self.handle, &lot, winner, state).await? {
                    self.observe.reply(state.as_str());
                }
                Ok(state.as_str())
            }
            Plan::Skip(reason) => {
                self.observe.reply(reason.as_str());
                Ok(reason.as_str())
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }
}
