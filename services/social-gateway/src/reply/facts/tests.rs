use auction_core::event::Standing;
use auction_core::{
    Action, AuctionId, Command, Decision, Entry, Event, Intent, LotNumber, Paddle, Refusal, Round, Source, SourceKind,
    Span, Subject, Timestamp, Verdict, Wei,
};
use serde_json::json;

use super::*;

fn lot() -> ReplyLot {
    ReplyLot { auction: "friday".into(), lot: 2 }
}

#[test]
fn an_accepted_post_is_told_with_its_place() {
    let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": "accepted", "bidder": "7", "paddle": 12,
        "source": {"kind": "post", "key": "99"}, "amount_wei": "5", "price_wei": "4", "leading": false}});
    let bid = Bid { lot: lot(), paddle: 12, amount_wei: Some("5".into()), price_wei: "4".into(), leading: false };
    assert_eq!(facts(&event), [Fact::Accepted { post: 99, bidder: BidderId(7), bid }]);
}

#[test]
fn a_refusal_carries_code_sentence_and_remedy() {
    let event = json!({"data": {"auction": "friday", "verdict": "refused", "bidder": "7",
        "source": {"kind": "post", "key": "99"}, "refusal": {"code": "below_increment", "message": "m", "remedy": "r"}}});
    let told = Fact::Refused {
        post: 99,
        bidder: BidderId(7),
        code: "below_increment".into(),
        message: "m".into(),
        remedy: "r".into(),
    };
    assert_eq!(facts(&event), [told]);
}

#[test]
fn a_web_bid_and_a_parked_bid_are_not_answered() {
    for (kind, verdict) in [("web", "accepted"), ("post", "parked"), ("clerk", "done")] {
        let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": verdict, "bidder": "7", "paddle": 12,
            "source": {"kind": kind, "key": "99"}, "amount_wei": "5", "price_wei": "4", "leading": true}});
        assert_eq!(facts(&event), [], "{kind} {verdict}");
    }
}

#[test]
fn the_hammer_is_told_to_the_winner_and_parked_bids_are_judged_with_it() {
    let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": "done", "source": {"kind": "house", "key": "t"},
    "happened": [
        {"type": "io.sothebais.auction.bid.unparked.v1", "lot": 2},
        {"type": "io.sothebais.auction.bid.refused.v1", "lot": 2, "bidder": "8",
         "source": {"kind": "post", "key": "77"}, "refusal": {"code": "too_late", "message": "m", "remedy": "r"}},
        {"type": "io.sothebais.auction.lot.sold.v1", "lot": 2, "bidder": "7", "paddle": 12, "price_wei": "4"},
    ]}});
    let facts = facts(&event);
    assert!(matches!(&facts[0], Fact::Refused { post: 77, bidder: BidderId(8), code, .. } if code == "too_late"));
    assert_eq!(facts[1], Fact::Sold { lot: lot(), bidder: BidderId(7), paddle: 12, price_wei: "4".into() });
}

#[test]
fn nonsense_says_nothing() {
    for event in [json!(null), json!([]), json!({"data": {"auction": "a", "verdict": 1, "happened": "x"}})] {
        assert_eq!(facts(&event), []);
    }
}

const AT: Timestamp = Timestamp(1_795_500_000_000);

fn post_source(key: &str) -> Source {
    Source { kind: SourceKind::Post, key: key.into() }
}

fn standing(leader: u64) -> Standing {
    let price = Wei::from(4_u128);
    Standing { leader: BidderId(leader), paddle: Paddle(12), price, max: price, reserved: price, lot_seq: 1 }
}

/// The event of a row as the engine publishes it.
fn published(source: Source, verdict: Verdict, events: Vec<Event>) -> Value {
    let friday = AuctionId::new("friday").unwrap();
    let intent = Intent::Bid(Wei::from(5_u128));
    let action = match source.kind {
        SourceKind::House => Action::Tick { auction: friday.clone() },
        SourceKind::Post | SourceKind::Web | SourceKind::Clerk => Action::PlaceBid {
            auction: friday.clone(),
            lot: Some(LotNumber(2)),
            bidder: BidderId(7),
            intent,
            post: None,
        },
    };
    let subject = Subject { auction: Some(friday), lot: Some(LotNumber(2)) };
    let decision = Decision { subject, lot_seq: 1, verdict, events };
    let entry = Entry { command: Command { source, at: AT, action, trace: None }, now: AT, decision };
    serde_json::to_value(events::of_row("shard", 1, &entry)).unwrap()
}

fn bid_accepted(bidder: u64, leader: u64) -> Event {
    let amount = Wei::from(5_u128);
    Event::BidAccepted {
        lot: LotNumber(2),
        bidder: BidderId(bidder),
        paddle: Paddle(12),
        amount,
        intent: Intent::Bid(amount),
        at: AT,
        standing: standing(leader),
        post: None,
    }
}

#[test]
fn the_engines_own_events_of_bids_are_understood() {
    let amount = Wei::from(5_u128);
    let accepted = Verdict::Accepted { amount, all_in: amount, standing: standing(7) };
    let extended = Event::LotExtended { lot: LotNumber(2), ends_at: AT + Span(30_000), extensions: 1 };
    let unparked = Event::BidUnparked { lot: LotNumber(2), source: post_source("77") };
    let events = vec![bid_accepted(7, 7), extended, unparked, bid_accepted(8, 7)];
    let facts = facts(&published(post_source("99"), accepted, events));
    let bid = |leading| Bid { lot: lot(), paddle: 12, amount_wei: Some("5".into()), price_wei: "4".into(), leading };
    assert_eq!(facts[0], Fact::Accepted { post: 99, bidder: BidderId(7), bid: bid(true) });
    assert!(matches!(&facts[1], Fact::Accepted { post: 77, bidder: BidderId(8), .. }), "{facts:?}");
    assert_eq!(facts.len(), 2);
}

#[test]
fn the_engines_own_events_of_refusals_and_hammers_are_understood() {
    let refusal = Refusal::ZeroAmount;
    let refused = Event::BidRefused {
        lot: Some(LotNumber(2)),
        bidder: BidderId(7),
        intent: None,
        refusal: refusal.clone(),
        at: AT,
        post: None,
    };
    let told = facts(&published(post_source("99"), Verdict::Refused(refusal), vec![refused]));
    assert!(matches!(&told[..], [Fact::Refused { post: 99, code, .. }] if code == "ZeroAmount"), "{told:?}");

    let price = Wei::from(4_u128);
    let sold = Event::LotSold {
        lot: LotNumber(2),
        round: Round(1),
        bidder: BidderId(7),
        paddle: Paddle(12),
        price,
        all_in: price,
        at: AT,
    };
    let tick = Source { kind: SourceKind::House, key: "tick".into() };
    let told = facts(&published(tick, Verdict::Done, vec![sold]));
    assert_eq!(told, [Fact::Sold { lot: lot(), bidder: BidderId(7), paddle: 12, price_wei: "4".into() }]);
}

#[test]
fn a_voided_bid_ends_the_wait_only_if_nobody_leads_any_more() {
    let clerk = || Source { kind: SourceKind::Clerk, key: "void".into() };
    let voided = |standing| Event::BidVoided { lot: LotNumber(2), lot_seq: 3, reason: "a mistake".into(), standing };
    assert_eq!(facts(&published(clerk(), Verdict::Done, vec![voided(Some(standing(7)))])), []);
    assert_eq!(facts(&published(clerk(), Verdict::Done, vec![voided(None)])), [Fact::NotSold { lot: lot() }]);
}
