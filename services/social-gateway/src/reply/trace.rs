//! The spans of an answer, in the trace of the post that is answered.

use std::time::Duration;

use auction_core::{Timestamp, TraceContext};
use bootstrap::trace::{self, Finished, KeyValue, Origin, Place, wall_clock};
use serde_json::Value;

/// Makes the span `name` of an answer to `post`, if the post is traced.
pub(super) fn record(
    name: &'static str,
    post: u64,
    context: Option<TraceContext>,
    outcome: &'static str,
    (began, ended): (Timestamp, Timestamp),
) {
    let Some(context) = context.filter(|trace| trace.is_sampled() && trace::is_enabled()) else { return };
    let at = |at: Timestamp| wall_clock(at.0, Duration::ZERO);
    trace::record(Finished {
        name,
        trace_id: context.trace_id,
        place: Place::Below(Origin::post(post).span_id(trace::BID_DECIDE)),
        start: at(began),
        end: at(ended),
        attributes: vec![
            KeyValue::new("sothebais.outcome", outcome),
            KeyValue::new("messaging.message.id", post.to_string()),
        ],
        links: Vec::new(),
    });
}

/// Where the trace of an event's command began.
pub(super) fn context(event: &Value) -> Option<TraceContext> {
    event["traceparent"].as_str()?.parse().ok()
}
