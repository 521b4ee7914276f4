//! Spans that never reach the collector are counted: those that did not fit into the queue, and those of exports that
//! failed. The library drops them with a single warning.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::metrics::{Kind, Registry, catalogue};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Signal {
    signal: &'static str,
}

/// A process exports from one place, whatever registries it has.
static LOST: LazyLock<Family<Signal, Counter>> = LazyLock::new(Family::default);

/// Shows the process's lost spans in `registry`.
pub(crate) fn show(registry: &Registry) {
    drop(lost());
    registry.add(&catalogue::TELEMETRY_DROPPED, &Kind::Counter, LOST.clone());
}

fn lost() -> Counter {
    LOST.get_or_create_owned(&Signal { signal: "traces" })
}

/// Spans between their end and their export, at most so many.
#[derive(Debug)]
pub(crate) struct InFlight {
    spans: AtomicUsize,
    bound: usize,
    lost: Counter,
}

impl InFlight {
    /// `bound` must not be more than the inner processor's queue holds.
    pub(crate) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { spans: AtomicUsize::new(0), bound, lost: lost() })
    }

    fn enter(&self) -> bool {
        if self.spans.fetch_add(1, Ordering::Relaxed) < self.bound {
            return true;
        }
        self.spans.fetch_sub(1, Ordering::Relaxed);
        self.lost.inc();
        false
    }

    fn leave(&self, spans: usize, failed: bool) {
        self.spans.fetch_sub(spans, Ordering::Relaxed);
        if failed {
            self.lost.inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
        }
    }
}

/// Lets as many spans into the queue as it holds.
#[derive(Debug)]
pub(crate) struct Entrance<P> {
    pub(crate) inner: P,
    pub(crate) in_flight: Arc<InFlight>,
}

impl<P: SpanProcessor> SpanProcessor for Entrance<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.in_flight.enter() {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts what leaves.
#[derive(Debug)]
pub(crate) struct Exit<E> {
    pub(crate) inner: E,
    pub(crate) in_flight: Arc<InFlight>,
}

impl<E: SpanExporter> SpanExporter for Exit<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let outcome = self.inner.export(batch).await;
        self.in_flight.leave(spans, outcome.is_err());
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_flight(bound: usize) -> InFlight {
        InFlight { spans: AtomicUsize::new(0), bound, lost: Counter::default() }
    }

    #[test]
    fn what_does_not_fit_and_what_an_export_fails_with_is_lost_and_nothing_else() {
        let in_flight = in_flight(3);
        assert_eq!([(); 5].map(|()| in_flight.enter()), [true, true, true, false, false]);
        assert_eq!(in_flight.lost.get(), 2);
        in_flight.leave(2, false);
        assert_eq!(in_flight.lost.get(), 2);
        in_flight.leave(1, true);
        assert_eq!(in_flight.lost.get(), 3);
        assert!(in_flight.enter());
    }

    #[test]
    fn the_count_is_shown_from_the_start() {
        let registry = Registry::new();
        show(&registry);
        let text = registry.encode().unwrap();
        assert!(text.contains("sothebais_telemetry_dropped_total{signal=\"traces\"} 0"), "{text}");
    }
}
