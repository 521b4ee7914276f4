//! A clerk's hand: hold, skip, withdraw, re-offer, pause, cancel, void, reopen.

use crate::event::PassReason;
use crate::terms::{BidderStatus, BidderTerms, LotOrder};
use crate::testing::{
    House, assert_accepted, assert_done, at, auction_id, auction_terms, bid, bidder_terms, eth, max, names, refusal,
};
use crate::{Action, Clerk, Decision, LotNumber, Phase, Refusal, Round, SourceKind};

pub(super) const ONE: LotNumber = LotNumber(1);
const TWO: LotNumber = LotNumber(2);

pub(super) fn because() -> String {
    "because".to_owned()
}

pub(super) fn void(house: &mut House, lot_seq: u64) -> Decision {
    house.clerk(Clerk::VoidBid { lot: ONE, lot_seq, reason: because() })
}

pub(super) fn reopen(house: &mut House, lot: LotNumber) -> Decision {
    house.clerk(Clerk::ReopenLot { lot, reason: because(), duration_seconds: 30 })
}

#[test]
fn a_held_lot_keeps_its_time_and_refuses_bids() {
    let mut house = House::with_lot(|_| {});
    house.at(40);
    assert_done(&house.clerk(Clerk::HoldLot { lot: ONE, reason: because() }));
    house.at(500);
    assert_eq!(*refusal(&house.bid(1, bid("0.1"))), Refusal::LotHeld { lot: ONE });
    assert_done(&house.clerk(Clerk::ReleaseLot { lot: ONE }));
    assert_eq!(house.lot(1).ends_at(), Some(at(520)));
    assert_eq!(*refusal(&house.post(1, bid("0.1"), 300)), Refusal::LotHeld { lot: ONE }, "posted during the hold");
    assert_accepted(&house.post(1, bid("0.1"), 39));
}

#[test]
fn a_lot_held_in_its_drain_drains_afresh() {
    let mut house = House::with_lot(|_| {});
    house.at(65);
    house.clerk(Clerk::HoldLot { lot: ONE, reason: because() });
    house.at(100);
    assert_eq!(names(&house.clerk(Clerk::ReleaseLot { lot: ONE })), ["LotReleased", "LotDraining"]);
    assert_eq!(*house.lot(1).phase(), Phase::Draining { until: at(110) });
    assert_eq!(house.lot(1).ends_at(), Some(at(60)));
}

#[test]
fn only_a_held_lot_is_released() {
    let mut house = House::with_lot(|_| {});
    assert_eq!(*refusal(&house.clerk(Clerk::ReleaseLot { lot: ONE })), Refusal::LotNotHeld { lot: ONE });
    house.clerk(Clerk::HoldLot { lot: ONE, reason: because() });
    let again = house.clerk(Clerk::HoldLot { lot: ONE, reason: because() });
    assert_eq!(*refusal(&again), Refusal::LotHeld { lot: ONE });
}

#[test]
fn an_ended_lot_drains_from_now() {
    let mut house = House::with_lot(|_| {});
    house.at(20);
    assert_done(&house.clerk(Clerk::EndLot { lot: ONE }));
    assert_eq!(*house.lot(1).phase(), Phase::Draining { until: at(30) });
    assert_eq!(house.lot(1).ends_at(), Some(at(20)));
    assert_eq!(*refusal(&house.clerk(Clerk::EndLot { lot: ONE })), Refusal::LotNotRunning { lot: ONE });
}

#[test]
fn a_skipped_lot_gives_way_and_can_be_offered_again_at_the_end() {
    let mut house = House::before(auction_terms(3));
    assert_done(&house.clerk(Clerk::SkipLot { lot: ONE }));
    assert_done(&house.clerk(Clerk::ReofferLot { lot: ONE }));
    assert_eq!(house.shard.auction(&auction_id()).unwrap().queue(), [TWO, LotNumber(3), ONE]);
    assert_eq!(house.lot(1).round(), Round(2));
    house.at(1);
    assert_eq!(*refusal(&house.clerk(Clerk::SkipLot { lot: TWO })), Refusal::LotNotUpcoming { lot: TWO });
    house.at(1_000);
    assert_eq!(house.run(), "completed");
}

