//! Soft close, drain, late posts, audit, hammer, and the order of lots.

use crate::decision::Verdict;
use crate::event::PassReason;
use crate::terms::{AuditPolicy, LotOrder, Reserve};
use crate::testing::{
    House, assert_accepted, at, auction_id, auction_terms, bid, eth, house_handle, max, names, refusal,
};
use crate::{Decision, Intent, LotNumber, Phase, Refusal, Span};

fn ends_at(house: &House) -> i64 {
    (house.lot(1).ends_at().unwrap() - at(0)).0 / 1000
}

fn all_names(decisions: &[Decision]) -> Vec<String> {
    decisions.iter().flat_map(names).collect()
}

fn audited() -> House {
    let mut terms = auction_terms(1);
    terms.audit = AuditPolicy::Required { deadline: Span::from_secs(60) };
    House::open(terms)
}

#[test]
fn a_lot_opens_drains_and_is_sold_by_time_alone() {
    let mut house = House::before(auction_terms(1));
    assert_eq!(house.shard.next_deadline().map(|(_, due)| due), Some(at(0)));
    assert_eq!(all_names(&house.at(0)), ["LotOpened"]);
    house.bid(1, bid("0.1"));
    assert_eq!(all_names(&house.at(59)), Vec::<String>::new());
    assert_eq!(all_names(&house.at(60)), ["LotDraining"]);
    assert_eq!(*house.lot(1).phase(), Phase::Draining { until: at(70) });
    assert_eq!(all_names(&house.at(70)), ["LotSold", "AuctionCompleted"]);
    assert_eq!(house.run(), "completed");
    assert_eq!(house.shard.next_deadline(), None);
}

#[test]
fn a_lot_without_bids_or_below_its_reserve_passes() {
    let mut house = House::with_lot(|_| {});
    house.at(100);
    assert_eq!(*house.lot(1).phase(), Phase::Passed { reason: PassReason::NoBids, at: at(70) });
    let mut house = House::with_lot(|terms| terms.reserve = Reserve::Public(eth("1")));
    house.bid(1, bid("0.9"));
    house.at(100);
    assert_eq!(*house.lot(1).phase(), Phase::Passed { reason: PassReason::ReserveNotMet, at: at(70) });
}

#[test]
fn an_accepted_bid_in_the_window_extends_the_lot() {
    let mut house = House::with_lot(|_| {});
    house.at(49);
    house.bid(1, bid("0.1"));
    assert_eq!(ends_at(&house), 60, "before the window");
    house.at(50);
    assert_eq!(names(&house.bid(2, bid("0.2"))), ["BidAccepted", "LotExtended"], "at its very beginning");
    assert_eq!(ends_at(&house), 65);
    house.at(60);
    assert_eq!(names(&house.bid(1, bid("0.3"))), ["BidAccepted", "LotExtended"]);
    assert_eq!(ends_at(&house), 75);
}

#[test]
fn a_refused_bid_never_extends() {
    let mut house = House::with_lot(|_| {});
    house.at(55);
    house.bid(1, bid("0.01"));
    house.bid(99, bid("0.1"));
    assert_eq!(ends_at(&house), 60);
}

#[test]
fn a_raised_maximum_that_changes_no_price_extends_nothing() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("0.5"));
    house.at(55);
    assert_eq!(names(&house.bid(1, max("0.6"))), ["BidAccepted"]);
    assert_eq!(ends_at(&house), 60);
}

#[test]
fn extensions_are_capped_in_number_and_in_time() {
    let mut house = House::with_lot(|_| {});
    for (seconds, bidder, end) in [(55, 1, 70), (66, 2, 81), (79, 1, 90), (89, 2, 90)] {
        house.at(seconds);
        assert_accepted(&house.bid(bidder, Intent::NextBid));
        assert_eq!(ends_at(&house), end);
    }
    let mut house = House::with_lot(|terms| terms.soft_close.max_extensions = 1);
    for (seconds, bidder, end) in [(55, 1, 70), (66, 2, 70)] {
        house.at(seconds);
        house.bid(bidder, Intent::NextBid);
        assert_eq!(ends_at(&house), end);
    }
}

#[test]
fn a_late_arrival_that_was_posted_in_time_counts_and_extends() {
    let mut house = House::with_lot(|_| {});
    house.at(65);
    assert_eq!(house.lot(1).phase().name(), "draining");
    assert_eq!(names(&house.post(1, bid("0.1"), 58)), ["BidAccepted", "LotExtended"]);
    assert_eq!(house.lot(1).phase().name(), "open", "its end moved to 73");
    assert_eq!(ends_at(&house), 73);
}

#[test]
fn a_bid_at_the_very_end_is_in_time() {
    let mut house = House::with_lot(|_| {});
    house.at(63);
    assert_accepted(&house.post(1, bid("0.1"), 60));
}

#[test]
fn a_bid_timed_after_the_end_is_parked_and_refused_after_the_hammer() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.at(63);
    let parked = house.post(2, bid("0.2"), 61);
    assert_eq!((parked.verdict.clone(), names(&parked)), (Verdict::Parked, vec!["BidParked".to_owned()]));
    assert_eq!(house.shard.inbox(&house_handle()).seq, 1);
    let decisions = house.at(70);
    assert_eq!(all_names(&decisions), ["LotSold", "BidUnparked", "BidRefused", "AuctionCompleted"]);
    assert_eq!(*refusal(&decisions[1]), Refusal::TooLate { lot: LotNumber(1), ended_at: at(60) });
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)));
}

