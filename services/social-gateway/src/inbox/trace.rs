//! A post's trace begins here: which posts are traced, and the two spans of their way into the inbox, made when they are
//! durable. The trace's id is derived from the post's, so whoever has the post has the trace.

use std::time::{Duration, SystemTime};

use auction_core::{Timestamp, TraceContext};
use bootstrap::trace::{self, Budget, Finished, KeyValue, Origin, Place, wall_clock};
use store::social::{Committed, NewPost};

use super::batch::Round;

/// Posts that are traced in a second; of more, one in a hundred.
const POSTS_A_SECOND: u32 = 50;

/// Chooses posts. One for an inbox.
#[derive(Debug)]
pub(super) struct Sampler(Budget);

impl Sampler {
    pub(super) fn new() -> Self {
        Self(Budget::new(POSTS_A_SECOND))
    }

    /// Gives the posts that are chosen the beginning of their traces, which is stored with them.
    pub(super) fn choose(&mut self, round: &mut Round, now: Timestamp) {
        if !trace::is_enabled() {
            return;
        }
        for post in &mut round.posts {
            // A round that could not be written has chosen already.
            if post.trace.is_none() && self.0.take(now.0) {
                post.trace = Some(beginning(post.id));
            }
        }
    }

    /// Makes the spans of what has become durable between these two instants. What was chosen and has no number in the
    /// inbox gives its place to others.
    pub(super) fn report(&mut self, round: &Round, committed: &Committed, times: (Timestamp, Timestamp)) {
        let mut unused = 0;
        for post in &round.posts {
            let Some(context) = post.trace else { continue };
            match seq(post.id, committed) {
                Some(seq) => record(post, context, seq, times),
                None => unused += 1,
            }
        }
        self.0.give_back(unused);
    }
}

fn beginning(post: u64) -> TraceContext {
    let origin = Origin::post(post);
    TraceContext::sampled(origin.trace_id(), origin.span_id(trace::POST_INGEST))
}

/// The number that a post has got: those of a commit are dense and end at its last one.
fn seq(post: u64, committed: &Committed) -> Option<u64> {
    let place = committed.queued.iter().position(|queued| *queued == post)?;
    let after = u64::try_from(committed.queued.len() - place - 1).ok()?;
    committed.last_seq.checked_sub(after)
}

fn record(post: &NewPost, context: TraceContext, seq: u64, (sent, durable): (Timestamp, Timestamp)) {
    let at = |at: Timestamp| -> SystemTime { wall_clock(at.0, Duration::ZERO) };
    let (trace_id, links) = (context.trace_id, Vec::new());
    trace::record(Finished {
        name: trace::POST_INGEST,
        trace_id,
        place: Place::Root(context.span_id),
        start: at(post.received_at),
        end: at(durable),
        attributes: vec![
            KeyValue::new("messaging.message.id", post.id.to_string()),
            KeyValue::new("sothebais.via", post.via.as_str()),
            KeyValue::new("sothebais.post.age_ms", (post.received_at - post.created_at).0),
        ],
        links: links.clone(),
    });
    let id = Origin::post(post.id).span_id(trace::BUS_PUBLISH);
    trace::record(Finished {
        name: trace::BUS_PUBLISH,
        trace_id,
        place: Place::Known { id, parent: context.span_id },
        start: at(sent),
        end: at(durable),
        attributes: vec![
            KeyValue::new("messaging.system", "postgresql"),
            KeyValue::new("messaging.operation.type", "send"),
            KeyValue::new("messaging.destination.name", "social.inbox"),
            KeyValue::new("messaging.message.id", post.id.to_string()),
            KeyValue::new("sothebais.inbox.seq", i64::try_from(seq).unwrap_or(i64::MAX)),
        ],
        links,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_of_a_commit_knows_its_number() {
        let committed = Committed { last_seq: 12, queued: vec![70, 80, 90], strangers: vec![75] };
        assert_eq!([70, 80, 90, 75].map(|post| seq(post, &committed)), [Some(10), Some(11), Some(12), None]);
    }
}
