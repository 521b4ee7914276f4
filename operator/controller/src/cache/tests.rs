use serde_json::{Value, json};

use super::*;

fn object(value: Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

fn pod(name: &str, auctions: &[&str]) -> DynamicObject {
    let owners: Vec<_> = auctions
        .iter()
        .map(|name| json!({"apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "name": name, "uid": name}))
        .collect();
    object(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "n", "ownerReferences": owners},
        "spec": {"nodeName": "node-1"}}),
    )
}

fn auction(name: &str, handle: &str) -> DynamicObject {
    object(
        json!({"apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": name, "namespace": "n"},
        "spec": {"title": name, "house": {"xHandle": handle}, "schedule": {"startsAt": "2026-01-01T00:00:00Z"},
        "lots": [{"id": "one", "title": "One", "startingPrice": "1"}]}}),
    )
}

fn key(name: &str) -> Key {
    Key::Auction("n".to_owned(), name.to_owned())
}

#[test]
fn what_vanished_while_the_watch_was_broken_wakes_its_owner() {
    let cache = Cache::default();
    let source = Source::Objects(Kind::Pod);
    for event in
        [Event::Init, Event::InitApply(pod("a-1", &["a"])), Event::InitApply(pod("b-1", &["b"])), Event::InitDone]
    {
        cache.note(source, event);
    }
    cache.note(source, Event::Init);
    assert!(!cache.owned(&key("a")).is_empty(), "the old picture stands until the new one is complete");
    cache.note(source, Event::InitApply(pod("b-1", &["b"])));
    assert_eq!(cache.note(source, Event::InitDone), [key("a")].into());
    assert!(cache.owned(&key("a")).is_empty());
}

#[test]
fn an_object_of_several_wakes_all_of_them_and_one_of_none_its_namespace() {
    let cache = Cache::default();
    let woken = cache.note(Source::Objects(Kind::Pod), Event::Apply(pod("pool-1", &["a", "b"])));
    assert_eq!(woken, [key("a"), key("b")].into());
    let woken = cache.note(Source::Objects(Kind::Pod), Event::Apply(pod("stray", &[])));
    assert_eq!(woken, [Key::House("n".to_owned())].into());
    let woken = cache.note(Source::Objects(Kind::Pod), Event::Apply(pod("pool-1", &["b"])));
    assert_eq!(woken, [key("a"), key("b")].into(), "who lost it learns of it");
}

#[test]
fn an_auctions_end_wakes_who_waits_for_its_handle() {
    let cache = Cache::default();
    cache.note(Source::Auctions, Event::Apply(auction("first", "Sothebais")));
    cache.note(Source::Auctions, Event::Apply(auction("second", "sothebais")));
    cache.note(Source::Auctions, Event::Apply(auction("other", "elsewhere")));
    let woken = cache.note(Source::Auctions, Event::Apply(auction("first", "sothebais")));
    assert_eq!(woken, [key("first"), key("second")].into());
}

#[test]
fn other_limits_of_a_route_wake_the_namespace_whose_middlewares_they_are() {
    let cache = Cache::default();
    let routed = |average: u32| {
        let mut auction = auction("a", "house");
        auction.data["spec"]["routing"] =
            json!({"host": "a.example.com", "rateLimit": {"averagePerSecond": average, "burst": 50}});
        auction
    };
    let house = Key::House("n".to_owned());
    assert!(cache.note(Source::Auctions, Event::Apply(routed(50))).contains(&house));
    assert!(!cache.note(Source::Auctions, Event::Apply(routed(50))).contains(&house));
    assert!(cache.note(Source::Auctions, Event::Apply(routed(20))).contains(&house));
}

#[test]
fn a_child_whose_owner_was_taken_away_is_still_its_resources_by_its_labels() {
    let mut orphan = pod("a-1", &[]);
    orphan.labels_mut().insert("sothebais.io/auction".to_owned(), "a".to_owned());
    assert_eq!(Key::of_object("n", &orphan), [key("a")]);
    orphan.labels_mut().insert("sothebais.io/stream".to_owned(), "s".to_owned());
    assert_eq!(Key::of_object("n", &orphan), [Key::Stream("n".to_owned(), "s".to_owned())]);
}

#[test]
fn a_renewal_of_a_lease_is_kept_and_wakes_nobody() {
    let cache = Cache::default();
    let lease = |holder: &str, renewed: &str| {
        object(
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "s", "namespace": "n"},
            "spec": {"holderIdentity": holder, "renewTime": renewed}}),
        )
    };
    let source = Source::Objects(Kind::Lease);
    cache.note(source, Event::Apply(lease("a", "2026-01-01T00:00:00.000000Z")));
    assert!(cache.note(source, Event::Apply(lease("a", "2026-01-01T00:00:01.000000Z"))).is_empty());
    let id = Id { namespace: "n".to_owned(), kind: Kind::Lease, name: "s".to_owned() };
    assert_eq!(cache.object(&id).unwrap().data["spec"]["renewTime"], "2026-01-01T00:00:01.000000Z");
    assert!(!cache.note(source, Event::Apply(lease("b", "2026-01-01T00:00:01.000000Z"))).is_empty());
}

#[test]
fn one_that_cannot_be_read_is_kept_apart_and_a_cordoned_node_wakes_its_pods() {
    let cache = Cache::default();
    let mut odd = auction("odd", "x");
    odd.data["spec"]["runState"] = "Dancing".into();
    cache.note(Source::Auctions, Event::Apply(odd));
    assert!(matches!(cache.auction("n", "odd"), Some(Seen::Unreadable { .. })));
    cache.note(Source::Objects(Kind::Pod), Event::Apply(pod("a-1", &["a"])));
    let node = |cordoned: bool| {
        object(
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"unschedulable": cordoned}}),
        )
    };
    cache.note(Source::Nodes, Event::Apply(node(false)));
    assert_eq!(cache.note(Source::Nodes, Event::Apply(node(true))), [key("a")].into());
    assert_eq!(cache.node("node-1"), Some(NodeState::Leaving));
    assert!(cache.note(Source::Nodes, Event::Apply(node(true))).is_empty(), "heartbeats concern nobody");
}
