//! What a worker is told, and whether it has to be: its own answer says which generation of which auction it has.

use std::sync::Arc;

use kube::ResourceExt as _;
use operator_api::Auction;
use operator_plan::shard_of;
use serde_json::{Value, json};
use wire::rest::{SpecRequest, StatusBody};

use crate::render::names::digest;

/// The auctions of a shard, in the order of their names.
pub(super) fn of_shard(cell: &[Arc<Auction>], shard: &str) -> Vec<Arc<Auction>> {
    let mut auctions: Vec<_> =
        cell.iter().filter(|auction| shard_of(auction, &auction.name_any()) == shard).cloned().collect();
    auctions.sort_by_key(|auction| auction.name_any());
    auctions
}

/// Names what is told and to whom; two of the same are one.
pub(super) fn fingerprint(pod: &str, auctions: &[Arc<Auction>]) -> String {
    let mut told = pod.as_bytes().to_vec();
    for auction in auctions {
        told.extend(auction.uid().unwrap_or_default().into_bytes());
        told.extend(auction.metadata.generation.unwrap_or(0).to_be_bytes());
    }
    digest(&told)
}

/// The generation to tell the spec under; `None` when the worker has every auction as it is wanted.
pub(super) fn due(status: &StatusBody, auctions: &[Arc<Auction>]) -> Option<i64> {
    let has = |auction: &Auction| {
        let name = auction.name_any();
        let known = status.auctions.iter().find(|known| known.name.as_str() == name);
        known.is_some_and(|known| Some(known.generation) == auction.metadata.generation)
    };
    let in_force = status.observed_generation == status.generation;
    let all = auctions.iter().all(|auction| has(auction));
    (!all || !in_force).then(|| status.generation.max(status.observed_generation) + 1)
}

/// The request itself; `None` when there are more auctions than a worker takes.
pub(super) fn request(generation: i64, auctions: &[Arc<Auction>]) -> Option<SpecRequest> {
    let manifests: Vec<Value> = auctions.iter().map(|auction| manifest(auction)).collect();
    let request = json!({ "generation": generation, "auctions": manifests });
    serde_json::from_value(request).ok()
}

/// What the engine reads of a resource: nothing that only the cluster needs.
fn manifest(auction: &Auction) -> Value {
    json!({
        "apiVersion": format!("{}/{}", operator_api::GROUP, operator_api::VERSION),
        "kind": "Auction",
        "metadata": {
            "name": auction.name_any(),
            "uid": auction.uid(),
            "generation": auction.metadata.generation,
        },
        "spec": auction.spec,
    })
}
