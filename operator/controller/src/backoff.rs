//! How long a key waits after a failure: longer each time, never in step with others, from the start after a success.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::key::Key;

/// The wait after a first failure: most conflicts and hiccups are over by then.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait: a person who has mended the cause should not wait longer for it to be noticed.
const LONGEST: Duration = Duration::from_mins(5);

/// Failures in a row, by key.
#[derive(Debug)]
pub struct Backoff {
    inner: Mutex<(BTreeMap<Key, u32>, SmallRng)>,
}

impl Backoff {
    pub fn new(seed: u64) -> Self {
        Self { inner: Mutex::new((BTreeMap::new(), SmallRng::seed_from_u64(seed))) }
    }

    /// Notes a failure and says how long to wait.
    pub fn failed(&self, key: &Key) -> Duration {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (failures, random) = &mut *inner;
        let count = failures.entry(key.clone()).or_default();
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(*count)).min(LONGEST);
        *count = count.saturating_add(1);
        wait.mul_f64(random.random_range(0.5..1.0))
    }

    /// Notes a success: the next failure is a first one.
    pub fn succeeded(&self, key: &Key) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_a_success_begins_anew() {
        let (backoff, key) = (Backoff::new(1), Key::House("ns".to_owned()));
        let waits: Vec<_> = (0..20).map(|_| backoff.failed(&key)).collect();
        assert!(waits[0] <= FIRST && waits[0] >= FIRST / 2);
        assert!(waits[19] <= LONGEST && waits[19] >= LONGEST / 2);
        backoff.succeeded(&key);
        assert!(backoff.failed(&key) <= FIRST);
        assert!(backoff.failed(&Key::House("other".to_owned())) <= FIRST, "others are not held back");
    }
}
