//! The operator's metrics: the names that every controller has, and our own. Labels are closed enums.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use bootstrap::metrics::{Registry, catalogue};
use operator_api::auction::AuctionPhase;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::key::Key;
use crate::object::Kind;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    code: u16,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    kind: &'static str,
    verb: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabels {
    phase: &'static str,
}

/// How a reconcile ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Success,
    /// It looks again at a known time.
    RequeueAfter,
    Error,
}

impl Ended {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequeueAfter => "requeue_after",
            Self::Error => "error",
        }
    }
}

/// The operator's instruments. Clones share them.
#[derive(Debug, Clone)]
pub struct Observe {
    reconciles: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabels, Counter>,
    time: Histogram,
    pub workers: Gauge,
    active: Gauge,
    depth: Gauge,
    adds: Counter,
    wait: Histogram,
    retries: Counter,
    calls: Family<CallLabels, Counter>,
    leader: Gauge,
    writes: Family<WriteLabels, Counter>,
    events: Family<OutcomeLabels, Counter>,
    watches: Family<KindLabels, Gauge>,
    phases: Family<PhaseLabels, Gauge>,
    provision: Histogram,
    handovers: Family<OutcomeLabels, Counter>,
    protected: Gauge,
}

impl Observe {
    /// Registers everything.
    pub fn new(registry: &Registry) -> Self {
        Self {
            reconciles: registry.counters(&catalogue::RECONCILES),
            errors: registry.counters(&catalogue::RECONCILE_ERRORS),
            time: registry.histogram(&catalogue::RECONCILE_TIME),
            workers: registry.gauge(&catalogue::RECONCILE_WORKERS),
            active: registry.gauge(&catalogue::RECONCILE_ACTIVE),
            depth: registry.gauge(&catalogue::QUEUE_DEPTH),
            adds: registry.counter(&catalogue::QUEUE_ADDS),
            wait: registry.histogram(&catalogue::QUEUE_WAIT),
            retries: registry.counter(&catalogue::QUEUE_RETRIES),
            calls: registry.counters(&catalogue::REST_REQUESTS),
            leader: registry.gauge(&catalogue::LEADER),
            writes: registry.counters(&catalogue::OPERATOR_WRITES),
            events: registry.counters(&catalogue::OPERATOR_EVENTS),
            watches: registry.gauges(&catalogue::OPERATOR_WATCHES),
            phases: registry.gauges(&catalogue::AUCTION_PHASES),
            provision: registry.histogram(&catalogue::AUCTION_PROVISION),
            handovers: registry.counters(&catalogue::STREAM_HANDOVERS),
            protected: registry.gauge(&catalogue::STREAM_PROTECTED),
        }
    }

