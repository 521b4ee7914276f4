//! Limits: what a bidder has reserved over all lots of the shard.

use crate::terms::{BidderTerms, LotOrder};
use crate::testing::{House, assert_accepted, auction_terms, bid, bidder_terms, eth, max, refusal};
use crate::{Action, BidderId, Clerk, LotNumber, Paddle, Refusal, SourceKind, Wei};

/// Three lots at once with a premium of 10 %; bidder 1 may have 1.1 ether reserved.
fn house() -> House {
    let mut terms = auction_terms(3);
    terms.order = LotOrder::Concurrent;
    for lot in &mut terms.lots {
        lot.premium_bps = 1_000;
    }
    let mut house = House::open(terms);
    let limited = BidderTerms { limit: Some(eth("1.1")), ..bidder_terms(1) };
    house.when(SourceKind::House, Action::RegisterBidder(limited));
    house
}

fn reserved(house: &House, bidder: u64) -> Wei {
    house.shard.bidders().get(BidderId(bidder)).unwrap().reserved()
}

#[test]
fn a_bid_reserves_its_all_in_amount() {
    let mut house = house();
    assert_accepted(&house.bid_on(1, 1, bid("0.5")));
    assert_eq!(reserved(&house, 1), eth("0.55"));
}

#[test]
fn the_limit_counts_over_all_lots() {
    let mut house = house();
    house.bid_on(1, 1, bid("0.5"));
    assert_accepted(&house.bid_on(2, 1, bid("0.5")));
    assert_eq!(
        *refusal(&house.bid_on(3, 1, bid("0.1"))),
        Refusal::LimitExceeded { needed: eth("0.11"), available: Wei::ZERO }
    );
}

#[test]
fn a_maximum_reserves_all_of_itself() {
    let mut house = house();
    assert_eq!(
        *refusal(&house.bid_on(1, 1, max("1.001"))),
        Refusal::LimitExceeded { needed: eth("1.1011"), available: eth("1.1") }
    );
    assert_accepted(&house.bid_on(1, 1, max("1")));
    assert_eq!(reserved(&house, 1), eth("1.1"));
    assert!(matches!(refusal(&house.bid_on(2, 1, bid("0.1"))), Refusal::LimitExceeded { .. }));
}

#[test]
fn a_raised_maximum_replaces_the_old_one() {
    let mut house = house();
    house.bid_on(1, 1, max("0.8"));
    assert_accepted(&house.bid_on(1, 1, max("1")));
    assert_eq!(reserved(&house, 1), eth("1.1"));
}

#[test]
fn the_outbid_have_their_funds_back() {
    let mut house = house();
    house.bid_on(1, 1, bid("0.5"));
    house.bid_on(1, 2, bid("0.9"));
    assert_eq!((reserved(&house, 1), reserved(&house, 2)), (Wei::ZERO, eth("0.99")));
}

#[test]
fn a_topped_bid_reserves_nothing_but_must_be_covered() {
    let mut house = house();
    house.bid_on(1, 2, max("1"));
    assert!(matches!(refusal(&house.bid_on(1, 1, bid("1.001"))), Refusal::LimitExceeded { .. }));
    assert_accepted(&house.bid_on(1, 1, bid("0.9")));
    assert_eq!(reserved(&house, 1), Wei::ZERO);
}

#[test]
fn a_sold_lot_keeps_what_it_costs_and_a_passed_one_nothing() {
    let mut house = house();
    house.bid_on(1, 1, max("0.9"));
    house.at(100);
    assert_eq!(house.lot(1).phase().name(), "sold");
    assert_eq!(reserved(&house, 1), eth("0.11"), "the price was 0.1");
}

#[test]
fn a_void_moves_the_funds_back() {
    let mut house = house();
    house.bid_on(1, 1, bid("0.5"));
    let second = house.bid_on(1, 2, bid("0.9"));
    house.clerk(Clerk::VoidBid { lot: LotNumber(1), lot_seq: second.lot_seq, reason: "error".to_owned() });
    assert_eq!((reserved(&house, 1), reserved(&house, 2)), (eth("0.55"), Wei::ZERO));
}

#[test]
fn a_void_passes_over_a_bid_whose_funds_are_gone() {
    let mut house = house();
    house.bid_on(1, 3, bid("0.1"));
    house.bid_on(1, 1, bid("0.8"));
    let third = house.bid_on(1, 2, bid("0.9"));
    assert_accepted(&house.bid_on(2, 1, bid("0.9")));
    house.clerk(Clerk::VoidBid { lot: LotNumber(1), lot_seq: third.lot_seq, reason: "error".to_owned() });
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 3)));
    assert_eq!(reserved(&house, 1), eth("0.99"));
}

#[test]
fn a_reopened_lot_reserves_again() {
    let mut house = house();
    house.bid_on(1, 1, max("0.9"));
    house.at(100);
    house.clerk(Clerk::ReopenLot { lot: LotNumber(1), reason: "error".to_owned(), duration_seconds: 60 });
    assert_eq!(reserved(&house, 1), eth("0.99"));
}

#[test]
fn a_lowered_limit_takes_nothing_back() {
    let mut house = house();
    house.bid_on(1, 1, bid("0.5"));
    let lowered = BidderTerms { limit: Some(eth("0.1")), ..bidder_terms(1) };
    house.when(SourceKind::House, Action::RegisterBidder(lowered));
    assert_eq!(reserved(&house, 1), eth("0.55"));
    assert!(matches!(refusal(&house.bid_on(2, 1, bid("0.1"))), Refusal::LimitExceeded { .. }));
}

#[test]
fn a_paddle_belongs_to_one_bidder() {
    let mut house = house();
    let taken = BidderTerms { paddle: Paddle(102), ..bidder_terms(1) };
    let decision = house.when(SourceKind::House, Action::RegisterBidder(taken));
    assert_eq!(*refusal(&decision), Refusal::PaddleTaken { paddle: 102 });
    let moved = BidderTerms { paddle: Paddle(900), ..bidder_terms(2) };
    house.when(SourceKind::House, Action::RegisterBidder(moved));
    let freed = BidderTerms { paddle: Paddle(102), ..bidder_terms(1) };
    house.when(SourceKind::House, Action::RegisterBidder(freed));
    assert_eq!(house.shard.bidders().holder(Paddle(102)), Some(BidderId(1)));
    assert_eq!(house.shard.bidders().holder(Paddle(101)), None);
}
