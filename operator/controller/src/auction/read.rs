//! Read: the auction, those that share its worker or handle, what exists for it, and what its engine says.

use std::collections::BTreeSet;
use std::sync::Arc;

use auction_core::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::Auction;
use operator_api::stream::Stream;
use operator_plan::{Observed, Role, of_shard, shard_of};
use wire::rest::StatusBody;

use crate::budget;
use crate::cache::{Seen, are_neighbours, stream_of};
use crate::house::is_served;
use crate::key::Key;
use crate::object::{Id, Kind};
use crate::operator::{Operator, Told};
use crate::pod::Sight;

/// Everything that a decision about an auction rests on.
pub(super) struct Read {
    pub(super) key: Key,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) auction: Arc<Auction>,
    /// With those that share a worker or a handle; those that are being deleted are not among them.
    pub(super) cell: Vec<Arc<Auction>>,
    pub(super) observed: Observed,
    pub(super) owned: Vec<(Id, Arc<DynamicObject>)>,
    pub(super) sights: Vec<Sight>,
    pub(super) budget: budget::Standing,
    pub(super) stream: Option<Seen<Stream>>,
    pub(super) engine: EngineAnswer,
    pub(super) told: Option<Told>,
    pub(super) routes: RoutesServed,
    /// An older resource that has the same host.
    pub(super) host_conflict: Option<String>,
}

/// What the engine's worker said.
pub(super) enum EngineAnswer {
    /// No worker is ready.
    NotAsked,
    Silent(String),
    Says {
        address: String,
        pod: String,
        status: Box<StatusBody>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoutesServed {
    Yes,
    No,
}

pub(super) async fn read(operator: &Operator, namespace: &str, name: &str, auction: Arc<Auction>) -> Read {
    let key = Key::Auction(namespace.to_owned(), name.to_owned());
    let cell = operator.cache.auctions(namespace, |other| {
        let is_self = other.name_any() == name;
        other.metadata.deletion_timestamp.is_none() && (is_self || are_neighbours(&auction, other))
    });
    let owned = operator.cache.owned(&key);
    let pods = owned.iter().filter(|(id, _)| id.kind == Kind::Pod);
    let sights: Vec<Sight> = pods.filter_map(|(_, pod)| Sight::of(pod, &operator.cache)).collect();
    let engine = ask(operator, &auction, name, &sights).await;
    let told = spec_fingerprint(&engine, &cell, &auction, name);
    let told = told.and_then(|fingerprint| operator.memory.told(&key, &fingerprint));
    let served = is_served(operator, Kind::IngressRoute) && is_served(operator, Kind::Middleware);
    Read {
        observed: observed(operator, namespace, &cell),
        budget: budget::standing(&operator.cache, namespace),
        stream: stream_of(&auction).and_then(|stream| operator.cache.stream(namespace, &stream)),
        routes: if served { RoutesServed::Yes } else { RoutesServed::No },
        host_conflict: host_conflict(operator, &auction),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        key,
        auction,
        cell,
        owned,
        sights,
        engine,
        told,
    }
}

/// What is remembered of the auctions of a cell: by their statuses, and by the pods that exist.
fn observed(operator: &Operator, namespace: &str, cell: &[Arc<Auction>]) -> Observed {
    let mut observed = Observed::default();
    for auction in cell {
        let name = auction.name_any();
        let status = auction.status.as_ref();
        if let Some(at) = status.and_then(|status| status.completed_at) {
            observed.completed.insert(name.clone(), Timestamp(at.as_millisecond()));
        }
        // A status may have been lost or be late; a worker that exists is carried to its show's end in any case.
        let key = Key::Auction(namespace.to_owned(), name.clone());
        let has_session = status.is_some_and(|status| status.session.is_some());
        if has_session || operator.cache.owned(&key).iter().any(|(_, object)| is_worker(object)) {
            observed.begun.insert(name);
        }
    }
    observed
}

fn is_worker(object: &DynamicObject) -> bool {
    let component = object.labels().get(crate::object::COMPONENT);
    component.is_some_and(|it| it == Role::EngineWorker.program())
        && object.types.as_ref().is_none_or(|types| types.kind == "Pod")
        && object.data.pointer("/spec/containers").is_some()
}

async fn ask(operator: &Operator, auction: &Auction, name: &str, sights: &[Sight]) -> EngineAnswer {
    let worker = crate::render::names::service(&of_shard(&shard_of(auction, name)));
    let mut ready = sights.iter().filter(|sight| sight.workload == worker && sight.ready);
    let Some((address, pod)) = ready.find_map(|sight| Some((sight.address.clone()?, sight.name.clone()))) else {
        return EngineAnswer::NotAsked;
    };
    match operator.asker.engine_status(&address).await {
        Ok(status) => EngineAnswer::Says { address, pod, status: Box::new(status) },
        Err(error) => EngineAnswer::Silent(format!("pod {pod}: {}", bootstrap::chain(&error))),
    }
}

/// What would be told to the worker now, if it answers.
fn spec_fingerprint(engine: &EngineAnswer, cell: &[Arc<Auction>], auction: &Auction, name: &str) -> Option<String> {
    match engine {
        EngineAnswer::NotAsked | EngineAnswer::Silent(_) => None,
        EngineAnswer::Says { pod, .. } => {
            Some(super::spec::fingerprint(pod, &super::spec::of_shard(cell, &shard_of(auction, name))))
        }
    }
}

/// The older of two that have one host keeps it.
fn host_conflict(operator: &Operator, auction: &Auction) -> Option<String> {
    let host = &auction.spec.routing.as_ref()?.host;
    let age = |auction: &Auction| (auction.creation_timestamp(), auction.namespace(), auction.name_any());
    let mut others = BTreeSet::new();
    operator.cache.for_each_auction(|other| {
        let same = other.spec.routing.as_ref().is_some_and(|routing| routing.host == *host);
        let over = other.status.as_ref().is_some_and(|status| status.completed_at.is_some());
        if same && !over && age(other) < age(auction) {
            others.insert(format!("auction {}/{}", other.namespace().unwrap_or_default(), other.name_any()));
        }
    });
    others.pop_first()
}
