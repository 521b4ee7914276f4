//! What the compositor tells about itself: metrics by the catalogue, handles made once.

use std::sync::Arc;

use bootstrap::health::{Gate, Health, Pulse};
use bootstrap::metrics::{Registry, catalogue};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// The stage goes round thirty times a second; an encoder that is opened anew takes some more.
const LONGEST_SILENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// A stream has eight outputs at most, by its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Output {
    output: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Standing {
    output: String,
    required: &'static str,
}

/// Metrics and the gates of readiness.
pub(crate) struct Observe {
    pub(crate) due: Counter,
    pub(crate) repeated: Counter,
    pub(crate) compose: Histogram,
    pub(crate) encode: Histogram,
    pub(crate) encoded_bytes: Counter,
    pub(crate) on_air: Gauge,
    pub(crate) epoch: Gauge,
    pub(crate) state_age: Gauge,
    live: Family<Standing, Gauge>,
    frames: Family<Output, Counter>,
    bytes: Family<Output, Counter>,
    dropped: Family<Output, Counter>,
    reconnects: Family<Output, Counter>,
    /// Open while pictures are made.
    pub(crate) picture: Gate,
    pub(crate) pulse: Pulse,
}

/// One output's metrics.
#[derive(Debug, Clone)]
pub(crate) struct OutputMetrics {
    pub(crate) live: Gauge,
    pub(crate) frames: Counter,
    pub(crate) bytes: Counter,
    pub(crate) dropped: Counter,
    pub(crate) reconnects: Counter,
}

impl Observe {
    pub(crate) fn new(registry: &Registry, health: &Health) -> Arc<Self> {
        Arc::new(Self {
            due: registry.counter(&catalogue::COMPOSITOR_FRAMES_DUE),
            repeated: registry.counter(&catalogue::COMPOSITOR_FRAMES_REPEATED),
            compose: registry.histogram(&catalogue::COMPOSITOR_COMPOSE),
            encode: registry.histogram(&catalogue::COMPOSITOR_ENCODE),
            encoded_bytes: registry.counter(&catalogue::COMPOSITOR_ENCODED_BYTES),
            on_air: registry.gauge(&catalogue::COMPOSITOR_ON_AIR),
            epoch: registry.gauge(&catalogue::COMPOSITOR_EPOCH),
            state_age: registry.gauge(&catalogue::COMPOSITOR_STATE_AGE),
            live: registry.gauges(&catalogue::COMPOSITOR_OUTPUT_LIVE),
            frames: registry.counters(&catalogue::COMPOSITOR_OUTPUT_FRAMES),
            bytes: registry.counters(&catalogue::COMPOSITOR_OUTPUT_BYTES),
            dropped: registry.counters(&catalogue::COMPOSITOR_OUTPUT_DROPPED),
            reconnects: registry.counters(&catalogue::COMPOSITOR_OUTPUT_RECONNECTS),
            picture: health.gate("picture"),
            pulse: health.pulse("stage", LONGEST_SILENCE),
        })
    }

    pub(crate) fn output(&self, name: &str, required: bool) -> OutputMetrics {
        let label = Output { output: name.to_owned() };
        let standing = Standing { output: name.to_owned(), required: if required { "true" } else { "false" } };
        OutputMetrics {
            live: self.live.get_or_create_owned(&standing),
            frames: self.frames.get_or_create_owned(&label),
            bytes: self.bytes.get_or_create_owned(&label),
            dropped: self.dropped.get_or_create_owned(&label),
            reconnects: self.reconnects.get_or_create_owned(&label),
        }
    }

    /// What is gone is shown no longer.
    pub(crate) fn forget_output(&self, name: &str, required: bool) {
        let label = Output { output: name.to_owned() };
        let standing = Standing { output: name.to_owned(), required: if required { "true" } else { "false" } };
        self.live.remove(&standing);
        for family in [&self.frames, &self.bytes, &self.dropped, &self.reconnects] {
            family.remove(&label);
        }
    }
}
