//! From the journal to the bus: every durable row once, in order, as `out:{shard}`. The journal is the outbox; this holds
//! nothing that it could lose.
//!
//! Recent rows come from memory; whoever falls behind (Redis was away, or was flushed) reads the journal again.

pub(crate) mod prices;

use std::sync::Arc;
use std::time::Duration;

use auction_core::Entry;
use bootstrap::chain;
use bootstrap::clock::Clock;
use bootstrap::trace::Linked;
use bus::outbox::{Absent, Appended, Outbox};
use store::PgPool;
use store::commit::Batch;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::observe::{Observe, trace};

/// Batches that may wait in memory; older ones are read from the journal.
const QUEUE: usize = 16;

/// Rows of one append: some 300 KB, a few milliseconds of Redis.
const APPEND_ROWS: usize = 512;

/// Rows kept in a stream for a durable reader that does not come on, some 60 MB: one that is further behind, or will never
/// come again, finds the rest in the journal.
const KEPT_UNREAD: u64 = 100_000;

/// How often streams are trimmed, and the stream is compared with the journal when nothing happens.
const UPKEEP: Duration = Duration::from_secs(5);

/// Pause after Redis or the database has failed.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How long the last rows may take to go out when the worker stops.
pub(crate) const FLUSH_DEADLINE: Duration = Duration::from_secs(3);

/// Durable rows that begin at a number.
type Rows = (u64, Arc<Batch>);

/// The shard's side.
pub(crate) struct Feed {
    rows: mpsc::Sender<Rows>,
    durable: watch::Sender<u64>,
}

impl Feed {
    /// Hands over durable rows. Never waits: what does not fit is read from the journal later.
    pub(crate) fn offer(&self, first_seq: u64, rows: Arc<Batch>) {
        let last = first_seq + u64::try_from(rows.len()).expect("a batch is small") - 1;
        let _ = self.rows.try_send((first_seq, rows));
        self.durable.send_replace(last);
    }
}

/// The bus's side.
pub(crate) struct Relay {
    outbox: Outbox,
    shard: Arc<str>,
    pool: PgPool,
    rows: mpsc::Receiver<Rows>,
    durable: watch::Receiver<u64>,
    /// The oldest batch that has been taken out of the queue and is not wholly published.
    head: Option<Rows>,
    clock: Clock,
    observe: Arc<Observe>,
}

