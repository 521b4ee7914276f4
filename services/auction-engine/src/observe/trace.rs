//! Which commands are traced, and their spans, made after the answer from stamps that every command carries.
//!
//! A post's trace begins in the gateway, which has chosen it; the engine chooses among everything else. A client's own
//! `traceparent` is kept, but does not outvote the budget.

use std::time::Duration;

use auction_core::{Command, Source, SourceKind, TraceContext};
use bootstrap::trace::{self, Budget, Finished, KeyValue, Linked, Origin, Place, wall_clock};
use tokio::time::Instant;

use crate::shard::batch::Waiting;

/// Commands other than posts that are traced in a second.
const OTHERS_A_SECOND: u32 = 5;

/// Commands that were not sampled but took longer than this are traced after all, so many a second.
const SLOW: Duration = Duration::from_millis(20);
const SLOW_A_SECOND: u32 = 20;

/// More links than this the library throws away.
const MAX_LINKS: usize = 128;

/// The first span of a trace that begins here.
const BID: &str = "bid";

/// When a batch went out and came back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommitStamps {
    pub(crate) sent: Instant,
    pub(crate) durable: Instant,
    pub(crate) published: Instant,
}

/// Chooses commands. One for a shard.
pub(crate) struct Sampler {
    others: Budget,
    slow: Budget,
}

impl Sampler {
    pub(crate) fn new() -> Self {
        Self { others: Budget::new(OTHERS_A_SECOND), slow: Budget::strict(SLOW_A_SECOND) }
    }

    /// The beginning of this command's trace, if it has one. `now_ms` is the wall clock.
    pub(crate) fn choose(&mut self, command: &Command, now_ms: i64) -> Option<TraceContext> {
        match command.source.kind {
            SourceKind::Post => command.trace,
            SourceKind::House => None,
            SourceKind::Web | SourceKind::Clerk => {
                let theirs = command.trace;
                let wanted = theirs.is_none_or(TraceContext::is_sampled);
                if trace::is_enabled() && wanted && self.others.take(now_ms) {
                    return Some(theirs.unwrap_or_else(|| beginning(&command.source)));
                }
                theirs.map(TraceContext::unsampled)
            }
        }
    }

    /// Makes the spans of an answered command, if it was chosen or was slow; returns the one that its commit belongs to.
    pub(crate) fn report(&mut self, waiting: &Waiting, commit: CommitStamps, now_ms: i64) -> Option<Linked> {
        if !trace::is_enabled() {
            return None;
        }
        let asker = waiting.asker.as_ref()?;
        let source = &waiting.source;
        let (context, begun_here) = match waiting.trace {
            Some(context) if context.is_sampled() => (context, context == beginning(source)),
            Some(_unsampled) => return None,
            None => {
                let slow = commit.published.duration_since(asker.admitted_at) > SLOW;
                if !slow || !self.slow.take(now_ms) {
                    return None;
                }
                (beginning(source), true)
            }
        };
        let wall = |at: Instant| wall_clock(now_ms, commit.published.duration_since(at));
        let (trace_id, links) = (context.trace_id, Vec::new());
        let (start, end) = (wall(asker.admitted_at), wall(commit.published));
        if begun_here {
            let kind = KeyValue::new("sothebais.source.kind", events::envelope::source_name(source.kind));
            let attributes = vec![kind, KeyValue::new("sothebais.source.key", source.key.clone())];
            let place = Place::Root(context.span_id);
            trace::record(Finished { name: BID, trace_id, place, start, end, attributes, links: links.clone() });
        }
        let origin = origin(source);
        let parent = match source.kind {
            SourceKind::Post if !begun_here => origin.span_id(trace::BID_CHECK),
            SourceKind::Post | SourceKind::Web | SourceKind::Clerk | SourceKind::House => context.span_id,
        };
        let decide = origin.span_id(trace::BID_DECIDE);
        let seq = KeyValue::new("sothebais.seq", waiting.seq.cast_signed());
        let verdict = events::catalogue::verdict_name(&waiting.decision.verdict);
        trace::record(Finished {
            name: trace::BID_DECIDE,
            trace_id,
            place: Place::Known { id: decide, parent },
            start,
            end: wall(waiting.decided_at),
            attributes: vec![KeyValue::new("sothebais.verdict", verdict), seq.clone()],
            links: links.clone(),
        });
        trace::record(Finished {
            name: trace::PRICE_BROADCAST,
            trace_id,
            place: Place::Below(decide),
            start: wall(commit.durable),
            end,
            attributes: vec![seq],
            links,
        });
        Some(Linked { trace_id, span_id: decide })
    }
}

/// Makes the span of a commit that traced commands share: below the first of them, linked to the others.
pub(crate) fn committed(members: Vec<Linked>, rows: u64, commit: CommitStamps, now_ms: i64) {
    let size = KeyValue::new("batch.size", rows.cast_signed());
    let wall = |at: Instant| wall_clock(now_ms, commit.published.duration_since(at));
    shared(trace::JOURNAL_COMMIT, members, (wall(commit.sent), wall(commit.durable)), vec![size]);
}