#[test]
fn a_passed_lot_offered_again_revives_a_completed_auction() {
    let mut house = House::with_lot(|_| {});
    house.at(70);
    assert_eq!(house.run(), "completed");
    assert_done(&house.clerk(Clerk::ReofferLot { lot: ONE }));
    house.at(80);
    assert_eq!((house.lot(1).phase().name(), house.lot(1).round()), ("open", Round(2)));
    assert!(matches!(refusal(&house.post(1, bid("0.1"), 50)), Refusal::TooEarly { .. }), "a bid of the first round");
    assert_accepted(&house.bid(1, bid("0.1")));
}

#[test]
fn a_sold_lot_is_not_offered_again() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.at(70);
    assert_eq!(*refusal(&house.clerk(Clerk::ReofferLot { lot: ONE })), Refusal::LotNotReofferable { lot: ONE });
}

#[test]
fn a_withdrawn_lot_frees_its_funds() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    assert_done(&house.clerk(Clerk::WithdrawLot { lot: ONE, reason: because() }));
    assert_eq!(house.lot(1).reservation(), None);
    assert!(house.shard.bidders().get(crate::BidderId(1)).unwrap().reserved().is_zero());
    assert_eq!(*refusal(&house.bid_on(1, 2, bid("0.2"))), Refusal::LotWithdrawn { lot: ONE });
}

#[test]
fn a_lot_opened_by_hand_goes_first_and_alone() {
    let mut house = House::before(auction_terms(2));
    assert_done(&house.clerk(Clerk::OpenLot { lot: TWO }));
    assert_eq!(*refusal(&house.clerk(Clerk::OpenLot { lot: ONE })), Refusal::AnotherLotOpen { lot: TWO });
    house.at(20);
    assert_eq!(house.lot(2).phase().name(), "passed");
    assert_eq!(house.lot(1).phase().name(), "open");
}

#[test]
fn a_pause_stops_every_clock() {
    let mut terms = auction_terms(2);
    terms.order = LotOrder::Concurrent;
    let mut house = House::open(terms);
    house.at(50);
    assert_done(&house.clerk(Clerk::Pause { reason: because() }));
    assert_eq!(*refusal(&house.clerk(Clerk::Pause { reason: because() })), Refusal::AlreadyPaused);
    house.at(500);
    assert_eq!(*refusal(&house.bid_on(1, 1, bid("0.1"))), Refusal::AuctionPaused);
    assert_eq!(*refusal(&house.clerk(Clerk::EndLot { lot: ONE })), Refusal::AuctionPaused);
    assert_done(&house.clerk(Clerk::Resume));
    assert_eq!([1, 2].map(|lot| house.lot(lot).ends_at().unwrap()), [at(510), at(510)]);
    assert_eq!(*refusal(&house.clerk(Clerk::Resume)), Refusal::NotPaused);
    assert_accepted(&house.bid_on(1, 1, bid("0.1")));
}

#[test]
fn a_pause_before_the_start_keeps_lots_from_opening() {
    let mut house = House::before(auction_terms(1));
    house.clerk(Clerk::Pause { reason: because() });
    house.at(30);
    assert_eq!(house.lot(1).phase().name(), "upcoming");
    house.clerk(Clerk::Resume);
    assert_eq!(house.lot(1).opened_at(), Some(at(30)));
}

#[test]
fn a_cancelled_auction_passes_every_lot_and_frees_all_funds() {
    let mut house = House::open(auction_terms(3));
    house.bid(1, bid("0.5"));
    assert_done(&house.clerk(Clerk::Cancel { reason: because() }));
    for lot in 1..=3 {
        assert_eq!(*house.lot(lot).phase(), Phase::Passed { reason: PassReason::Cancelled, at: at(0) });
    }
    assert!(house.shard.bidders().get(crate::BidderId(1)).unwrap().reserved().is_zero());
    assert_eq!(*refusal(&house.bid(1, bid("1"))), Refusal::AuctionCancelled);
    assert_eq!(*refusal(&house.clerk(Clerk::ReofferLot { lot: ONE })), Refusal::AuctionCancelled);
    assert_eq!(house.run(), "cancelled");
}

#[test]
fn a_void_lets_the_price_fall_to_the_previous_valid_bid() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.bid(2, bid("0.2"));
    let third = house.bid(3, bid("0.9"));
    let voided = void(&mut house, third.lot_seq);
    assert_eq!(names(&voided), ["BidVoided"]);
    assert_eq!(house.standing(1), Some(("0.2".to_owned(), 2)));
    assert_eq!(*refusal(&void(&mut house, third.lot_seq)), Refusal::NoSuchBid { lot_seq: third.lot_seq });
    assert_accepted(&house.bid(1, bid("0.22")));
}

