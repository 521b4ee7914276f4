//! X's rate limits as its headers tell them, for each endpoint. Pure: time comes in.

use std::collections::BTreeMap;

use auction_core::{Span, Timestamp};

use super::Endpoint;

/// How long a 429 without a reset header shuts an endpoint.
const BLIND_BLOCK: Span = Span(60_000);

/// The three headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub limit: u32,
    pub remaining: u32,
    pub reset_at: Timestamp,
}

/// What is known of every endpoint.
#[derive(Debug, Clone, Default)]
pub struct RateLimits {
    windows: BTreeMap<Endpoint, Window>,
}

impl RateLimits {
    /// Reads an answer's headers; `header` gives a header's text by its name.
    pub fn observe<'h>(
        &mut self,
        endpoint: Endpoint,
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
        self.windows.insert(endpoint, window);
        Some(window)
    }

    /// `Some(until)` if a call now would be answered 429.
    pub fn blocked(&self, endpoint: Endpoint, now: Timestamp) -> Option<Timestamp> {
        let window = self.windows.get(&endpoint)?;
        (window.remaining == 0 && window.reset_at > now).then_some(window.reset_at)
    }

    /// Counts a call that is about to be made, so that calls side by side do not all see the same remainder.
    pub fn take(&mut self, endpoint: Endpoint) {
        if let Some(window) = self.windows.get_mut(&endpoint) {
            window.remaining = window.remaining.saturating_sub(1);
        }
    }

    /// Every window, for the status page.
    pub fn windows(&self) -> &BTreeMap<Endpoint, Window> {
        &self.windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    fn observe(limits: &mut RateLimits, status: u16, remaining: &'static str, reset_s: i64) {
        let reset = reset_s.to_string();
        let header = |name: &str| match name {
            "x-rate-limit-limit" => Some("100"),
            "x-rate-limit-remaining" => Some(remaining),
            _ => Some(reset.as_str()),
        };
        limits.observe(Endpoint::CreatePost, status, header, NOW);
    }

    #[test]
    fn an_exhausted_window_blocks_until_its_reset() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 200, "0", NOW.0 / 1000 + 90);
        assert_eq!(limits.blocked(Endpoint::CreatePost, NOW), Some(NOW + Span(90_000)));
        assert_eq!(limits.blocked(Endpoint::CreatePost, NOW + Span(90_000)), None);
        assert_eq!(limits.blocked(Endpoint::Mentions, NOW), None);
    }

    #[test]
    fn calls_side_by_side_share_the_remainder() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 200, "1", NOW.0 / 1000 + 90);
        assert_eq!(limits.blocked(Endpoint::CreatePost, NOW), None);
        limits.take(Endpoint::CreatePost);
        assert!(limits.blocked(Endpoint::CreatePost, NOW).is_some());
    }

    #[test]
    fn a_refusal_blocks_whatever_the_remainder_says_and_even_without_headers() {
        let mut limits = RateLimits::default();
        observe(&mut limits, 429, "7", NOW.0 / 1000 + 30);
        assert_eq!(limits.blocked(Endpoint::CreatePost, NOW), Some(NOW + Span(30_000)));
        limits.observe(Endpoint::Mentions, 429, |_| None, NOW);
        assert_eq!(limits.blocked(Endpoint::Mentions, NOW), Some(NOW + BLIND_BLOCK));
    }
}