#[test]
fn a_parked_bid_is_judged_when_the_end_moves_past_it() {
    let mut house = House::with_lot(|_| {});
    house.at(66);
    house.post(2, bid("0.2"), 64);
    house.post(3, bid("0.5"), 85);
    house.post(1, bid("0.1"), 58);
    assert_eq!(house.standing(1), Some(("0.2".to_owned(), 2)), "73 is past 64");
    assert_eq!(ends_at(&house), 79, "and the judged bid extends by its own time");
    assert_eq!(house.lot(1).parked().len(), 1, "85 is still too late");
}

#[test]
fn nobody_takes_the_waiting_places_of_all_others() {
    let mut house = House::with_lot(|_| {});
    house.at(65);
    for _ in 0..16 {
        assert_eq!(house.post(1, bid("0.1"), 61).verdict, Verdict::Parked);
    }
    assert_eq!(*refusal(&house.post(1, bid("0.1"), 61)), Refusal::DrainFull { lot: LotNumber(1) });
    assert_eq!(house.post(2, bid("0.1"), 61).verdict, Verdict::Parked);
}

#[test]
fn the_hammer_waits_for_the_audit() {
    let mut house = audited();
    house.bid(1, bid("0.1"));
    house.at(75);
    assert_eq!(house.lot(1).phase().name(), "draining");
    house.audit(59);
    assert_eq!(house.lot(1).phase().name(), "draining", "not through the end yet");
    house.audit(60);
    assert_eq!(house.lot(1).phase().name(), "sold");
}

#[test]
fn an_audit_before_the_drain_is_over_does_not_hurry_the_hammer() {
    let mut house = audited();
    house.at(62);
    house.audit(61);
    house.at(69);
    assert_eq!(house.lot(1).phase().name(), "draining");
    house.at(70);
    assert_eq!(house.lot(1).phase().name(), "passed");
}

#[test]
fn an_overdue_audit_holds_the_lot_and_a_later_one_releases_it() {
    let mut house = audited();
    house.bid(1, bid("0.1"));
    house.at(130);
    assert_eq!(house.lot(1).phase().name(), "audit_overdue");
    assert_accepted(&house.post(2, bid("0.2"), 40));
    assert_eq!(house.lot(1).phase().name(), "audit_overdue", "what the audit finds is judged");
    house.at(1_000);
    house.audit(900);
    assert_eq!(house.lot(1).phase().name(), "sold");
    assert_eq!(house.standing(1), Some(("0.2".to_owned(), 2)));
}

#[test]
fn without_posts_there_is_nothing_to_audit() {
    let mut terms = auction_terms(1);
    terms.audit = AuditPolicy::Required { deadline: Span::from_secs(60) };
    terms.handle = None;
    let mut house = House::open(terms);
    house.at(70);
    assert_eq!(house.lot(1).phase().name(), "passed");
}

#[test]
fn nothing_is_accepted_after_the_hammer() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.at(70);
    assert_eq!(*refusal(&house.post(2, bid("0.2"), 30)), Refusal::LotClosed { lot: LotNumber(1) });
    assert_eq!(*refusal(&house.bid_on(1, 2, bid("0.2"))), too_late(1, 60));
}

#[test]
fn a_late_bid_is_answered_alike_before_and_after_the_hammer() {
    let refused_at = |arrival| {
        let mut house = House::open(auction_terms(2));
        house.at(arrival);
        house.post(1, bid("0.1"), 65);
        house.at(200);
        let judged = |(bytes, _): &(Vec<u8>, crate::Hash)| crate::Entry::decode(bytes).unwrap().decision.verdict;
        let refusals = house.journal.iter().map(judged).filter_map(|verdict| match verdict {
            Verdict::Refused(refusal) => Some(refusal),
            Verdict::Accepted { .. } | Verdict::Parked | Verdict::Done => None,
        });
        refusals.collect::<Vec<_>>()
    };
    // Draining, between the lots, while the second runs, when all is over.
    for arrival in [66, 71, 80, 190] {
        assert_eq!(refused_at(arrival), [too_late(1, 60)], "arrived at {arrival} s");
    }
}

fn too_late(lot: u32, ended_at: i64) -> Refusal {
    Refusal::TooLate { lot: LotNumber(lot), ended_at: at(ended_at) }
}

#[test]
fn lots_in_sequence_open_a_pause_after_the_previous_one() {
    let mut house = House::open(auction_terms(2));
    house.at(70);
    assert_eq!(*refusal(&house.bid_on(1, 1, bid("0.1"))), too_late(1, 60));
    assert_eq!(*refusal(&house.bid(1, bid("0.1"))), too_late(1, 60));
    assert_eq!(house.lot(2).phase().name(), "upcoming");
    house.at(75);
    assert_eq!(house.lot(2).opened_at(), Some(at(75)));
    house.at(200);
    assert_eq!(house.run(), "completed");
}

#[test]
fn concurrent_lots_open_together_and_close_apart() {
    let mut terms = auction_terms(3);
    terms.order = LotOrder::Concurrent;
    let mut house = House::open(terms);
    assert_eq!(house.shard.auction(&auction_id()).unwrap().running().len(), 3);
    house.at(55);
    house.bid_on(2, 1, bid("0.1"));
    house.at(72);
    assert_eq!([1, 2, 3].map(|lot| house.lot(lot).phase().name()), ["passed", "draining", "passed"]);
}

#[test]
fn the_tick_of_each_step_has_a_key_of_its_own() {
    let mut house = House::before(auction_terms(2));
    house.at(500);
    let mut keys: Vec<String> = house
        .journal
        .iter()
        .map(|(bytes, _)| crate::Entry::decode(bytes).unwrap().command.source.key)
        .filter(|key| key.starts_with("tick:"))
        .collect();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!((count, keys.len()), (7, 7));
}
