//! X's rate limits as its headers tell them, for each endpoint and kind of credentials. Pure: time comes in. Headers are
//! believed within reason: no window is longer than X's own, and a refusal always costs a pause.

use std::collections::BTreeMap;

use auction_core::{Span, Timestamp};

use super::endpoint::{Context, Endpoint};

/// How long a 429 without a reset time, or with one that is over, shuts an endpoint.
const BLIND_BLOCK: Span = Span(60_000);
/// X's windows last a quarter of an hour; a clock that is wrong or a header that is nonsense must not shut longer.
const LONGEST_BLOCK: Span = Span(15 * 60_000);

/// The three headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub limit: u32,
    pub remaining: u32,
    pub reset_at: Timestamp,
}

/// An endpoint, called with one kind of credentials.
pub type Counted = (Endpoint, Context);

/// What is known of every window.
#[derive(Debug, Clone, Default)]
pub struct RateLimits {
    windows: BTreeMap<Counted, Window>,
}

impl RateLimits {
    /// Reads an answer's headers; `header` gives a header's text by its name.
    pub fn observe<'h>(
        &mut self,
        counted: Counted,
        status: u16,
        header: impl Fn(&str) -> Option<&'h str>,
        now: Timestamp,
    ) -> Option<Window> {
        let number = |name: &str| header(name).and_then(|text| text.trim().parse::<i64>().ok());
        let refused = status == 429;
        let reset_at = number("x-rate-limit-reset").map(|seconds| Timestamp(seconds.saturating_mul(1000)));
        let reset_at = reset_at.or_else(|| retry_after(&header, now)).map(|at| at.min(now + LONGEST_BLOCK));
        let window = match (number("x-rate-limit-remaining"), reset_at) {
            (Some(remaining), Some(reset_at)) if !refused => {
                Window { limit: count(number("x-rate-limit-limit")), remaining: count(Some(remaining)), reset_at }
            }
            (_, reset_at) if refused => Window {
                limit: count(number("x-rate-limit-limit")),
                remaining: 0,
                reset_at: reset_at.filter(|at| *at > now).unwrap_or(now + BLIND_BLOCK),
            },
            (_, _) => return None,
        };
        self.windows.insert(counted, window);
        Some(window)
    }

    /// `Some(until)` if a call now would be answered 429.
    pub fn blocked(&self, counted: Counted, now: Timestamp) -> Option<Timestamp> {
        let window = self.windows.get(&counted)?;
        (window.remaining == 0 && window.reset_at > now).then_some(window.reset_at)
    }

    /// Counts a call that is about to be made, so that calls side by side do not all see the same remainder.
    pub fn take(&mut self, counted: Counted) {
        if let Some(window) = self.windows.get_mut(&counted) {
            window.remaining = window.remaining.saturating_sub(1);
        }
    }

    /// Every window, for the status page.
    pub fn windows(&self) -> &BTreeMap<Counted, Window> {
        &self.windows
    }
}

/// When a `Retry-After` of seconds is over, within [`LONGEST_BLOCK`]. X sends none; what stands before X may.
pub fn retry_after<'h>(header: &impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<Timestamp> {
    let seconds = header("retry-after")?.trim().parse::<u32>().ok()?;
    Some(now + Span::from_secs(i64::from(seconds)).min(LONGEST_BLOCK))
}

/// A header's count; what is below nothing is nothing, what is beyond counting is plenty.
fn count(number: Option<i64>) -> u32 {
    number.map_or(0, |number| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: Counted = (Endpoint::CreatePost, Context::User);
    const MENTIONS: Counted = (Endpoint::Mentions, Context::User);
    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    fn observe(limits: &mut RateLimits, status: u16, remaining: &'static str, reset_s: i64) {
        let reset = reset_s.to_string();
        let header = |name: &str| match name {
            "x-rate-limit-limit" => Some("100"),
            "x-rate-limit-remaining" => Some(remaining),
            _ => Some(reset.as_str()),
        };
        limits.observe(POST, status, header, NOW);
    }

    #[test]
    fn an_exhausted_window_blocks_until_its_reset() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 200, "0", NOW.0 / 1000 + 90);
        assert_eq!(limits.blocked(POST, NOW), Some(NOW + Span(90_000)));
        assert_eq!(limits.blocked(POST, NOW + Span(90_000)), None);
        assert_eq!(limits.blocked(MENTIONS, NOW), None);
    }

    #[test]
    fn calls_side_by_side_share_the_remainder() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 200, "1", NOW.0 / 1000 + 90);
        assert_eq!(limits.blocked(POST, NOW), None);
        limits.take(POST);
        assert!(limits.blocked(POST, NOW).is_some());
    }

    #[test]
    fn a_refusal_blocks_whatever_the_remainder_says_and_even_without_headers() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 429, "7", NOW.0 / 1000 + 30);
        assert_eq!(limits.blocked(POST, NOW), Some(NOW + Span(30_000)));
        limits.observe(MENTIONS, 429, |_| None, NOW);
        assert_eq!(limits.blocked(MENTIONS, NOW), Some(NOW + BLIND_BLOCK));
    }

    #[test]
    fn absurd_reset_times_neither_shut_an_endpoint_for_a_year_nor_let_a_refusal_pass() {
        let now_s = NOW.0 / 1000;
        let blocked = |status, remaining, reset_s| {
            let mut limits = RateLimits::default();
            observe(&mut limits, status, remaining, reset_s);
            limits.blocked(POST, NOW)
        };
        for absurd in [now_s + 365 * 86_400, i64::MAX] {
            assert_eq!(blocked(200, "0", absurd), Some(NOW + LONGEST_BLOCK), "{absurd}");
            assert_eq!(blocked(429, "0", absurd), Some(NOW + LONGEST_BLOCK), "{absurd}");
        }
        for past in [now_s - 5, 0, i64::MIN] {
            assert_eq!(blocked(200, "0", past), None, "{past}");
            assert_eq!(blocked(429, "0", past), Some(NOW + BLIND_BLOCK), "{past}");
        }
        assert_eq!(blocked(200, "99999999999", now_s + 90), None);
        assert_eq!(blocked(200, "-1", now_s + 90), Some(NOW + Span(90_000)));
        assert_eq!(blocked(200, "many", now_s + 90), None);
    }

    #[test]
    fn a_retry_after_is_heeded_where_there_is_nothing_better() {
        let mut limits = RateLimits::default();
        let after = |seconds: &'static str| move |name: &str| (name == "retry-after").then_some(seconds);
        limits.observe(POST, 429, after("7"), NOW);
        assert_eq!(limits.blocked(POST, NOW), Some(NOW + Span(7_000)));
        limits.observe(POST, 429, after("4000000000"), NOW);
        assert_eq!(limits.blocked(POST, NOW), Some(NOW + LONGEST_BLOCK));
        limits.observe(POST, 429, after("0"), NOW);
        assert_eq!(limits.blocked(POST, NOW), Some(NOW + BLIND_BLOCK));
        assert_eq!(retry_after(&after("Wed, 21 Oct 2026 07:28:00 GMT"), NOW), None);
    }
}
