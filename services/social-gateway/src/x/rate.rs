//! X's rate limits as its headers tell them, for each endpoint and kind of credentials. Pure: time comes in.

use std::collections::BTreeMap;

use auction_core::{Span, Timestamp};

use super::endpoint::{Context, Endpoint};

/// How long a 429 without a reset header shuts an endpoint.
const BLIND_BLOCK: Span = Span(60_000);

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
        let limit = number("x-rate-limit-limit");
        let reset = number("x-rate-limit-reset");
        let remaining = number("x-rate-limit-remaining");
        let window = match (remaining, reset) {
            (Some(remaining), Some(reset)) => Window {
                limit: limit.and_then(|n| u32::try_from(n).ok()).unwrap_or_default(),
                remaining: if status == 429 { 0 } else { u32::try_from(remaining).unwrap_or_default() },
                reset_at: Timestamp(reset.saturating_mul(1000)),
            },
            _ if status == 429 => Window { limit: 0, remaining: 0, reset_at: now + BLIND_BLOCK },
            _ => return None,
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
}
