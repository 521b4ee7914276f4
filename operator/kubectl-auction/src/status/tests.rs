use jiff::Timestamp;
use operator_api::conditions::{ConditionType, Reason, State, Verdict, set};
use operator_api::{Auction, Guarded, Stream};
use serde_json::{Value, json};

use super::story;

const NOON: i64 = 1_796_040_000;

fn auction(status: &Value) -> Auction {
    serde_json::from_value(json!({
        "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction",
        "metadata": {"name": "genesis-night", "namespace": "auctions"},
        "spec": {
            "title": "Genesis Night", "house": {"xHandle": "sothebais"}, "schedule": {"startsAt": "2026-12-01T20:00:00Z"},
            "lots": [{"id": "one", "title": "One", "startingPrice": "1"}],
            "stream": {"ref": {"name": "house-channel"}},
        },
        "status": status,
    }))
    .unwrap()
}

fn at(seconds_before_noon: i64) -> Timestamp {
    Timestamp::from_second(NOON - seconds_before_noon).unwrap()
}

fn told(auction: &mut Auction, kind: ConditionType, state: State, reason: Reason, detail: &str, ago: i64) {
    let conditions = &mut auction.status.as_mut().unwrap().conditions;
    set(conditions, &Verdict::new(kind, state, reason, detail), Some(1), at(ago));
}

#[test]
fn a_live_show_says_where_it_is_and_that_nothing_is_to_be_done() {
    let mut auction = auction(&json!({
        "observedGeneration": 1, "phase": "Live", "sold": 2, "url": "https://genesis.live.example",
        "currentLot": {"id": "lot-3", "index": 3, "of": 12, "place": "3/12"},
        "session": {"id": "s-1", "epoch": 4, "templateRevision": "sha256:ab", "operatorVersion": "0.1.0"},
    }));
    told(&mut auction, ConditionType::Ready, State::True, Reason::OnAir, "", 600);
    told(&mut auction, ConditionType::Live, State::True, Reason::OnAir, "", 600);
    told(&mut auction, ConditionType::DisruptionProtected, State::True, Reason::Protected, "", 660);
    let stream: Stream = serde_json::from_value(json!({
        "apiVersion": "sothebais.io/v1alpha1", "kind": "Stream", "metadata": {"name": "house-channel"},
        "spec": {"outputs": [{"name": "x", "type": "RTMPS", "url": "rtmps://a/x"}]},
        "status": {"phase": "Broadcasting", "outputsLive": "1/1", "active": {"pod": "house-channel-2", "node": "node1", "epoch": 2}},
    }))
    .unwrap();
    insta::assert_snapshot!(story::of(&auction, Some(&stream), &[], at(0)));
}

#[test]
fn what_is_wrong_comes_with_the_remedy_nearest_to_the_cause() {
    let mut auction = auction(&json!({"observedGeneration": 1, "phase": "Provisioning"}));
    told(&mut auction, ConditionType::Ready, State::False, Reason::SecretNotFound, "Secret \"x-live\"", 45);
    told(&mut auction, ConditionType::DependenciesReady, State::False, Reason::SecretNotFound, "Secret \"x-live\"", 45);
    told(&mut auction, ConditionType::Provisioned, State::False, Reason::PodStarting, "", 50);
    told(&mut auction, ConditionType::Live, State::False, Reason::NotYet, "", 3000);
    insta::assert_snapshot!(story::of(&auction, None, &[], at(0)));
}

#[test]
fn without_an_operator_it_says_how_to_look_for_one() {
    let auction = auction(&json!({"phase": "Pending", "conditions": [{
        "type": "Ready", "status": "Unknown", "reason": "Pending", "message": "Waiting for operator", "lastTransitionTime": "1970-01-01T00:00:00Z",
    }]}));
    insta::assert_snapshot!(story::of(&auction, None, &[], at(0)));
}

#[test]
fn one_object_that_cannot_be_read_does_not_hide_the_others() {
    let good = serde_json::to_value(auction(&json!({"phase": "Scheduled"}))).unwrap();
    let mut bad = good.clone();
    bad["metadata"]["name"] = json!("from-the-future");
    bad["spec"]["lotOrder"] = json!("Simultaneous");
    let auctions: Vec<Guarded<Auction>> = serde_json::from_value(json!([good, bad])).unwrap();
    insta::assert_snapshot!(story::overview(&auctions, true));
}
