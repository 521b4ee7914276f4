use auction_core::command::InboxPosition;
use auction_core::{AuctionId, Command, Decision, Handle, SourceKind, Span, Subject, TraceContext};

use self::house::House;
use super::*;
use crate::of_row;

mod house;

const NOW: Timestamp = Timestamp(1_800_000_000_123);

fn standing() -> Standing {
    Standing {
        leader: BidderId(42),
        paddle: Paddle(7),
        price: Wei::from(1_000),
        max: Wei::from(1_000),
        reserved: Wei::from(1_000),
        lot_seq: 3,
    }
}

fn accepted_event() -> Event {
    Event::BidAccepted {
        lot: LotNumber(1),
        bidder: BidderId(42),
        paddle: Paddle(7),
        amount: Wei::from(1_000),
        intent: Intent::Bid(Wei::from(1_000)),
        at: NOW,
        standing: standing(),
        post: None,
    }
}

fn row(verdict: Verdict, events: Vec<Event>) -> Entry {
    let auction = AuctionId::new("evening-sale").unwrap();
    let post = InboxPosition { handle: Handle::new("house").unwrap(), seq: 9 };
    let command = Command {
        source: Source { kind: SourceKind::Post, key: "1712345678901234567".to_owned() },
        at: NOW,
        action: Action::PlaceBid {
            auction: auction.clone(),
            lot: Some(LotNumber(1)),
            bidder: BidderId(42),
            intent: Intent::Bid(Wei::from(1_000)),
            post: Some(post),
        },
        trace: Some(TraceContext { trace_id: [0xab; 16], span_id: [0xcd; 8], flags: 1 }),
    };
    let subject = Subject { auction: Some(auction), lot: Some(LotNumber(1)) };
    Entry { command, now: NOW + Span(2), decision: Decision { subject, lot_seq: 3, verdict, events } }
}

fn json_of(entry: &Entry) -> Value {
    serde_json::to_value(of_row("main", 12, entry)).unwrap()
}

#[test]
fn an_accepted_bid_is_told_flat() {
    let verdict = Verdict::Accepted { amount: Wei::from(1_000), all_in: Wei::from(1_000), standing: standing() };
    let event = json_of(&row(verdict, vec![accepted_event()]));
    let expected = json!({
        "specversion": "1.0",
        "id": "main/12",
        "source": "/sothebais/auction-engine",
        "type": "io.sothebais.auction.bid.accepted.v1",
        "subject": "evening-sale/1",
        "time": "2027-01-15T08:00:00.125Z",
        "datacontenttype": "application/json",
        "correlationid": "evening-sale",
        "causationid": "post:1712345678901234567",
        "traceparent": "00-abababababababababababababababab-cdcdcdcdcdcdcdcd-01",
        "partitionkey": "evening-sale",
        "sequence": "00000000000000000012",
        "data": {
            "shard": "main", "seq": 12, "auction": "evening-sale", "lot": 1, "lot_seq": 3,
            "source": {"kind": "post", "key": "1712345678901234567", "handle": "house"},
            "at": "2027-01-15T08:00:00.123Z", "bidder": "42", "paddle": 7, "verdict": "accepted",
            "amount_wei": "1000", "price_wei": "1000", "leader_paddle": 7, "leading": true,
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn what_is_hidden_never_gets_into_an_event() {
    let mut house = House::open();
    let max = |amount: u128| Intent::MaxBid(Wei::from(amount));
    house.bid(42, max(987_654_321));
    house.bid(42, max(987_654_320));
    house.bid(42, max(987_654_320));
    house.bid(43, max(6_543_210_980));
    house.bid(43, max(6_543_210_980));
    house.bid(42, Intent::Bid(Wei::from(2_000_000_000)));
    house.wait(61);
    house.bid(43, max(7_654_321_090));
    house.bid_timed(42, Intent::NextBid, -11);
    house.wait(0);
    house.bid_timed(44, Intent::Bid(Wei::from(1_100_000_000)), -3);
    house.wait(1);
    let rows = house.rows.iter().map(json_of).collect::<Vec<_>>();
    let told = |code: &str| rows.iter().filter(|row| row.to_string().contains(code)).count();
    let happened = ["OffTick", "LimitExceeded", "JumpNeedsConfirmation", "bid.parked", "bid.unparked"].map(told);
    assert!(happened.iter().all(|&times| times > 0), "{happened:?} {rows:#?}");
    for row in rows.iter().map(ToString::to_string) {
        for hidden in ["98765432", "654321098", "765432109", "999944433", "1.23321", "123321"] {
            assert!(!row.contains(hidden), "{row}");
        }
    }
}

#[test]
fn a_bid_that_had_been_parked_is_told_under_its_own_source() {
    let own = Source { kind: SourceKind::Post, key: "late".to_owned() };
    let unparked = Event::BidUnparked { lot: LotNumber(1), source: own };
    let event = json_of(&row(Verdict::Done, vec![unparked, accepted_event()]));
    assert_eq!(event["data"]["happened"][1]["source"], json!({"kind": "post", "key": "late"}));
    assert_eq!(event["data"]["happened"][1]["type"], "io.sothebais.auction.bid.accepted.v1");
}

#[test]
fn a_refusal_is_told_with_code_sentence_and_remedy() {
    let event = json_of(&row(Verdict::Refused(Refusal::NoLotOpen), vec![]));
    assert_eq!(event["type"], crate::catalogue::COMMAND_REFUSED);
    let refusal = &event["data"]["refusal"];
    assert_eq!(refusal["code"], "NoLotOpen");
    assert!(refusal["message"].as_str().is_some_and(|text| !text.is_empty()), "{refusal}");
    assert!(refusal["remedy"].as_str().is_some_and(|text| !text.is_empty()), "{refusal}");
}
