use serde_json::{Value, json};

use scene::Phase;

use super::*;

const NOW: Moment = Moment(1_000_000);

fn price(lot: u32, state: &str, seq: u64, wei: Option<&str>) -> Value {
    json!({
        "auction": "spring", "lot": lot, "lot_id": format!("lot-{lot}"), "round": 1, "epoch": 1, "seq": seq, "lot_seq": seq,
        "state": state, "price_wei": wei, "min_next_wei": "500000000000000000", "leader_paddle": wei.map(|_| 7),
        "bids": u32::from(wei.is_some()), "ends_at": "2026-11-24T18:00:00.000Z", "extensions": 0, "reserve": "none",
    })
}

fn snapshot(state: &str, lots: &[Value]) -> ServerMessage {
    let frame = json!({"type": "snapshot", "auction": "spring", "epoch": 1, "seq": 9, "state": state, "title": "Spring", "lots": lots});
    serde_json::from_value(frame).unwrap()
}

fn delta(price: Value) -> ServerMessage {
    ServerMessage::Delta(serde_json::from_value(price).unwrap())
}

fn known(message: ServerMessage) -> Known {
    let mut known = Known::new(AuctionId::new("spring").unwrap());
    known.take(message, NOW);
    known
}

fn on_screen(known: &Known, later: i64) -> (Phase, Option<u32>) {
    let view = known.view(Moment(NOW.0 + later));
    (view.phase, view.lot.map(|lot| lot.number))
}

#[test]
fn a_result_stays_on_screen_for_a_while_and_then_the_next_lot_comes() {
    let mut known = known(snapshot("live", &[price(1, "open", 1, None), price(2, "upcoming", 0, None)]));
    assert_eq!(on_screen(&known, 0), (Phase::Open, Some(1)));
    known.take(delta(price(1, "sold", 2, Some("1000000000000000000"))), NOW);
    assert_eq!(on_screen(&known, 7_999), (Phase::Sold, Some(1)));
    assert_eq!(on_screen(&known, 8_000), (Phase::Upcoming, Some(2)));
    known.take(delta(price(2, "open", 3, None)), NOW);
    assert_eq!(on_screen(&known, 0), (Phase::Open, Some(2)), "who can be bid for comes first");
}

#[test]
fn what_was_over_before_we_came_is_no_news() {
    let known = known(snapshot("completed", &[price(1, "sold", 5, Some("1"))]));
    assert_eq!(on_screen(&known, 0), (Phase::Over, None));
}

#[test]
fn a_price_is_a_bid_of_its_leader_and_an_older_one_changes_nothing() {
    let mut known = known(snapshot("live", &[price(1, "open", 1, None)]));
    known.take(delta(price(1, "open", 5, Some("1500000000000000000"))), Moment(NOW.0 + 10));
    known.take(delta(price(1, "open", 3, Some("1400000000000000000"))), Moment(NOW.0 + 20));
    let lot = known.view(NOW).lot.unwrap();
    assert_eq!((lot.price.as_ref().unwrap().amount.as_str(), lot.price_since), ("1.5", Moment(NOW.0 + 10)));
    assert_eq!(lot.recent.iter().map(|bid| (bid.lot_seq, bid.paddle)).collect::<Vec<_>>(), [(5, 7)]);
}

#[test]
fn titles_and_the_log_are_asked_for_until_they_are_there() {
    let known = known(snapshot("live", &[price(1, "open", 100, Some("1"))]));
    let auction = AuctionId::new("spring").unwrap();
    let range = ReadRange { auction, lot: LotNumber(1), after: 40, limit: 100 };
    assert_eq!(known.needs(), [Need::Lot(LotNumber(1)), Need::Bids(range)]);
}

#[test]
fn silence_is_shown_from_when_it_began_until_the_next_snapshot() {
    let mut known = known(snapshot("live", &[price(1, "open", 1, None)]));
    known.lost(Moment(NOW.0 + 5));
    known.lost(Moment(NOW.0 + 50));
    assert_eq!(known.view(NOW).link, Link::Lost { since: Moment(NOW.0 + 5) });
    assert!(!known.is_fresh());
    known.take(snapshot("live", &[price(1, "open", 1, None)]), NOW);
    assert_eq!(known.view(NOW).link, Link::Fresh);
}

#[test]
fn pause_and_cancellation_are_shown_with_their_reasons() {
    let mut known = known(snapshot("live", &[price(1, "open", 1, None)]));
    let news =
        json!({"type": "auction", "auction": "spring", "epoch": 1, "seq": 10, "state": "paused", "reason": "a break"});
    known.take(serde_json::from_value(news).unwrap(), NOW);
    let view = known.view(NOW);
    assert_eq!((view.phase, view.reason.as_deref()), (Phase::Paused, Some("a break")));
    assert_eq!(view.lot.unwrap().number, 1);
}
