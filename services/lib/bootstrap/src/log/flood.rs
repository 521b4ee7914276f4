//! Holds one call site to a few lines a second, for all of the log's readers alike. What was held back is counted and said
//! as a line of the log once the second is over. Errors always pass: each was worth somebody's look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

const LINES_A_WINDOW: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

/// A per-call-site rate limit on events: the layers below it see what it lets pass.
#[derive(Debug)]
pub struct FloodGate {
    window: Duration,
    sites: Mutex<HashMap<Identifier, Window>>,
}

impl Default for FloodGate {
    fn default() -> Self {
        Self { window: WINDOW, sites: Mutex::default() }
    }
}

#[derive(Debug)]
struct Window {
    began: Instant,
    passed: u32,
    held_back: u64,
    /// Held back in windows that are over, and not yet said.
    unsaid: u64,
}

impl FloodGate {
    /// Whether a line of this call site may pass at `now`.
    fn admit(&self, site: Identifier, now: Instant) -> bool {
        let mut windows = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(site).or_insert(Window { began: now, passed: 0, held_back: 0, unsaid: 0 });
        if now.duration_since(window.began) >= self.window {
            let unsaid = window.unsaid + window.held_back;
            *window = Window { began: now, passed: 0, held_back: 0, unsaid };
        }
        if window.passed < LINES_A_WINDOW {
            window.passed += 1;
            true
        } else {
            window.held_back += 1;
            false
        }
    }

    /// How many lines of this call site were held back in windows that are over, once.
    fn take_unsaid(&self, site: &Identifier) -> u64 {
        let mut windows = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get_mut(site).map(|window| std::mem::take(&mut window.unsaid)).unwrap_or_default()
    }
}

impl<S: Subscriber> Layer<S> for FloodGate {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() == Level::ERROR || self.admit(metadata.callsite(), Instant::now())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let suppressed = self.take_unsaid(&metadata.callsite());
        if suppressed > 0 {
            let (site, line) = (metadata.target(), metadata.line().unwrap_or_default());
            tracing::warn!(site, line, suppressed, "lines held back");
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::log::Recent;

    fn site() -> Identifier {
        tracing::info_span!("a call site").metadata().expect("a span has metadata").callsite()
    }

    #[test]
    fn what_was_held_back_is_counted_once_its_second_is_over() {
        let subscriber = tracing_subscriber::registry();
        tracing::subscriber::with_default(subscriber, || {
            let (gate, site, start) = (FloodGate::default(), site(), Instant::now());
            let passed = (0..25).filter(|_| gate.admit(site.clone(), start)).count();
            assert_eq!((passed, gate.take_unsaid(&site)), (10, 0));
            assert!(gate.admit(site.clone(), start + WINDOW));
            assert_eq!((gate.take_unsaid(&site), gate.take_unsaid(&site)), (15, 0));
        });
    }

    #[test]
    fn a_flood_is_held_for_every_reader_alike_and_errors_always_pass() {
        let readers = [Recent::default(), Recent::default()];
        let layer = |reader: &Recent| {
            let reader = reader.clone();
            tracing_subscriber::fmt::layer().with_writer(move || reader.clone())
        };
        let gate: Box<dyn Layer<_> + Send + Sync> = Box::new(FloodGate::default());
        let layers = vec![gate, Box::new(layer(&readers[0])), Box::new(layer(&readers[1]))];
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layers), || {
            for number in 0..30 {
                tracing::info!(number, "chatter");
                tracing::error!(number, "trouble");
            }
        });
        for reader in readers {
            let lines = reader.last(1_000);
            let of = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
            assert_eq!((of("chatter"), of("trouble")), (10, 30));
        }
    }

    #[test]
    fn what_was_held_back_is_a_line_of_the_log() {
        let recent = Recent::default();
        let writer = recent.clone();
        let gate = FloodGate { window: Duration::from_millis(20), ..FloodGate::default() };
        let gate: Box<dyn Layer<_> + Send + Sync> = Box::new(gate);
        let layers = vec![gate, Box::new(tracing_subscriber::fmt::layer().with_writer(move || writer.clone()))];
        // Only a process's own subscriber hears what is said while it listens.
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layers))
            .expect("nobody has set one");
        let chatter = |number: u32| tracing::info!(number, "chatter");
        (0..30).for_each(chatter);
        std::thread::sleep(Duration::from_millis(25));
        chatter(30);
        let lines = recent.last(1_000);
        let notices: Vec<_> = lines.iter().filter(|line| line.contains("lines held back")).collect();
        assert!(matches!(&notices[..], [notice] if notice.contains("20")), "{lines:?}");
    }
}
