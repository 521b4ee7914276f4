//! Health: `/livez` (not wedged), `/readyz` (can do its job, and what is missing), `/startupz`; `/health` answers too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// What a process knows of its own health. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Per gate: `None` is open, else why it is shut.
    gates: BTreeMap<&'static str, Option<String>>,
    beats: BTreeMap<&'static str, Beat>,
    started: bool,
}

#[derive(Debug)]
struct Beat {
    last: Instant,
    longest: Duration,
}

/// One thing that must be there before the process is ready. It begins shut.
#[derive(Debug, Clone)]
pub struct Gate {
    name: &'static str,
    health: Health,
}

/// A loop that must go round; it is wedged when it has not for longer than it said.
#[derive(Debug, Clone)]
pub struct Pulse {
    name: &'static str,
    health: Health,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    missing: BTreeMap<String, String>,
}

impl Health {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition of readiness, shut for now.
    pub fn gate(&self, name: &'static str) -> Gate {
        self.with(|inner| inner.gates.insert(name, Some("not there yet".into())));
        Gate { name, health: self.clone() }
    }

    /// Adds a loop that promises to go round at least every `longest`.
    pub fn pulse(&self, name: &'static str, longest: Duration) -> Pulse {
        self.with(|inner| inner.beats.insert(name, Beat { last: Instant::now(), longest }));
        Pulse { name, health: self.clone() }
    }

    /// Start-up is over: `/startupz` answers 200 from now on.
    pub fn started(&self) {
        self.with(|inner| inner.started = true);
    }

    /// What is missing for readiness, by gate.
    pub fn missing(&self) -> BTreeMap<String, String> {
        self.with(|inner| inner.gates.iter().filter_map(|(&name, why)| Some((name.to_owned(), why.clone()?))).collect())
    }

    /// The loops that have not gone round in time.
    fn wedged(&self) -> BTreeMap<String, String> {
        self.with(|inner| {
            let late = inner.beats.iter().filter(|(_, beat)| beat.last.elapsed() > beat.longest);
            late.map(|(&name, beat)| (name.to_owned(), format!("silent for {} ms", beat.last.elapsed().as_millis())))
                .collect()
        })
    }

    /// The routes of the health port.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/health", get(readyz))
            .route("/startupz", get(startupz))
            .with_state(self.clone())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Inner) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gate {
    pub fn open(&self) {
        self.health.with(|inner| inner.gates.insert(self.name, None));
    }

    /// Shuts it; `why` is shown to whoever asks for readiness.
    pub fn shut(&self, why: impl Into<String>) {
        let why = why.into();
        self.health.with(|inner| inner.gates.insert(self.name, Some(why)));
    }
}

impl Pulse {
    pub fn beat(&self) {
        self.health.with(|inner| {
            if let Some(beat) = inner.beats.get_mut(self.name) {
                beat.last = Instant::now();
            }
        });
    }
}

type Answer = (StatusCode, Json<Report>);

fn answer(missing: BTreeMap<String, String>) -> Answer {
    if missing.is_empty() {
        (StatusCode::OK, Json(Report { status: "ok", missing }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Report { status: "unavailable", missing }))
    }
}

async fn livez(State(health): State<Health>) -> Answer {
    answer(health.wedged())
}

async fn readyz(State(health): State<Health>) -> Answer {
    answer(health.missing())
}

async fn startupz(State(health): State<Health>) -> Answer {
    let starting = [("start".to_owned(), "still starting".to_owned())];
    answer(if health.with(|inner| inner.started) { BTreeMap::new() } else { starting.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_names_what_is_missing_until_every_gate_is_open() {
        let health = Health::new();
        let (lease, database) = (health.gate("lease"), health.gate("database"));
        database.open();
        lease.shut("held by another worker");
        assert_eq!(health.missing(), [("lease".to_owned(), "held by another worker".to_owned())].into());
        lease.open();
        assert!(health.missing().is_empty());
    }

    #[test]
    fn a_silent_loop_is_wedged_and_a_beating_one_is_not() {
        let health = Health::new();
        let pulse = health.pulse("shard", Duration::ZERO);
        std::thread::sleep(Duration::from_millis(2));
        assert!(health.wedged().contains_key("shard"));
        let pulse = {
            drop(pulse);
            health.pulse("shard", Duration::from_hours(1))
        };
        pulse.beat();
        assert!(health.wedged().is_empty());
    }
}
