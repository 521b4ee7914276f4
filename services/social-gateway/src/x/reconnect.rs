//! X's rules for coming back to a stream (docs: "Handling disconnections"), as a state machine. Pure.
//!
//! At once after a connection that had lived for a while; then by the kind of failure: network +250 ms up to 16 s, HTTP errors
//! 5 s doubling up to 320 s, rate limits from 60 s doubling and never before the window's end.

use auction_core::{Span, Timestamp};

use super::{Code, Problem};

/// Each network failure in a row adds this much.
const NETWORK_STEP: Span = Span(250);
/// The longest wait after a network failure.
const NETWORK_CAP: Span = Span(16_000);
/// The wait after the first HTTP error; doubles with each in a row.
const HTTP_START: Span = Span(5_000);
/// The longest wait after an HTTP error.
const HTTP_CAP: Span = Span(320_000);
/// The wait after the first 429; doubles with each in a row.
const RATE_START: Span = Span(60_000);
/// The longest wait after a 429: one window of X's limits.
const RATE_CAP: Span = Span(900_000);
/// A connection that lasted this long had lived. One that X opens and cuts again and again has not: it backs off.
const LIVED: Span = Span(10_000);
/// Each wait is lengthened by up to this share (in hundredths), so that clients do not come back in step.
const JITTER_PERCENT: i64 = 10;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub wait: Span,
    pub first: First,
}

/// What must be done before connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    Connect,
    /// Ask X to end the connections that it counts against us.
    EndConnections,
}

/// The failures in a row of one stream.
#[derive(Debug, Clone, Default)]
pub struct Reconnect {
    /// When the connection that stands has delivered its first line.
    alive_since: Option<Timestamp>,
    network: u32,
    http: u32,
    rate: u32,
    /// Waits are multiplied by this many hundredths; 100 in production.
    scale_percent: u32,
}

impl Reconnect {
    /// `scale_percent` shortens every wait in a rehearsal; 100 is X's own rule.
    pub fn new(scale_percent: u32) -> Self {
        Self { scale_percent, ..Self::default() }
    }

    /// A connection has delivered a line at `now` (a keep-alive counts).
    pub fn alive(&mut self, now: Timestamp) {
        self.alive_since.get_or_insert(now);
    }

    /// The stream has failed at `now`.
    pub fn failed(&mut self, problem: &Problem, now: Timestamp) -> Next {
        let first = if problem.code == Code::TooManyConnections { First::EndConnections } else { First::Connect };
        let lived = Span(LIVED.0 * i64::from(self.scale_percent) / 100);
        if self.alive_since.take().is_some_and(|since| now - since >= lived) {
            // Whatever failed before is over.
            *self = Self::new(self.scale_percent);
            if problem.code != Code::RateLimited {
                return Next { wait: Span(0), first };
            }
        }
        let wait = match problem.code {
            Code::Network | Code::Unreachable | Code::Deadline | Code::OperationalDisconnect | Code::Unreadable => {
                self.network += 1;
                Span((NETWORK_STEP.0 * i64::from(self.network)).min(NETWORK_CAP.0))
            }
            Code::RateLimited => {
                self.rate += 1;
                doubled(RATE_START, self.rate, RATE_CAP)
            }
            Code::UsageCapped
            | Code::ClientForbidden
            | Code::Unauthorized
            | Code::Forbidden
            | Code::NotFound
            | Code::TooManyConnections
            | Code::StreamConnection
            | Code::NoRules
            | Code::RuleCap
            | Code::DuplicateRules
            | Code::InvalidRules
            | Code::InvalidRequest
            | Code::DuplicateContent
            | Code::Automated
            | Code::Server
            | Code::Other => {
                self.http += 1;
                doubled(HTTP_START, self.http, HTTP_CAP)
            }
        };
        let scaled = Span(wait.0 * i64::from(self.scale_percent) / 100);
        let until_reset = problem.reset_at.map_or(Span(0), |reset| reset - now);
        Next { wait: jittered(Span(scaled.0.max(until_reset.0)), now), first }
    }
}

fn doubled(start: Span, nth: u32, cap: Span) -> Span {
    Span((start.0 << (nth - 1).min(10)).min(cap.0))
}

/// The instant of a failure is as good as a die: no two clients fail in the same millisecond by agreement.
fn jittered(wait: Span, now: Timestamp) -> Span {
    Span(wait.0 + wait.0 * (now.0.rem_euclid(100)) * JITTER_PERCENT / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant whose jitter is nil.
    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    fn problem(code: Code) -> Problem {
        Problem::local(code, "")
    }

    fn waits(policy: &mut Reconnect, code: Code, times: usize) -> Vec<i64> {
        (0..times).map(|_| policy.failed(&problem(code), NOW).wait.0).collect()
    }

    #[test]
    fn a_connection_that_lived_is_taken_up_at_once_and_only_once() {
        let mut policy = Reconnect::new(100);
        policy.alive(Timestamp(NOW.0 - LIVED.0));
        assert_eq!(waits(&mut policy, Code::Network, 3), [0, 250, 500]);
    }

    #[test]
    fn a_stream_that_speaks_and_ends_again_and_again_backs_off() {
        let mut policy = Reconnect::new(100);
        let cut = |policy: &mut Reconnect| {
            policy.alive(Timestamp(NOW.0 - 1_000));
            policy.failed(&problem(Code::Network), NOW).wait.0
        };
        let waits: Vec<_> = (0..70).map(|_| cut(&mut policy)).collect();
        assert_eq!((waits[0], waits[1], waits[69]), (250, 500, 16_000));
    }

    #[test]
    fn network_failures_back_off_linearly_to_sixteen_seconds() {
        let mut policy = Reconnect::new(100);
        let waits = waits(&mut policy, Code::Network, 70);
        assert_eq!((waits[0], waits[1], waits[63], waits[69]), (250, 500, 16_000, 16_000));
    }

    #[test]
    fn http_errors_back_off_exponentially_from_5_to_320_seconds() {
        let waits = waits(&mut Reconnect::new(100), Code::Server, 9);
        assert_eq!(waits, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 320_000, 320_000]);
    }

    #[test]
    fn rate_limits_back_off_from_a_minute_and_wait_for_the_reset() {
        let mut policy = Reconnect::new(100);
        policy.alive(Timestamp(NOW.0 - LIVED.0));
        assert_eq!(waits(&mut policy, Code::RateLimited, 3), [60_000, 120_000, 240_000]);
        let reset = Problem { reset_at: Some(NOW + Span(700_000)), ..problem(Code::RateLimited) };
        assert_eq!(policy.failed(&reset, NOW).wait, Span(700_000));
    }

    #[test]
    fn too_many_connections_are_ended_first() {
        let next = Reconnect::new(100).failed(&problem(Code::TooManyConnections), NOW);
        assert_eq!(next, Next { wait: Span(5_000), first: First::EndConnections });
    }

    #[test]
    fn a_rehearsal_waits_less_but_never_less_than_the_reset() {
        let mut policy = Reconnect::new(5);
        assert_eq!(waits(&mut policy, Code::Server, 2), [250, 500]);
        let reset = Problem { reset_at: Some(NOW + Span(9_000)), ..problem(Code::RateLimited) };
        assert_eq!(policy.failed(&reset, NOW).wait, Span(9_000));
    }

    #[test]
    fn the_jitter_is_bounded() {
        for ms in 0..200 {
            let wait = Reconnect::new(100).failed(&problem(Code::Server), NOW + Span(ms)).wait.0;
            assert!((5_000..=5_500).contains(&wait), "{wait}");
        }
    }
}