/// Makes a span that several traces share.
fn shared(
    name: &'static str,
    mut members: Vec<Linked>,
    (start, end): (std::time::SystemTime, std::time::SystemTime),
    attributes: Vec<KeyValue>,
) {
    if members.is_empty() {
        return;
    }
    let first = members.remove(0);
    members.truncate(MAX_LINKS);
    let place = Place::Below(first.span_id);
    trace::record(Finished { name, trace_id: first.trace_id, place, start, end, attributes, links: members });
}

/// Makes the span of a post that the grammar has read, if the gateway has chosen it. `began` is when its page was asked for.
pub(crate) fn checked(post: &store::inbox::InboxPost, reading: &'static str, began: Instant, now_ms: i64) {
    let Some(context) = post.trace.filter(|trace| trace.is_sampled() && trace::is_enabled()) else { return };
    let origin = Origin::post(&post.id);
    let place = Place::Known { id: origin.span_id(trace::BID_CHECK), parent: origin.span_id(trace::BUS_PUBLISH) };
    let attributes = vec![
        KeyValue::new("messaging.system", "postgresql"),
        KeyValue::new("messaging.operation.type", "process"),
        KeyValue::new("messaging.message.id", post.id.clone()),
        KeyValue::new("sothebais.inbox.seq", post.seq.cast_signed()),
        KeyValue::new("sothebais.reading", reading),
    ];
    let (start, end) = (wall_clock(now_ms, began.elapsed()), wall_clock(now_ms, Duration::ZERO));
    let (name, trace_id, links) = (trace::BID_CHECK, context.trace_id, Vec::new());
    trace::record(Finished { name, trace_id, place, start, end, attributes, links });
}

/// Makes the span of an append to a shard's stream that traced commands share. `began` is when it was sent.
pub(crate) fn published(shard: &str, rows: usize, members: Vec<Linked>, began: Instant, now_ms: i64) {
    let attributes = vec![
        KeyValue::new("messaging.system", "redis"),
        KeyValue::new("messaging.operation.type", "send"),
        KeyValue::new("messaging.destination.name", bus::keys::out(shard)),
        KeyValue::new("messaging.batch.message_count", i64::try_from(rows).unwrap_or(i64::MAX)),
    ];
    let times = (wall_clock(now_ms, began.elapsed()), wall_clock(now_ms, Duration::ZERO));
    shared(trace::EVENT_PUBLISH, members, times, attributes);
}

/// The span of a published row's command that its append belongs to, if the command is traced.
pub(crate) fn member(command: &Command) -> Option<Linked> {
    let context = command.trace.filter(|trace| trace.is_sampled() && trace::is_enabled())?;
    Some(Linked { trace_id: context.trace_id, span_id: origin(&command.source).span_id(trace::BID_DECIDE) })
}

/// Ids derived from the post or the key: whoever has it has the trace, and the same one again falls into the same trace.
fn beginning(source: &Source) -> TraceContext {
    let origin = origin(source);
    TraceContext::sampled(origin.trace_id(), origin.span_id(BID))
}

fn origin(source: &Source) -> Origin {
    match source.kind {
        SourceKind::Post => Origin::post(&source.key),
        SourceKind::Web | SourceKind::Clerk | SourceKind::House => {
            Origin::command(events::envelope::source_name(source.kind), &source.key)
        }
    }
}

#[cfg(test)]
mod tests {
    use auction_core::{Action, AuctionId, Timestamp};

    use super::*;

    fn command(kind: SourceKind, trace: Option<TraceContext>) -> Command {
        let source = Source { kind, key: "1712345678901234567".to_owned() };
        let action = Action::Tick { auction: AuctionId::new("sale").unwrap() };
        Command { source, at: Timestamp(0), action, trace }
    }

    #[test]
    fn a_posts_trace_is_the_gateways_and_the_house_has_none() {
        let theirs = TraceContext::sampled([7; 16], [3; 8]);
        let mut sampler = Sampler::new();
        assert_eq!(sampler.choose(&command(SourceKind::Post, Some(theirs)), 0), Some(theirs));
        assert_eq!(sampler.choose(&command(SourceKind::Post, None), 0), None);
        assert_eq!(sampler.choose(&command(SourceKind::House, None), 0), None);
    }

    #[test]
    fn a_client_that_asks_for_a_trace_keeps_its_ids_and_gets_no_spans_where_nobody_listens() {
        let theirs = TraceContext::sampled([7; 16], [3; 8]);
        let kept = Sampler::new().choose(&command(SourceKind::Web, Some(theirs)), 0).unwrap();
        assert_eq!(kept, theirs.unsampled());
        assert_eq!(Sampler::new().choose(&command(SourceKind::Web, None), 0), None);
    }

    #[test]
    fn two_commands_of_one_client_trace_have_spans_of_their_own() {
        let one = command(SourceKind::Web, None).source;
        let other = Source { key: "another".to_owned(), ..one.clone() };
        assert_ne!(origin(&one).span_id(trace::BID_DECIDE), origin(&other).span_id(trace::BID_DECIDE));
        assert_eq!(beginning(&one), beginning(&one.clone()));
        assert_ne!(beginning(&one).trace_id, beginning(&Source { kind: SourceKind::Post, ..one }).trace_id);
    }
}
