//! Metrics: registries are made from the one [`catalogue`], so a name, a unit or a help text exists once.

pub mod catalogue;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

pub use catalogue::{Kind, Metric};

use crate::ports::Service;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A process's registry. Clones share it. A metric is registered once, by its catalogue entry.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    instruments: Arc<Mutex<prometheus_client::registry::Registry>>,
    registered: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// Label sets of families.
pub trait Labels: Clone + std::hash::Hash + Eq + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static {}
impl<T: Clone + std::hash::Hash + Eq + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static> Labels for T {}

impl Registry {
    pub fn new() -> Self {
        Self::default()
    }

    /// # Panics
    /// When the catalogue says that the metric is of another kind: a bug, found by the first start.
    pub fn counter(&self, metric: &Metric) -> Counter {
        self.add(metric, &Kind::Counter, Counter::default())
    }

    pub fn gauge(&self, metric: &Metric) -> Gauge {
        self.add(metric, &Kind::Gauge, Gauge::default())
    }

    pub fn histogram(&self, metric: &Metric) -> Histogram {
        self.add(metric, &metric.kind, Histogram::new(metric.bounds().iter().copied()))
    }

    /// A histogram whose buckets can carry the trace of one sampled observation.
    pub fn histogram_with_exemplars<L: Labels>(&self, metric: &Metric) -> HistogramWithExemplars<L> {
        self.add(metric, &metric.kind, HistogramWithExemplars::new(metric.bounds().iter().copied()))
    }

    pub fn counters<L: Labels>(&self, metric: &Metric) -> Family<L, Counter> {
        self.add(metric, &Kind::Counter, Family::default())
    }

    pub fn gauges<L: Labels>(&self, metric: &Metric) -> Family<L, Gauge> {
        self.add(metric, &Kind::Gauge, Family::default())
    }

    /// The catalogue's metrics of a program that are not registered here.
    pub fn missing(&self, service: Service) -> Vec<&'static str> {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        let own = catalogue::ALL.iter().filter(|metric| metric.service == service).map(|metric| metric.name);
        own.filter(|name| !registered.contains(name)).collect()
    }

    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(
            &mut text,
            &self.instruments.lock().unwrap_or_else(PoisonError::into_inner),
        )?;
        Ok(text)
    }

    /// The route of the metrics port.
    pub fn router(&self) -> Router {
        let registry = self.clone();
        Router::new().route(
            "/metrics",
            get(async move || match registry.encode() {
                Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }),
        )
    }

    /// Registers an instrument that exists already.
    pub(crate) fn add<M>(&self, metric: &Metric, kind: &Kind, instrument: M) -> M
    where
        M: prometheus_client::registry::Metric + Clone,
    {
        assert_eq!(&metric.kind, kind, "{} is registered as what the catalogue says", metric.name);
        let mut registry = self.instruments.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(metric.name, metric.help, instrument.clone());
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).insert(metric.name);
        instrument
    }
}