#[test]
fn a_voided_maximum_leaves_the_bids_that_it_had_topped() {
    let mut house = House::with_lot(|_| {});
    let proxy = house.bid(1, max("0.8"));
    house.bid(2, bid("0.2"));
    house.bid(3, bid("0.5"));
    assert_eq!(house.standing(1), Some(("0.55".to_owned(), 1)));
    void(&mut house, proxy.lot_seq);
    assert_eq!(house.standing(1), Some(("0.5".to_owned(), 3)));
}

#[test]
fn the_only_bid_voided_leaves_none() {
    let mut house = House::with_lot(|_| {});
    let only = house.bid(1, bid("0.1"));
    void(&mut house, only.lot_seq);
    assert_eq!(house.standing(1), None);
    assert_eq!(house.lot(1).minimum_bid(), eth("0.1"));
}

#[test]
fn a_void_passes_over_bidders_that_may_no_longer_bid() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.bid(2, bid("0.2"));
    let third = house.bid(3, bid("0.3"));
    let suspended = BidderTerms { status: BidderStatus::Suspended, ..bidder_terms(2) };
    house.when(SourceKind::House, Action::RegisterBidder(suspended));
    assert_eq!(names(&void(&mut house, third.lot_seq)), ["BidVoided", "BidVoided"]);
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)));
}

#[test]
fn a_void_reaches_back_sixty_four_bids() {
    let mut house = House::with_lot(|terms| terms.duration = crate::Span::from_secs(3_600));
    let rows: Vec<u64> = (0..70).map(|n| house.bid(1 + n % 2, crate::Intent::NextBid).lot_seq).collect();
    assert_eq!(*refusal(&void(&mut house, rows[5])), Refusal::NoSuchBid { lot_seq: rows[5] });
    assert_done(&void(&mut house, rows[6]));
    for row in &rows[7..] {
        assert_done(&void(&mut house, *row));
    }
    assert_eq!(house.lot(1).standing().unwrap().lot_seq, rows[5], "what stood before is kept");
}

#[test]
fn a_reopened_lot_goes_on_from_its_standing_bid() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    house.at(70);
    assert_eq!(house.lot(1).phase().name(), "sold");
    house.at(75);
    assert_done(&reopen(&mut house, ONE));
    assert_eq!((house.run(), house.lot(1).ends_at()), ("live", Some(at(105))));
    assert!(matches!(refusal(&house.post(2, bid("0.2"), 72)), Refusal::TooEarly { .. }));
    assert_accepted(&house.bid(2, bid("0.2")));
    house.at(200);
    assert_eq!(house.standing(1), Some(("0.2".to_owned(), 2)));
    assert!(house.shard.bidders().get(crate::BidderId(1)).unwrap().reserved().is_zero());
}

#[test]
fn a_lot_is_reopened_for_a_second_to_a_day_and_alone() {
    let mut house = House::open(auction_terms(2));
    house.at(70);
    for seconds in [0, 86_401, u32::MAX] {
        let decision = house.clerk(Clerk::ReopenLot { lot: ONE, reason: because(), duration_seconds: seconds });
        assert_eq!(*refusal(&decision), Refusal::DurationOutOfRange { seconds });
    }
    assert_eq!(*refusal(&reopen(&mut house, TWO)), Refusal::LotNotReopenable { lot: TWO });
    house.at(75);
    assert_eq!(*refusal(&reopen(&mut house, ONE)), Refusal::AnotherLotOpen { lot: TWO });
}

#[test]
fn the_public_is_owed_a_reason() {
    let mut house = House::with_lot(|_| {});
    let hold = house.clerk(Clerk::HoldLot { lot: ONE, reason: " ".to_owned() });
    assert_eq!(*refusal(&hold), Refusal::ReasonMissing);
    let hold = house.clerk(Clerk::HoldLot { lot: ONE, reason: "x".repeat(501) });
    assert_eq!(*refusal(&hold), Refusal::ReasonTooLong);
}

#[test]
fn a_refused_command_is_a_row_without_events() {
    let mut house = House::with_lot(|_| {});
    let rows = house.journal.len();
    let refused = house.clerk(Clerk::ReleaseLot { lot: ONE });
    assert!(refused.events.is_empty() && !refused.is_idle());
    assert_eq!(house.journal.len(), rows + 1);
}
