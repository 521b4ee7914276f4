//! The gateway's metrics, by the one catalogue. Labels are closed enums; every value exists from the start.

use auction_core::Span;
use bootstrap::metrics::{Registry, catalogue};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use store::social::Via;

use crate::spend::{Item, Level};
use crate::x::{Code, Endpoint};

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It has a number in the inbox.
    Queued,
    /// The inbox had it.
    Known,
    /// Its author is not registered; it was dropped unread.
    Stranger,
    /// The house's own.
    Own,
    /// Not a post by X's documents.
    Unreadable,
    /// The database would not take it.
    Unstorable,
}

impl Outcome {
    const ALL: [Self; 6] = [Self::Queued, Self::Known, Self::Stranger, Self::Own, Self::Unreadable, Self::Unstorable];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Known => "known",
            Self::Stranger => "stranger",
            Self::Own => "own",
            Self::Unreadable => "unreadable",
            Self::Unstorable => "unstorable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PostLabels {
    via: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ViaLabels {
    via: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    endpoint: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ItemLabels {
    item: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// The gateway's instruments. Clones share them.
#[derive(Debug, Clone)]
pub struct Observe {
    posts: Family<PostLabels, Counter>,
    post_age: Histogram,
    source_up: Family<ViaLabels, Gauge>,
    reconnects: Family<ViaLabels, Counter>,
    audit_found: Counter,
    spend: Family<ItemLabels, Counter>,
    spend_level: Gauge,
    replies: Family<OutcomeLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    partial_errors: Family<CodeLabels, Counter>,
    rate_limit: Family<EndpointLabels, Gauge>,
    fenced: Counter,
    inbox_seq: Gauge,
}

/// The sources, for labels.
pub const SOURCES: [Via; 3] = [Via::Activity, Via::Filtered, Via::Mentions];

impl Observe {
    /// Registers everything.
    pub fn new(registry: &Registry) -> Self {
        let observe = Self {
            posts: registry.counters(&catalogue::GATEWAY_POSTS),
            post_age: registry.histogram(&catalogue::GATEWAY_POST_AGE),
            source_up: registry.gauges(&catalogue::GATEWAY_SOURCE_UP),
            reconnects: registry.counters(&catalogue::GATEWAY_RECONNECTS),
            audit_found: registry.counter(&catalogue::GATEWAY_AUDIT_FOUND),
            spend: registry.counters(&catalogue::GATEWAY_SPEND),
            spend_level: registry.gauge(&catalogue::GATEWAY_SPEND_LEVEL),
            replies: registry.counters(&catalogue::GATEWAY_REPLIES),
            calls: registry.counters(&catalogue::GATEWAY_X_CALLS),
            partial_errors: registry.counters(&catalogue::GATEWAY_X_PARTIAL_ERRORS),
            rate_limit: registry.gauges(&catalogue::GATEWAY_X_RATE_LIMIT),
            fenced: registry.counter(&catalogue::GATEWAY_FENCED),
            inbox_seq: registry.gauge(&catalogue::GATEWAY_INBOX_SEQ),
        };
        observe.touch();
        observe
    }

    /// Series that do not exist cannot be told from a service that does not count.
    fn touch(&self) {
        for via in SOURCES.map(Via::as_str) {
            drop(self.source_up.get_or_create_owned(&ViaLabels { via }));
            drop(self.reconnects.get_or_create_owned(&ViaLabels { via }));
            for outcome in Outcome::ALL.map(Outcome::as_str) {
                drop(self.posts.get_or_create_owned(&PostLabels { via, outcome }));
            }
        }
        for item in Item::ALL.map(Item::as_str) {
            drop(self.spend.get_or_create_owned(&ItemLabels { item }));
        }
        for endpoint in Endpoint::ALL.map(Endpoint::as_str) {
            drop(self.calls.get_or_create_owned(&CallLabels { endpoint, outcome: "ok" }));
        }
    }

    /// Posts of one source that came to the same end.
    pub fn posts(&self, via: Via, outcome: Outcome, count: u64) {
        let labels = PostLabels { via: via.as_str(), outcome: outcome.as_str() };
        self.posts.get_or_create_owned(&labels).inc_by(count);
        if via == Via::Mentions && outcome == Outcome::Queued {
            self.audit_found.inc_by(count);
        }
    }

    /// How long a post took to reach us.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a lag fit a float")]
    pub fn post_age(&self, age: Span) {
        self.post_age.observe(age.0.max(0) as f64 / 1000.0);
    }

    /// A source has opened or lost its connection.
    pub fn source_up(&self, via: Via, up: bool) {
        self.source_up.get_or_create_owned(&ViaLabels { via: via.as_str() }).set(i64::from(up));
    }

    /// A source connects again.
    pub fn reconnect(&self, via: Via) {
        self.reconnects.get_or_create_owned(&ViaLabels { via: via.as_str() }).inc();
    }

    /// X charged.
    pub fn spent(&self, item: Item, micros: u64) {
        self.spend.get_or_create_owned(&ItemLabels { item: item.as_str() }).inc_by(micros);
    }

    /// What is left on: 0 everything, 3 the audit alone.
    pub fn spend_level(&self, level: Level) {
        let nth = Level::ALL.iter().position(|one| *one == level).and_then(|nth| i64::try_from(nth).ok());
        self.spend_level.set(nth.unwrap_or_default());
    }

    /// What became of a reply; `outcome` is one of the reply module's own names.
    pub fn reply(&self, outcome: &'static str) {
        self.replies.get_or_create_owned(&OutcomeLabels { outcome }).inc();
    }

    /// A call to X was answered or failed.
    pub fn x_call(&self, endpoint: Endpoint, failure: Option<Code>) {
        let outcome = failure.map_or("ok", Code::as_str);
        self.calls.get_or_create_owned(&CallLabels { endpoint: endpoint.as_str(), outcome }).inc();
    }

    /// A part of an answer or of a stream's line failed.
    pub fn partial_error(&self, code: Code) {
        self.partial_errors.get_or_create_owned(&CodeLabels { code: code.as_str() }).inc();
    }

    /// How many calls X allows in this window.
    pub fn rate_limit(&self, endpoint: Endpoint, remaining: u32) {
        let labels = EndpointLabels { endpoint: endpoint.as_str() };
        self.rate_limit.get_or_create_owned(&labels).set(i64::from(remaining));
    }

    /// Another gateway has taken the inbox.
    pub fn fenced(&self) {
        self.fenced.inc();
    }

    /// The newest number in the inbox.
    pub fn inbox_seq(&self, seq: u64) {
        self.inbox_seq.set(i64::try_from(seq).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use bootstrap::ports::Service;

    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_is_registered() {
        let registry = Registry::new();
        let _observe = Observe::new(&registry);
        assert_eq!(registry.missing(Service::SocialGateway), Vec::<&str>::new());
    }
}