/// Both sides; `durable_seq` is the journal's last row now.
pub(crate) fn relay(
    outbox: Outbox,
    shard: Arc<str>,
    pool: PgPool,
    durable_seq: u64,
    (clock, observe): (Clock, Arc<Observe>),
) -> (Feed, Relay) {
    let (rows, received) = mpsc::channel(QUEUE);
    let (durable, known) = watch::channel(durable_seq);
    let relay = Relay { outbox, shard, pool, rows: received, durable: known, head: None, clock, observe };
    (Feed { rows, durable }, relay)
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the bus failed")]
    Bus(#[from] bus::Error),
    #[error("the journal could not be read")]
    Store(#[from] store::Error),
}

impl Relay {
    /// Publishes until the shard has gone and everything is out, or `stopping` and [`FLUSH_DEADLINE`] have passed.
    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        let give_up = async {
            stopping.cancelled().await;
            tokio::time::sleep(FLUSH_DEADLINE).await;
        };
        tokio::select! {
            () = give_up => tracing::warn!(shard = %self.shard, "rows are left for the next worker to publish"),
            () = self.publish_all() => {}
        }
    }

    async fn publish_all(&mut self) {
        let mut position = None;
        let mut upkeep = Instant::now();
        loop {
            match self.publish_next(&mut position, &mut upkeep).await {
                Ok(Step::Again) => {}
                Ok(Step::Done) => return,
                Err(error) => {
                    tracing::warn!(shard = %self.shard, error = %chain(&error), "publishing waits");
                    position = None;
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn publish_next(&mut self, position: &mut Option<u64>, upkeep: &mut Instant) -> Result<Step, Failure> {
        let (published, absent) = match *position {
            Some(published) => (published, Absent::Refuse),
            None => self.find_position().await?,
        };
        *position = Some(published);
        let durable = *self.durable.borrow_and_update();
        self.observe.relay_lag(durable.saturating_sub(published));
        if published >= durable {
            tokio::select! {
                changed = self.durable.changed() => if changed.is_err() { return Ok(Step::Done) },
                () = tokio::time::sleep_until(*upkeep) => {
                    *upkeep = Instant::now() + UPKEEP;
                    self.trim(published).await?;
                    // A flush is found out here when nothing is being published.
                    *position = None;
                }
            }
            return Ok(Step::Again);
        }
        let Page { events, traced } = self.read(published, durable).await?;
        let began = Instant::now();
        *position = match self.outbox.append(&self.shard, published + 1, &events, absent).await? {
            Appended::Through(last) => {
                trace::published(&self.shard, events.len(), traced, began, self.clock.now_ms());
                Some(last)
            }
            Appended::NotTheSuccessor { last } => Some(last),
            Appended::NoStream => None,
        };
        Ok(Step::Again)
    }

    /// Where the stream ends; for one that is not there, where the slowest durable reader stands.
    async fn find_position(&self) -> Result<(u64, Absent), Failure> {
        if let Some(last) = self.outbox.last(&self.shard).await? {
            let durable = *self.durable.borrow();
            if last <= durable {
                return Ok((last, Absent::Refuse));
            }
            // The database was put back to an earlier state: what the stream says of the rows beyond never happened.
            tracing::error!(shard = %self.shard, last, durable, "the bus is ahead of the journal; its stream begins anew");
            self.outbox.clear(&self.shard).await?;
        }
        self.outbox.announce(&self.shard).await?;
        let durable = *self.durable.borrow();
        Ok((self.kept_after(durable).await?, Absent::Begin))
    }

    /// The last row that nobody needs from the stream when it ends with `published`.
    async fn kept_after(&self, published: u64) -> Result<u64, Failure> {
        let lowest = store::reader::lowest(&self.pool, &self.shard).await?;
        Ok(lowest.unwrap_or_default().clamp(published.saturating_sub(KEPT_UNREAD), published))
    }

    /// The events of the rows after `published`: from memory if they are there, else from the journal.
    async fn read(&mut self, published: u64, durable: u64) -> Result<Page, Failure> {
        let end = |(first, rows): &Rows| first + u64::try_from(rows.len()).expect("a batch is small");
        // One batch at a time: what waits in the queue is what its bound allows, however far behind this is.
        while self.head.as_ref().is_none_or(|rows| end(rows) <= published + 1) {
            self.head = self.rows.try_recv().ok();
            if self.head.is_none() {
                break;
            }
        }
        let wanted = usize::try_from(durable - published).unwrap_or(APPEND_ROWS).min(APPEND_ROWS);
        if let Some((first, rows)) = self.head.as_ref().filter(|(first, _)| *first <= published + 1) {
            let skip = usize::try_from(published + 1 - first).expect("a batch is small");
            let entries = rows.entries().iter().skip(skip).take(wanted);
            let mut page = Page::default();
            for (seq, entry) in (published + 1..).zip(entries) {
                page.add(&self.shard, seq, entry);
            }
            return Ok(page);
        }
        let limit = u32::try_from(wanted).expect("an append is small");
        let rows = store::journal::page(&self.pool, &self.shard, published, limit).await?;
        let mut page = Page::default();
        for row in &rows {
            page.add(&self.shard, row.seq, &row.entry);
        }
        Ok(page)
    }

    async fn trim(&self, published: u64) -> Result<(), Failure> {
        let keep_after = self.kept_after(published).await?;
        self.outbox.trim(&self.shard, keep_after + 1).await?;
        Ok(())
    }
}

enum Step {
    Again,
    Done,
}

/// Rows to append.
#[derive(Default)]
struct Page {
    events: Vec<String>,
    /// Those of them that are traced.
    traced: Vec<Linked>,
}

impl Page {
    fn add(&mut self, shard: &str, seq: u64, bytes: &[u8]) {
        let entry = Entry::decode(bytes).expect("the worker wrote this row itself or checked it when it started");
        self.traced.extend(trace::member(&entry.command));
        let event = serde_json::to_string(&events::of_row(shard, seq, &entry));
        self.events.push(event.expect("an event of plain data always serialises"));
    }
}

#[cfg(test)]
mod tests {
    use auction_core::{Action, Command, Handle, Shard, Source, SourceKind, Timestamp};
    use bootstrap::health::Health;
    use bootstrap::metrics::Registry;
    use store::commit::NewRow;

    use super::*;

    /// A batch of one row.
    fn batch(seq: u64) -> Arc<Batch> {
        let handle = Handle::new("sothebais").unwrap();
        let source = Source { kind: SourceKind::House, key: format!("inbox:{seq}") };
        let action = Action::AdvanceInbox { handle, seq, ignored: 1 };
        let command = Command { source: source.clone(), at: Timestamp(0), action, trace: None };
        let decision = Shard::default().decide(&command, Timestamp(0));
        let mut rows = Batch::default();
        rows.push(NewRow {
            auction: None,
            lot: None,
            lot_seq: seq,
            entry: Entry { command, now: Timestamp(0), decision }.encode(),
            hash: auction_core::Hash::default(),
            doc: String::new(),
            source: source.kind,
            key: source.key,
            now: Timestamp(0),
        });
        Arc::new(rows)
    }

    #[tokio::test]
    async fn a_bus_that_is_slower_than_the_shard_costs_no_more_memory_than_the_queue() {
        let observe = Observe::new(&Registry::new(), &Health::new());
        let pool = store::Database::new(crate::testing::NO_DATABASE, "test").unwrap().pool();
        let outbox = Outbox::new(bus::Bus::new("redis://127.0.0.1:1").unwrap());
        let (feed, mut relay) = super::relay(outbox, Arc::from("s1"), pool, 0, (Clock::System, observe));
        let batches: Vec<_> = (1..=10 * QUEUE as u64).map(batch).collect();
        let (mut published, mut offered) = (0, 0);
        // Many batches come for each one that goes out.
        for _ in 0..10 {
            for rows in batches.iter().skip(offered).take(QUEUE) {
                offered += 1;
                feed.offer(offered as u64, rows.clone());
            }
            published += relay.read(published, offered as u64).await.unwrap().events.len() as u64;
            let held = batches.iter().filter(|rows| Arc::strong_count(rows) > 1).count();
            assert!(held <= QUEUE + 1, "{held} batches are held after {offered}");
        }
        assert_eq!(published, 10);
    }
}
