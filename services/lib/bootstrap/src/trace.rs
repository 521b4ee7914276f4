//! Spans made after the fact, with known ids and times: what a hot path can afford is a few stamps, and only what was
//! sampled or slow becomes spans.
//!
//! A trace's ids are derived from what began it, so whoever has the post or the key has the trace, and a program finds the
//! span of another one without being told of it.

mod losses;
mod sample;
mod send;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, global};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

pub(crate) use losses::{Entrance, Exit, InFlight, show as show_losses};
pub use opentelemetry::KeyValue;
pub use sample::Budget;
pub(crate) use send::Exporting;

/// The span of a post's way into the inbox: the first of its trace.
pub const POST_INGEST: &str = "post.ingest";
/// The inbox takes a post: what the engine's first span follows.
pub const BUS_PUBLISH: &str = "bus.publish";
/// The engine reads a post by the grammar.
pub const BID_CHECK: &str = "bid.check";
/// The rules judge a command.
pub const BID_DECIDE: &str = "bid.decide";
/// A batch becomes durable; links the commands that share it.
pub const JOURNAL_COMMIT: &str = "journal.commit";
/// What was decided becomes known to whoever watches.
pub const PRICE_BROADCAST: &str = "price.broadcast";
/// Durable rows go out to other services; links the commands that share the append.
pub const EVENT_PUBLISH: &str = "event.publish";
/// Whether and how a post's author is answered.
pub const REPLY_PLAN: &str = "reply.plan";
/// The answer's call to X.
pub const REPLY_SEND: &str = "reply.send";

/// Whether spans go anywhere.
static ENABLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The ids that the next span of this thread gets.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// What began a trace: a post, or a command's own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// A post of X's, by the id of its first edit.
    pub fn post(id: impl std::fmt::Display) -> Self {
        Self(format!("x:{id}"))
    }

    /// A command of another kind, by its key.
    pub fn command(kind: &str, key: &str) -> Self {
        Self(format!("{kind}:{key}"))
    }

    /// The trace's id.
    pub fn trace_id(&self) -> [u8; 16] {
        first_bytes(&self.0)
    }

    /// The id of this origin's span of a name.
    pub fn span_id(&self, name: &str) -> [u8; 8] {
        first_bytes(&format!("{}/{name}", self.0))
    }
}

fn first_bytes<const N: usize>(text: &str) -> [u8; N] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    *hash.as_ref().first_chunk().expect("a hash has 32 bytes")
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
    /// Spans of other traces that this one belongs to as well.
    pub links: Vec<Linked>,
}

/// A span of another trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
}

/// Where a span stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first one, under a known id.
    Root([u8; 8]),
    /// Below `parent`, under a known id, so that others can stand below it.
    Known { id: [u8; 8], parent: [u8; 8] },
    /// Below the span with this id; nothing follows.
    Below([u8; 8]),
}

/// Whether an exporter is there: without one, nobody need remember anything for traces.
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

pub(crate) fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// The instant `ago` before `now_ms`, which is the wall clock's.
pub fn wall_clock(now_ms: i64, ago: Duration) -> SystemTime {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Hands a span to the exporter.
pub fn record(span: Finished) {
    let trace_id = TraceId::from_bytes(span.trace_id);
    let below = |id| Context::new().with_remote_span_context(sampled(trace_id, id));
    let (known, parent) = match span.place {
        Place::Root(id) => (Some(id), Context::new()),
        Place::Known { id, parent } => (Some(id), below(parent)),
        Place::Below(parent) => (None, below(parent)),
    };
    NEXT.set(known.map(|id| (trace_id, SpanId::from_bytes(id))));
    let links = span.links.iter().map(|linked| {
        let context = sampled(TraceId::from_bytes(linked.trace_id), linked.span_id);
        Link::new(context, Vec::new(), 0)
    });
    let tracer = global::tracer("sothebais");
    let builder = tracer.span_builder(span.name).with_start_time(span.start).with_attributes(span.attributes);
    let builder = builder.with_links(links.collect());
    tracer.build_with_context(builder, &parent).end_with_timestamp(span.end.max(span.start));
    NEXT.set(None);
}

fn sampled(trace_id: TraceId, span_id: [u8; 8]) -> SpanContext {
    SpanContext::new(trace_id, SpanId::from_bytes(span_id), TraceFlags::SAMPLED, true, TraceState::default())
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

    #[test]
    fn a_post_read_twice_falls_into_one_trace_and_its_spans_have_ids_of_their_own() {
        let post = Origin::post(1_712_345_678_901_234_567_u64);
        assert_eq!(post.trace_id(), Origin::post("1712345678901234567").trace_id());
        assert_ne!(post.trace_id(), Origin::command("web", "1712345678901234567").trace_id());
        assert_eq!(post.span_id(POST_INGEST), Origin::post("1712345678901234567").span_id(POST_INGEST));
        assert_ne!(post.span_id(POST_INGEST), post.span_id(BUS_PUBLISH));
    }
}
