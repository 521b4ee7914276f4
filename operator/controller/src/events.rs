//! Events that explain: what happened to a resource and what can be done. One for each object and reason in ten seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio::time::Instant;

use crate::act::CALL_DEADLINE;
use crate::object::MANAGER;
use crate::observe::Observe;

/// A cause that flaps would fill the API server: the next one like it waits so long.
const ONE_EVERY: Duration = Duration::from_secs(10);
/// Causes that are remembered; beyond them the oldest are forgotten.
const REMEMBERED: usize = 4_096;
/// The API server takes notes of this many bytes.
const LONGEST_NOTE: usize = 1_000;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tale {
    pub weight: Weight,
    /// A single cause in `PascalCase`.
    pub reason: &'static str,
    /// What was done or tried.
    pub action: &'static str,
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Normal,
    Warning,
}

/// Tells events. Clones share what was told.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    told: Arc<Mutex<BTreeMap<(String, &'static str), Instant>>>,
    observe: Observe,
}

impl Events {
    pub fn new(client: Client, instance: &str, observe: Observe) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: Some(instance.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), told: Arc::default(), observe }
    }

    /// Tells `tale` of `object`, unless the like was told just now. An event that cannot be told is logged: nothing
    /// depends on it.
    pub async fn tell(&self, object: &ObjectReference, tale: &Tale) {
        let uid = object.uid.clone().unwrap_or_default();
        if !self.may_tell(uid, tale.reason, Instant::now()) {
            self.observe.event(false);
            return;
        }
        self.observe.event(true);
        let event = Event {
            type_: match tale.weight {
                Weight::Normal => EventType::Normal,
                Weight::Warning => EventType::Warning,
            },
            reason: tale.reason.to_owned(),
            note: Some(shortened(&tale.note)),
            action: tale.action.to_owned(),
            secondary: None,
        };
        match tokio::time::timeout(CALL_DEADLINE, self.recorder.publish(&event, object)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = %bootstrap::chain(&error), reason = tale.reason, "an event is lost");
            }
            Err(_) => tracing::debug!(reason = tale.reason, "an event is lost: the API server did not answer"),
        }
    }

    fn may_tell(&self, uid: String, reason: &'static str, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= REMEMBERED {
            told.retain(|_, at| now.duration_since(*at) < ONE_EVERY);
        }
        let key = (uid, reason);
        if told.get(&key).is_some_and(|at| now.duration_since(*at) < ONE_EVERY) {
            return false;
        }
        if told.len() < REMEMBERED {
            told.insert(key, now);
        }
        true
    }
}

fn shortened(note: &str) -> String {
    let mut end = note.len().min(LONGEST_NOTE);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note[..end].to_owned()
}
