//! The clock, passed in: the system's for a service, a hand-set one for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where `now` comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until somebody moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `milliseconds` since the Unix epoch.
    pub fn manual(milliseconds: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(milliseconds)))
    }

    /// Milliseconds since the Unix epoch, UTC.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
                let now = jiff::Timestamp::now();
                now.as_millisecond()
            }
            Self::Manual(milliseconds) => milliseconds.load(Ordering::SeqCst),
        }
    }

    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_ms()).expect("a clock stands within the years that jiff knows")
    }

    /// Moves a manual clock; the system's goes by itself.
    pub fn advance(&self, milliseconds: i64) {
        match self {
            Self::System => {}
            Self::Manual(at) => {
                at.fetch_add(milliseconds, Ordering::SeqCst);
            }
        }
    }
}
