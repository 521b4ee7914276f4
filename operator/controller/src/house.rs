//! What a namespace has once: read → decide → act. It is there while the namespace has an auction or a stream.

use std::collections::BTreeSet;

use operator_api::Auction;
use operator_plan::House;

use crate::auction::limits;
use crate::cache::Source;
use crate::key::Key;
use crate::object::{Id, Kind, Provider};
use crate::operator::{Next, Operator, Trouble};
use crate::render;

pub(crate) async fn reconcile(operator: &Operator, namespace: &str) -> Result<Next, Trouble> {
    let key = Key::House(namespace.to_owned());
    let owned = operator.cache.owned(&key);
    let wanted = if operator.cache.is_inhabited(namespace) {
        render::house(&read(operator, namespace), &operator.context)
    } else {
        Vec::new()
    };
    let wanted_ids: BTreeSet<Id> = wanted.iter().map(|object| object.id.clone()).collect();
    // One that cannot be written keeps no other from being written.
    let mut failed = None;
    for object in wanted.iter().filter(|object| is_served(operator, object.id.kind)) {
        let done = operator.actor.apply(object, operator.cache.object(&object.id).as_deref()).await;
        failed = failed.or(done.err());
    }
    // Middlewares that no route uses any more, and everything when the last resource is gone.
    for (id, object) in owned.iter().filter(|(id, _)| is_of_houses(id.kind) && !wanted_ids.contains(id)) {
        failed = failed.or(operator.actor.delete(id, object).await.err());
    }
    failed.map_or(Ok(Next::default()), |error| Err(error.into()))
}

/// Whether a namespace may have such an object by itself. Anything else without an owner is no business of its: a pod
/// whose owner somebody took away may be live.
const fn is_of_houses(kind: Kind) -> bool {
    match kind {
        Kind::ServiceAccount
        | Kind::Role
        | Kind::RoleBinding
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::Middleware => true,
        Kind::ConfigMap
        | Kind::Lease
        | Kind::Service
        | Kind::Pod
        | Kind::Auction
        | Kind::Stream
        | Kind::Certificate
        | Kind::IngressRoute
        | Kind::IngressRouteTcp => false,
    }
}

fn read(operator: &Operator, namespace: &str) -> House {
    let auctions = operator.cache.auctions(namespace, |auction: &Auction| auction.spec.routing.is_some());
    let routings = auctions.iter().filter_map(|auction| auction.spec.routing.as_ref());
    let mut limits: Vec<_> = routings.map(limits).collect();
    limits.sort();
    limits.dedup();
    let streams = operator.cache.streams(namespace);
    let output_ports = streams.iter().flat_map(|(_, stream)| crate::stream::output_ports(stream)).collect();
    House {
        namespace: namespace.to_owned(),
        limits,
        streams: streams.into_iter().map(|(name, _)| name).collect(),
        output_ports,
    }
}

/// Whether the kind can be written: Traefik's when its definitions are there.
pub(crate) fn is_served(operator: &Operator, kind: Kind) -> bool {
    match kind.provider() {
        Provider::Kubernetes => true,
        Provider::Traefik | Provider::CertManager => operator.cache.is_synced(Source::Objects(kind)),
    }
}
