//! Holds one call site to a few lines a second; what was held back is counted and said once the second is over.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

const LINES_A_WINDOW: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

/// A per-call-site rate limit on events.
#[derive(Debug, Default)]
pub struct FloodGate(Mutex<HashMap<Identifier, Window>>);

#[derive(Debug)]
struct Window {
    began: Instant,
    passed: u32,
    held_back: u64,
}

impl FloodGate {
    /// Whether a line of this call site may pass at `now`, and how many of its lines were held back before it.
    fn admit(&self, site: Identifier, now: Instant) -> (bool, u64) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(site).or_insert(Window { began: now, passed: 0, held_back: 0 });
        let mut before = 0;
        if now.duration_since(window.began) >= WINDOW {
            before = window.held_back;
            *window = Window { began: now, passed: 0, held_back: 0 };
        }
        if window.passed < LINES_A_WINDOW {
            window.passed += 1;
            (true, before)
        } else {
            window.held_back += 1;
            (false, 0)
        }
    }
}

impl<S: Subscriber> Filter<S> for FloodGate {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let (pass, held_back) = self.admit(event.metadata().callsite(), Instant::now());
        if held_back > 0 {
            let metadata = event.metadata();
            eprintln!(
                "{{\"level\":\"WARN\",\"target\":\"{}\",\"msg\":\"lines held back\",\"suppressed\":{held_back}}}",
                metadata.target()
            );
        }
        pass
    }
}
