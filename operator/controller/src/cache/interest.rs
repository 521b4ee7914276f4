//! Whom a change concerns, and whether it is one: renewals of leases come twice a second and concern nobody.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::Auction;
use operator_api::auction::Routing;
use operator_plan::{handle_of, shard_of};

use super::{Place, Seen};
use crate::key::Key;
use crate::object::Kind;

/// An auction itself, its namespace, its stream, and those that share its shard or its handle: one's end is another's
/// beginning.
pub(super) fn auction(
    auctions: &BTreeMap<Place, Seen<Auction>>,
    before: Option<&Seen<Auction>>,
    place: &Place,
) -> BTreeSet<Key> {
    let (namespace, name) = place;
    let mut keys = BTreeSet::from([Key::Auction(namespace.clone(), name.clone())]);
    let after = auctions.get(place);
    // The limits of routes are Middlewares of the namespace.
    if before.is_none() || after.is_none() || routing(before) != routing(after) {
        keys.insert(Key::House(namespace.clone()));
    }
    for seen in [before, after].into_iter().flatten() {
        let Some(auction) = seen.readable() else { continue };
        let neighbours =
            auctions.range((namespace.clone(), String::new())..).take_while(|((of, _), _)| of == namespace);
        for ((_, other), seen) in neighbours {
            if seen.readable().is_some_and(|seen| other != name && are_neighbours(auction, seen)) {
                keys.insert(Key::Auction(namespace.clone(), other.clone()));
            }
        }
        keys.extend(stream_of(auction).map(|stream| Key::Stream(namespace.clone(), stream)));
    }
    keys
}

fn routing(seen: Option<&Seen<Auction>>) -> Option<&Routing> {
    seen.and_then(Seen::readable)?.spec.routing.as_ref()
}

/// A stream itself, and the auctions that it shows.
pub(super) fn stream(auctions: &BTreeMap<Place, Seen<Auction>>, place: &Place) -> BTreeSet<Key> {
    let (namespace, name) = place;
    let all = auctions.range((namespace.clone(), String::new())..).take_while(|((of, _), _)| of == namespace);
    let shown = all.filter(|(_, seen)| seen.readable().is_some_and(|it| stream_of(it).as_ref() == Some(name)));
    let shown = shown.map(|((_, auction), _)| Key::Auction(namespace.clone(), auction.clone()));
    shown.chain([Key::Stream(namespace.clone(), name.clone()), Key::House(namespace.clone())]).collect()
}

/// Whether two auctions of a namespace share a worker or an inbox.
pub(crate) fn are_neighbours(one: &Auction, other: &Auction) -> bool {
    let shard = |auction: &Auction| shard_of(auction, &auction.name_any());
    let handle = handle_of(one);
    shard(one) == shard(other) || handle.is_some() && handle == handle_of(other)
}

/// The stream that shows an auction, by name.
pub(crate) fn stream_of(auction: &Auction) -> Option<String> {
    let source = auction.spec.stream.as_ref()?;
    let reference = source.reference.as_ref().map(|reference| reference.name.clone());
    reference.or_else(|| source.template.as_ref().map(|_| auction.name_any()))
}

/// Whether the change of an object is news for those that it belongs to.
pub(super) fn object(kind: Kind, before: &DynamicObject, after: &DynamicObject) -> bool {
    match kind {
        // A renewal says no more than that it was renewed; who needs the time reads it.
        Kind::Lease => {
            let part = |lease: &DynamicObject, field: &str| lease.data.pointer(field).cloned();
            let named = ["/spec/holderIdentity", "/spec/leaseTransitions"];
            named.iter().any(|field| part(before, field) != part(after, field)) || metadata_differs(before, after)
        }
        Kind::ServiceAccount
        | Kind::Role
        | Kind::RoleBinding
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::ConfigMap
        | Kind::Service
        | Kind::Pod
        | Kind::Auction
        | Kind::Stream
        | Kind::Certificate
        | Kind::Middleware
        | Kind::IngressRoute
        | Kind::IngressRouteTcp => metadata_differs(before, after) || before.data != after.data,
    }
}

fn metadata_differs(before: &DynamicObject, after: &DynamicObject) -> bool {
    let (one, other) = (&before.metadata, &after.metadata);
    one.uid != other.uid
        || one.labels != other.labels
        || one.annotations != other.annotations
        || one.owner_references != other.owner_references
        || one.finalizers != other.finalizers
        || one.deletion_timestamp != other.deletion_timestamp
}
