//! Spans made after the fact, with known ids and times: what a hot path can afford is a few stamps, and only what was
//! sampled or slow becomes spans.
//!
//! A trace's ids are derived from what began it, so whoever has the post or the key has the trace.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// Whether spans go anywhere.
static ENABLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The ids that the next span of this thread gets.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// One finished piece of work.
#[derive(Debug, Clone)]
pub struct Finished {
    pub name: &'static str,
    pub trace_id: [u8; 16],
    pub place: Place,
    pub start: SystemTime,
    pub end: SystemTime,
    pub attributes: Vec<KeyValue>,
}

/// Where a span stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first one, under a known id.
    Root([u8; 8]),
    /// Below the span with this id.
    Below([u8; 8]),
}

/// Whether an exporter is there: without one, nobody need remember anything for traces.
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

pub(crate) fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// Hands a span to the exporter.
pub fn record(span: Finished) {
    let trace_id = TraceId::from_bytes(span.trace_id);
    let parent = match span.place {
        Place::Root(id) => {
            NEXT.set(Some((trace_id, SpanId::from_bytes(id))));
            Context::new()
        }
        Place::Below(id) => {
            let (id, state) = (SpanId::from_bytes(id), TraceState::default());
            Context::new().with_remote_span_context(SpanContext::new(trace_id, id, TraceFlags::SAMPLED, true, state))
        }
    };
    let tracer = global::tracer("sothebais");
    let builder = tracer.span_builder(span.name).with_start_time(span.start).with_attributes(span.attributes);
    tracer.build_with_context(builder, &parent).end_with_timestamp(span.end);
    NEXT.set(None);
}

/// Random ids, but for spans whose ids are known.
#[derive(Debug, Default)]
pub(crate) struct KnownIds(RandomIdGenerator);

impl IdGenerator for KnownIds {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or_else(|| self.0.new_trace_id(), |(trace_id, _)| trace_id)
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or_else(|| self.0.new_span_id(), |(_, span_id)| span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_root_keeps_its_ids_and_others_get_random_ones() {
        let ids = KnownIds::default();
        NEXT.set(Some((TraceId::from_bytes([7; 16]), SpanId::from_bytes([3; 8]))));
        assert_eq!(ids.new_trace_id(), TraceId::from_bytes([7; 16]));
        assert_eq!(ids.new_span_id(), SpanId::from_bytes([3; 8]));
        NEXT.set(None);
        assert_ne!(ids.new_span_id(), ids.new_span_id());
    }
}
