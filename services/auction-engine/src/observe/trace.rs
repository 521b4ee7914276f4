//! Which commands are traced, and their spans, made after the answer from stamps that every command carries.

use std::time::{Duration, SystemTime};

use auction_core::{Source, SourceKind, TraceContext};
use bootstrap::trace::{self, Finished, Place};
use opentelemetry::KeyValue;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::shard::batch::Waiting;

/// Posts that are traced in a second.
const POSTS_A_SECOND: u32 = 50;

/// Other commands that are traced in a second.
const OTHERS_A_SECOND: u32 = 5;

/// Commands that were not sampled but took longer than this are traced after all, so many a second.
const SLOW: Duration = Duration::from_millis(20);
const SLOW_A_SECOND: u32 = 20;

/// When a batch went out and came back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommitStamps {
    pub(crate) sent: Instant,
    pub(crate) durable: Instant,
    pub(crate) published: Instant,
}

/// Chooses commands. One for a shard.
pub(crate) struct Sampler {
    posts: Budget,
    others: Budget,
    slow: Budget,
}

/// So many a second, by the clock's seconds.
struct Budget {
    a_second: u32,
    second: u64,
    spent: u32,
}

impl Budget {
    fn new(a_second: u32) -> Self {
        Self { a_second, second: 0, spent: 0 }
    }

    fn take(&mut self, second: u64) -> bool {
        if self.second != second {
            (self.second, self.spent) = (second, 0);
        }
        self.spent += 1;
        self.spent <= self.a_second
    }
}

impl Sampler {
    pub(crate) fn new() -> Self {
        Self {
            posts: Budget::new(POSTS_A_SECOND),
            others: Budget::new(OTHERS_A_SECOND),
            slow: Budget::new(SLOW_A_SECOND),
        }
    }

    /// The beginning of this command's trace, if it is chosen. `now_ms` is the wall clock.
    pub(crate) fn choose(&mut self, source: &Source, now_ms: i64) -> Option<TraceContext> {
        if !trace::is_enabled() {
            return None;
        }
        let second = seconds(now_ms);
        let chosen = match source.kind {
            SourceKind::Post => self.posts.take(second),
            SourceKind::Web | SourceKind::Clerk => self.others.take(second),
            SourceKind::House => false,
        };
        chosen.then(|| beginning(source))
    }

    /// Makes the spans of an answered command, if it was chosen or was slow.
    pub(crate) fn report(&mut self, waiting: &Waiting, commit: CommitStamps, now_ms: i64) {
        if !trace::is_enabled() {
            return;
        }
        let Some(asker) = &waiting.asker else { return };
        let took = commit.published.duration_since(asker.admitted_at);
        let (context, begun_here) = match waiting.trace {
            Some(context) => (context, context == beginning(&waiting.source)),
            None if took > SLOW && self.slow.take(seconds(now_ms)) => (beginning(&waiting.source), true),
            None => return,
        };
        let wall = |at: Instant| wall_clock(now_ms, commit.published.duration_since(at));
        let start = wall(asker.admitted_at);
        let end = wall(commit.published);
        let span = |name, place, (start, end), attributes| {
            trace::record(Finished { name, trace_id: context.trace_id, place, start, end, attributes });
        };
        if begun_here {
            let key = KeyValue::new("sothebais.source.key", waiting.source.key.clone());
            let kind = KeyValue::new("sothebais.source.kind", events::envelope::source_name(waiting.source.kind));
            span("bid", Place::Root(context.span_id), (start, end), vec![kind, key]);
        }
        let below = Place::Below(context.span_id);
        let verdict = events::catalogue::verdict_name(&waiting.decision.verdict);
        let seq = KeyValue::new("sothebais.seq", waiting.seq.cast_signed());
        let decided = wall(waiting.decided_at);
        span("bid.decide", below, (start, decided), vec![KeyValue::new("sothebais.verdict", verdict), seq.clone()]);
        span("journal.commit", below, (wall(commit.sent), wall(commit.durable)), vec![seq.clone()]);
        span("price.broadcast", below, (wall(commit.durable), end), vec![seq]);
    }
}

/// Ids derived from the post or the key: whoever has it has the trace, and the same one again falls into the same trace.
fn beginning(source: &Source) -> TraceContext {
    let prefix = match source.kind {
        SourceKind::Post => "x:",
        SourceKind::Web => "web:",
        SourceKind::Clerk => "clerk:",
        SourceKind::House => "house:",
    };
    let hash: [u8; 32] = Sha256::new().chain_update(prefix).chain_update(&source.key).finalize().into();
    let (trace_id, rest) = hash.split_first_chunk::<16>().expect("a hash has 32 bytes");
    let (span_id, _) = rest.split_first_chunk::<8>().expect("16 bytes are left");
    TraceContext { trace_id: *trace_id, span_id: *span_id, flags: 1 }
}

fn seconds(now_ms: i64) -> u64 {
    u64::try_from(now_ms / 1_000).unwrap_or(0)
}

fn wall_clock(now_ms: i64, ago: Duration) -> SystemTime {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_within_its_second_and_full_in_the_next() {
        let mut budget = Budget::new(2);
        assert_eq!([5, 5, 5, 6].map(|second| budget.take(second)), [true, true, false, true]);
    }

    #[test]
    fn a_post_read_twice_falls_into_one_trace() {
        let post = Source { kind: SourceKind::Post, key: "1712345678901234567".to_owned() };
        assert_eq!(beginning(&post), beginning(&post.clone()));
        let web = Source { kind: SourceKind::Web, ..post.clone() };
        assert_ne!(beginning(&post).trace_id, beginning(&web).trace_id);
    }
}
