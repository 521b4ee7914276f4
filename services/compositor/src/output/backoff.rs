//! Waits between attempts: short at first, for most failures are short; never in step with other outputs.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);

/// Viewers wait: an ingest that is back is found within this.
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Backoff {
    wait: Duration,
    /// A generator of its own (xorshift): what is wanted is only that outputs differ.
    state: u64,
}

impl Backoff {
    pub(super) fn new(name: &str) -> Self {
        // FNV-1a of the name; any number but zero will do.
        let state = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { wait: FIRST, state: state | 1 }
    }

    /// The next wait: three quarters to all of a length that doubles.
    pub(super) fn next(&mut self) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let wait = self.wait * 3 / 4 + self.wait / 4 * u32::try_from(self.state % 1000).expect("below 1000") / 1000;
        self.wait = (self.wait * 2).min(LONGEST);
        wait
    }

    /// It went well for a while: the next failure is a new one.
    pub(super) fn settled(&mut self) {
        self.wait = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_cap_and_begin_anew_after_a_good_time() {
        let mut backoff = Backoff::new("x");
        let waits: Vec<Duration> = (0..10).map(|_| backoff.next()).collect();
        for (index, wait) in waits.iter().enumerate() {
            let full = (FIRST * 2_u32.pow(u32::try_from(index).unwrap())).min(LONGEST);
            assert!((full * 3 / 4..=full).contains(wait), "{waits:?}");
        }
        backoff.settled();
        assert!(backoff.next() <= FIRST);
        assert_ne!(Backoff::new("y").next(), Backoff::new("x").next());
    }
}