    /// A key was taken from the queue.
    pub fn taken(&self, waited: Duration, depth: usize) {
        self.wait.observe(waited.as_secs_f64());
        self.adds.inc();
        self.active.inc();
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// The work on a key ended.
    pub fn ended(&self, key: &Key, took: Duration, ended: Ended) {
        let controller = key.controller();
        self.active.dec();
        self.time.observe(took.as_secs_f64());
        self.reconciles.get_or_create(&ResultLabels { controller, result: ended.as_str() }).inc();
        match ended {
            Ended::Success | Ended::RequeueAfter => {}
            Ended::Error => {
                self.retries.inc();
                self.errors.get_or_create(&ControllerLabels { controller }).inc();
            }
        }
    }

    pub fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// An event was told, or held back.
    pub fn event(&self, told: bool) {
        let outcome = if told { "told" } else { "held_back" };
        self.events.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    pub fn watch_synced(&self, kind: &'static str, synced: bool) {
        self.watches.get_or_create(&KindLabels { kind }).set(i64::from(synced));
    }

    pub fn provisioned(&self, after: Duration) {
        self.provision.observe(after.as_secs_f64());
    }

    pub fn handed_over(&self, outcome: &'static str) {
        self.handovers.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    pub fn protected(&self, streams: i64) {
        self.protected.set(streams);
    }

    /// How many auctions are in each phase.
    pub fn phases(&self, counts: &BTreeMap<AuctionPhaseName, i64>) {
        for (AuctionPhaseName(phase), count) in counts {
            self.phases.get_or_create(&PhaseLabels { phase }).set(*count);
        }
    }

    /// A call to the API server came back; `code` 0 is no answer.
    pub(crate) fn called(&self, method: &Method, path: &str, code: u16) {
        self.calls.get_or_create(&CallLabels { code, method: method_name(method) }).inc();
        if let Some(verb) = write_verb(method) {
            self.writes.get_or_create(&WriteLabels { kind: kind_of(path), verb }).inc();
        }
    }

    /// Writes so far, by kind and verb, without those of leases.
    pub fn writes(&self, kind: &'static str, verb: &'static str) -> u64 {
        self.writes.get_or_create(&WriteLabels { kind, verb }).get()
    }
}

/// A phase as metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuctionPhaseName(pub &'static str);

impl AuctionPhaseName {
    /// Every phase there is.
    pub const ALL: [AuctionPhase; 12] = [
        AuctionPhase::Pending,
        AuctionPhase::Scheduled,
        AuctionPhase::Provisioning,
        AuctionPhase::Ready,
        AuctionPhase::Live,
        AuctionPhase::Paused,
        AuctionPhase::Settling,
        AuctionPhase::Completed,
        AuctionPhase::Failed,
        AuctionPhase::Cancelled,
        AuctionPhase::Terminating,
        AuctionPhase::Unknown,
    ];
}

impl From<AuctionPhase> for AuctionPhaseName {
    fn from(phase: AuctionPhase) -> Self {
        Self(match phase {
            AuctionPhase::Pending => "pending",
            AuctionPhase::Scheduled => "scheduled",
            AuctionPhase::Provisioning => "provisioning",
            AuctionPhase::Ready => "ready",
            AuctionPhase::Live => "live",
            AuctionPhase::Paused => "paused",
            AuctionPhase::Settling => "settling",
            AuctionPhase::Completed => "completed",
            AuctionPhase::Failed => "failed",
            AuctionPhase::Cancelled => "cancelled",
            AuctionPhase::Terminating => "terminating",
            AuctionPhase::Unknown => "unknown",
        })
    }
}

fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn write_verb(method: &Method) -> Option<&'static str> {
    match method.as_str() {
        "POST" => Some("create"),
        "PUT" => Some("update"),
        "PATCH" => Some("patch"),
        "DELETE" => Some("delete"),
        _ => None,
    }
}

/// The kind that a path of the API server is about: the segment after the namespace.
pub(crate) fn kind_of(path: &str) -> &'static str {
    let mut segments = path.split('/').skip_while(|segment| *segment != "namespaces").skip(2);
    let plural = segments.next().unwrap_or_default();
    let status = segments.nth(1) == Some("status");
    match (plural, status) {
        ("auctions", true) => "AuctionStatus",
        ("auctions", false) => "Auction",
        ("streams", true) => "StreamStatus",
        ("events", _) => "Event",
        (plural, _) => {
            Kind::ALL.into_iter().find(|kind| kind.resource().plural == plural).map_or("other", Kind::as_str)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_kind() {
        assert_eq!(kind_of("/api/v1/namespaces/a/pods/b"), "Pod");
        assert_eq!(kind_of("/apis/sothebais.io/v1alpha1/namespaces/a/auctions/b/status"), "AuctionStatus");
        assert_eq!(kind_of("/apis/coordination.k8s.io/v1/namespaces/a/leases"), "Lease");
        assert_eq!(kind_of("/apis/events.k8s.io/v1/namespaces/a/events"), "Event");
        assert_eq!(kind_of("/version"), "other");
    }

    #[test]
    fn everything_of_the_catalogue_is_exported() {
        let registry = Registry::new();
        let _observe = Observe::new(&registry);
        assert_eq!(registry.missing(bootstrap::ports::Service::Operator), Vec::<&str>::new());
    }
}
