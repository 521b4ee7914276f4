//! When a child that has ended is started again: pure, with the time and the jitter passed in.

use std::time::Duration;

/// The first pause; a crash on start must not spin.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer: whoever mended the cause should not wait for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Who ran this long was healthy: the next crash begins at the first pause again.
const HEALTHY_AFTER: Duration = Duration::from_secs(30);

/// How often in a row a child has ended soon after its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    quick_ends: u32,
}

impl Backoff {
    /// Notes an end after `ran` and returns how long to wait; `jitter` in 0..=1 adds up to half of the pause.
    pub fn next_pause(&mut self, ran: Duration, jitter: f64) -> Duration {
        self.quick_ends = if ran >= HEALTHY_AFTER { 0 } else { self.quick_ends.saturating_add(1) };
        let doublings = self.quick_ends.saturating_sub(1).min(16);
        let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
        pause.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// How often in a row it ended soon.
    pub fn quick_ends(self) -> u32 {
        self.quick_ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_a_healthy_run_resets_them() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..8).map(|_| backoff.next_pause(Duration::ZERO, 0.0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(backoff.next_pause(Duration::from_secs(31), 0.0).as_millis(), 250);
    }

    #[test]
    fn jitter_adds_at_most_half() {
        let longest = Backoff::default().next_pause(Duration::ZERO, 1.0);
        assert_eq!(longest.as_millis(), 375);
    }
}
