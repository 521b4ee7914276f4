//! Which reply is sent next, if any: X's budget, the show's money, what is worth saying. Pure: time comes in.

use auction_core::{Span, Timestamp};
use store::social::Reply;

/// X lets an account post this often in a window.
const WINDOW_POSTS: usize = 100;
const WINDOW: Span = Span(15 * 60_000);
/// Of those, this many are kept for winners.
const KEPT_FOR_WINNERS: usize = 10;
/// After this long a refusal or an acceptance is news no more.
const STALE_AFTER: Span = Span(5 * 60_000);
/// A winner is told even if it takes an hour.
const WON_STALE_AFTER: Span = Span(60 * 60_000);
/// What X certainly did not take is tried this often.
pub const ATTEMPTS: u32 = 4;

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Posts whose replies are not worth sending any more, and why.
    pub drop: Vec<(u64, &'static str)>,
    /// The post to answer now.
    pub send: Option<u64>,
}

/// What the choice looks at besides the queue.
#[derive(Debug, Clone, Copy)]
pub struct Budget<'a> {
    /// When replies were sent, as far back as a window at least.
    pub sent: &'a [Timestamp],
    /// X has said that no post is taken before this.
    pub blocked_until: Option<Timestamp>,
    /// The spending breaker.
    pub allowed: bool,
}

/// The first to go: winners, then refusals, then acceptances; the oldest first.
fn priority(reply: &Reply) -> u8 {
    match reply.code.as_str() {
        "won" => 0,
        "accepted" => 2,
        _refusal => 1,
    }
}

/// Chooses among replies that wait to be sent.
pub fn choose(queue: &[Reply], budget: Budget, now: Timestamp) -> Choice {
    let is_stale = |reply: &&Reply| {
        let limit = if reply.code == "won" { WON_STALE_AFTER } else { STALE_AFTER };
        now - reply.planned_at > limit
    };
    let mut choice = Choice::default();
    choice.drop.extend(queue.iter().filter(is_stale).map(|reply| (reply.post, "stale")));
    choice.drop.extend(
        queue
            .iter()
            .filter(|reply| !is_stale(reply) && reply.attempts >= ATTEMPTS)
            .map(|reply| (reply.post, "attempts")),
    );
    if !budget.allowed || budget.blocked_until.is_some_and(|until| now < until) {
        return choice;
    }
    let used = budget.sent.iter().filter(|at| now - **at < WINDOW).count();
    let left = WINDOW_POSTS.saturating_sub(used);
    let worth = queue.iter().filter(|reply| choice.drop.iter().all(|(post, _)| *post != reply.post));
    choice.send = worth
        .filter(|reply| left > if reply.code == "won" { 0 } else { KEPT_FOR_WINNERS })
        .min_by_key(|reply| (priority(reply), reply.planned_at, reply.post))
        .map(|reply| reply.post);
    choice
}

#[cfg(test)]
mod tests {
    use auction_core::BidderId;
    use store::social::ReplyState;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    fn reply(post: u64, code: &str, age: i64) -> Reply {
        Reply {
            post,
            author: BidderId(7),
            code: code.into(),
            text: String::new(),
            state: ReplyState::Planned,
            attempts: 0,
            reply_id: None,
            problem: None,
            planned_at: Timestamp(NOW.0 - age),
            sent_at: None,
        }
    }

    fn budget(sent: &[Timestamp]) -> Budget<'_> {
        Budget { sent, blocked_until: None, allowed: true }
    }

    #[test]
    fn winners_go_first_then_refusals_then_acceptances_and_the_oldest_of_each() {
        let mut queue = vec![
            reply(1, "accepted", 9_000),
            reply(2, "too_late", 1_000),
            reply(3, "too_late", 2_000),
            reply(4, "won", 0),
        ];
        let mut order = Vec::new();
        while let Some(post) = choose(&queue, budget(&[]), NOW).send {
            order.push(post);
            queue.retain(|reply| reply.post != post);
        }
        assert_eq!(order, [4, 3, 2, 1]);
    }

    #[test]
    fn a_hundred_in_fifteen_minutes_and_the_last_ten_are_the_winners() {
        let queue = [reply(1, "too_late", 0), reply(2, "won", 0)];
        let sent = |count: usize, age: i64| vec![Timestamp(NOW.0 - age); count];
        assert_eq!(choose(&queue[..1], budget(&sent(89, 1_000)), NOW).send, Some(1));
        assert_eq!(choose(&queue[..1], budget(&sent(90, 1_000)), NOW).send, None);
        assert_eq!(choose(&queue, budget(&sent(99, 1_000)), NOW).send, Some(2));
        assert_eq!(choose(&queue, budget(&sent(100, 1_000)), NOW).send, None);
        assert_eq!(choose(&queue[..1], budget(&sent(100, WINDOW.0)), NOW).send, Some(1));
    }

    #[test]
    fn old_news_is_dropped_and_hopeless_calls_too() {
        let mut tired = reply(3, "won", 0);
        tired.attempts = ATTEMPTS;
        let queue = [reply(1, "too_late", STALE_AFTER.0 + 1), reply(2, "won", STALE_AFTER.0 + 1), tired];
        let choice = choose(&queue, budget(&[]), NOW);
        assert_eq!(choice, Choice { drop: vec![(1, "stale"), (3, "attempts")], send: Some(2) });
    }

    #[test]
    fn breaker_and_rate_limit_stop_everything() {
        let queue = [reply(1, "won", 0)];
        assert_eq!(choose(&queue, Budget { allowed: false, ..budget(&[]) }, NOW).send, None);
        let blocked = Budget { blocked_until: Some(NOW + Span(1)), ..budget(&[]) };
        assert_eq!(choose(&queue, blocked, NOW).send, None);
        assert_eq!(choose(&queue, blocked, NOW + Span(1)).send, Some(1));
    }
}
