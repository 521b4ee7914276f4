use auction_core::LotNumber;

use super::*;
use crate::engine::AuctionState;
use crate::public::testing::view;

fn text(frame: &Bytes) -> serde_json::Value {
    let payload = frame.iter().position(|&byte| byte == b'{').unwrap();
    serde_json::from_slice(&frame[payload..]).unwrap()
}

#[test]
fn only_lots_that_changed_are_sent_and_only_their_newest_price() {
    let first = Edition::first(view(1, &[100, 200]));
    let second = first.next(view(2, &[110, 200]));
    let third = second.next(view(3, &[120, 200]));
    let sent: Vec<_> = third.since(first.number()).map(|frame| text(&frame)).collect();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["type"], &sent[0]["lot"]), (&"delta".into(), &1.into()));
    assert_eq!((&sent[0]["price_wei"], &sent[0]["seq"]), (&"120".into(), &3.into()));
    assert_eq!(third.since(third.number()).count(), 0);
}

#[test]
fn an_unchanged_price_keeps_its_frame_and_everybody_shares_its_bytes() {
    let first = Edition::first(view(1, &[100, 200]));
    let second = first.next(view(2, &[110, 200]));
    assert_eq!(first.lots[1].frame.as_ptr(), second.lots[1].frame.as_ptr());
    assert_eq!(second.since(0).last().unwrap().as_ptr(), second.lots[1].frame.as_ptr());
}

#[test]
fn a_storm_of_joins_shares_one_snapshot() {
    let edition = Edition::first(view(7, &[100, 200]));
    let snapshot = edition.snapshot();
    assert_eq!(snapshot.as_ptr(), edition.snapshot().as_ptr());
    let snapshot = text(&snapshot);
    assert_eq!((&snapshot["type"], &snapshot["seq"]), (&"snapshot".into(), &7.into()));
    assert_eq!(snapshot["lots"][1]["price_wei"], "200");
}

#[test]
fn a_lot_that_is_added_is_sent() {
    let first = Edition::first(view(1, &[100]));
    let second = first.next(view(2, &[100, 5]));
    let sent: Vec<_> = second.since(first.number()).map(|frame| text(&frame)["lot"].clone()).collect();
    assert_eq!(sent, [LotNumber(2).0]);
}

#[test]
fn a_pause_and_its_end_are_told_once_each() {
    let first = Edition::first(view(1, &[100]));
    let paused = AuctionView { state: AuctionState::Paused, reason: Some("rain".into()), ..(*view(2, &[100])).clone() };
    let second = first.next(Arc::new(paused));
    let sent: Vec<_> = second.since(first.number()).map(|frame| text(&frame)).collect();
    let told = serde_json::json!({"type": "auction", "auction": "spring", "epoch": 1, "seq": 2, "state": "paused", "reason": "rain"});
    assert_eq!(sent, [told]);
    assert_eq!(text(&second.snapshot())["reason"], "rain");
    let third = second.next(view(3, &[100]));
    let sent: Vec<_> = third.since(second.number()).map(|frame| text(&frame)["state"].clone()).collect();
    assert_eq!(sent, ["live"]);
    assert_eq!(third.since(third.number()).count(), 0);
}

#[test]
fn nothing_hidden_is_printed() {
    let edition = Edition::first(view(1, &[100]));
    let shown = String::from_utf8_lossy(&edition.snapshot()).into_owned();
    assert!(!shown.contains("987654321"), "the hidden reserve is told: {shown}");
    assert!(shown.contains("\"reserve\":\"not_met\""), "{shown}");
}
