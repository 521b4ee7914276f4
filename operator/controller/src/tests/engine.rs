//! A stand-in for an engine's worker: it takes specs, and its shows go where the test moves them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Value, json};

/// What a shard's journal would hold; it outlives the worker's pod.
#[derive(Debug, Clone, Default)]
pub(super) struct Shard(Arc<Mutex<Journal>>);

#[derive(Debug, Default)]
struct Journal {
    generation: i64,
    shows: BTreeMap<String, Show>,
    specs: u64,
}

#[derive(Debug)]
struct Show {
    generation: Value,
    state: &'static str,
    lots: Vec<String>,
    lot: &'static str,
}

impl Shard {
    /// Moves a show: the auction's state, and that of its lots.
    pub(super) fn set(&self, auction: &str, state: &'static str, lot: &'static str) {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(show) = journal.shows.get_mut(auction) {
            (show.state, show.lot) = (state, lot);
        }
    }

    /// How many lots of an auction it was told of.
    pub(super) fn lots(&self, auction: &str) -> usize {
        let journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        journal.shows.get(auction).map_or(0, |show| show.lots.len())
    }

    pub(super) fn knows(&self, auction: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shows.contains_key(auction)
    }

    pub(super) fn router(&self) -> Router {
        Router::new().route("/v1/status", get(status)).route("/v1/spec", put(spec)).with_state(self.clone())
    }
}

async fn status(State(shard): State<Shard>) -> Json<Value> {
    let journal = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
    let lot = |(index, id): (usize, &String), state: &str| {
        json!({"number": index + 1, "id": id, "round": 1, "state": state, "price_wei": null, "leader_paddle": null,
            "bids": 0, "ends_at": null})
    };
    let auctions = journal.shows.iter().map(|(name, show)| {
        let lots: Vec<Value> = show.lots.iter().enumerate().map(|it| lot(it, show.lot)).collect();
        json!({"name": name, "state": show.state, "generation": show.generation, "lots": lots})
    });
    let auctions: Vec<Value> = auctions.collect();
    Json(json!({"generation": journal.generation, "observed_generation": journal.generation, "shard": "s", "epoch": 1,
        "seq": journal.specs, "auctions": auctions}))
}

async fn spec(State(shard): State<Shard>, Json(body): Json<Value>) -> Json<Value> {
    let mut journal = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
    journal.generation = body["generation"].as_i64().unwrap_or(0);
    journal.specs += 1;
    for auction in body["auctions"].as_array().into_iter().flatten() {
        let name = auction["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let lots = auction["spec"]["lots"].as_array().into_iter().flatten();
        let lots = lots.map(|lot| lot["id"].as_str().unwrap_or_default().to_owned()).collect();
        let show = journal.shows.entry(name).or_insert(Show {
            generation: Value::Null,
            state: "scheduled",
            lots: Vec::new(),
            lot: "upcoming",
        });
        show.lots = lots;
        show.generation = auction["metadata"]["generation"].clone();
        show.state = match (auction["spec"]["runState"].as_str(), show.state) {
            (Some("Cancelled"), _) => "cancelled",
            (Some("Paused"), "live") => "paused",
            (Some("Running"), "paused") => "live",
            (_, as_it_is) => as_it_is,
        };
    }
    Json(json!({"generation": journal.generation, "configured": []}))
}
