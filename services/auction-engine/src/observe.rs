//! What the worker tells about itself: metrics by the catalogue, handles made once.

pub(crate) mod trace;

use std::sync::Arc;
use std::time::Duration;

use auction_core::{SourceKind, Verdict};
use bootstrap::health::{Gate, Health, Pulse};
use bootstrap::metrics::{Registry, catalogue};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use tokio::time::Instant;

use crate::shard::batch::Waiting;

/// A command's source and verdict.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    source: &'static str,
    verdict: &'static str,
}

/// A refusal's code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

/// The worker's metrics and the gates of its readiness.
pub(crate) struct Observe {
    commands: [[Counter; 4]; 4],
    refusals: Family<Code, Counter>,
    accept: Histogram,
    commit: Histogram,
    batch: Histogram,
    fenced: Counter,
    epoch: Gauge,
    last_seq: Gauge,
    relay_lag: Gauge,
    inbox_lag: Gauge,
    lots_open: Gauge,
    /// Open sockets.
    pub(crate) sockets: Gauge,
    busy: Counter,
    lease: Gate,
    database: Gate,
    pulse: Pulse,
}

/// A shard goes round at least once a second; a recovery that reads a very long tail may take some more.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);

const SOURCES: [SourceKind; 4] = [SourceKind::Post, SourceKind::Web, SourceKind::Clerk, SourceKind::House];
const VERDICTS: [&str; 4] = ["accepted", "parked", "done", "refused"];

impl Observe {
    pub(crate) fn new(registry: &Registry, health: &Health) -> Arc<Self> {
        let commands: Family<Decided, Counter> = registry.counters(&catalogue::ENGINE_COMMANDS);
        let handle = |source, verdict| commands.get_or_create_owned(&Decided { source, verdict });
        Arc::new(Self {
            commands: SOURCES.map(|kind| VERDICTS.map(|verdict| handle(events::envelope::source_name(kind), verdict))),
            refusals: registry.counters(&catalogue::ENGINE_REFUSALS),
            accept: registry.histogram(&catalogue::ENGINE_ACCEPT),
            commit: registry.histogram(&catalogue::ENGINE_COMMIT),
            batch: registry.histogram(&catalogue::ENGINE_BATCH),
            fenced: registry.counter(&catalogue::ENGINE_FENCED),
            epoch: registry.gauge(&catalogue::ENGINE_EPOCH),
            last_seq: registry.gauge(&catalogue::ENGINE_LAST_SEQ),
            relay_lag: registry.gauge(&catalogue::ENGINE_RELAY_LAG),
            inbox_lag: registry.gauge(&catalogue::ENGINE_INBOX_LAG),
            lots_open: registry.gauge(&catalogue::ENGINE_LOTS_OPEN),
            sockets: registry.gauge(&catalogue::ENGINE_VIEWERS),
            busy: registry.counter(&catalogue::ENGINE_BUSY),
            lease: health.gate("lease"),
            database: health.gate("database"),
            pulse: health.pulse("shard", LONGEST_SILENCE),
        })
    }

    /// A command is durable and about to be answered.
    pub(crate) fn decided(&self, waiting: &Waiting, now: Instant) {
        let source = match waiting.source.kind {
            SourceKind::Post => 0,
            SourceKind::Web => 1,
            SourceKind::Clerk => 2,
            SourceKind::House => 3,
        };
        let verdict = match &waiting.decision.verdict {
            Verdict::Accepted { .. } => 0,
            Verdict::Parked => 1,
            Verdict::Done => 2,
            Verdict::Refused(refusal) => {
                self.refusals.get_or_create(&Code { code: refusal.code().to_owned() }).inc();
                3
            }
        };
        self.commands[source][verdict].inc();
        if let Some(asker) = &waiting.asker {
            self.accept.observe(now.duration_since(asker.admitted_at).as_secs_f64());
        }
    }

    /// A commit has returned.
    pub(crate) fn committed(&self, rows: usize, took: Duration) {
        self.commit.observe(took.as_secs_f64());
        self.batch.observe(f64::from(u32::try_from(rows).unwrap_or(u32::MAX)));
    }

    /// A command was turned away.
    pub(crate) fn busy(&self) {
        self.busy.inc();
    }

    /// The shard, or the wait for its lease, has gone round.
    pub(crate) fn beat(&self) {
        self.pulse.beat();
    }

    pub(crate) fn durable(&self, seq: u64) {
        self.last_seq.set(seq.cast_signed());
    }

    pub(crate) fn leads(&self, epoch: u64) {
        self.epoch.set(epoch.cast_signed());
        self.lease.open();
    }

    pub(crate) fn follows(&self, why: String) {
        self.epoch.set(0);
        self.lots_open.set(0);
        self.lease.shut(why);
    }

    pub(crate) fn fenced(&self) {
        self.fenced.inc();
    }

    pub(crate) fn database_lost(&self) {
        self.database.shut("the database is away");
    }

    pub(crate) fn database_back(&self) {
        self.database.open();
    }

    pub(crate) fn relay_lag(&self, rows: u64) {
        self.relay_lag.set(rows.cast_signed());
    }

    /// One of the inboxes has so many posts more or less to be read than it had.
    pub(crate) fn inbox_lag_moves(&self, posts: i64) {
        self.inbox_lag.inc_by(posts);
    }

    pub(crate) fn lots_open(&self, lots: usize) {
        self.lots_open.set(i64::try_from(lots).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bootstrap::http::{listen, serve_operations};
    use bootstrap::lifecycle::Lifecycle;
    use bootstrap::ports::Service;

    use super::*;

    #[tokio::test]
    async fn every_metric_of_the_catalogue_is_registered() {
        let (registry, health, life) = (Registry::new(), Health::new(), Lifecycle::new());
        let port = async || listen(Ipv4Addr::LOCALHOST.into(), 0, "a port").await.unwrap().0;
        serve_operations(&life, (port().await, &registry), (port().await, &health));
        let _observe = Observe::new(&registry, &health);
        assert_eq!(registry.missing(Service::AuctionEngine), Vec::<&str>::new());
    }
}
