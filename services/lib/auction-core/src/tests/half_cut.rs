//! The auctioneer's half cut: half a step, once a round, for the next bid.

use super::clerk::{ONE, because, reopen, void};
use crate::testing::{House, assert_accepted, assert_done, at, auction_terms, bid, eth, max, names, refusal};
use crate::{Clerk, Decision, HalfCut, Refusal};

fn half_cut(house: &mut House) -> Decision {
    house.clerk(Clerk::HalfCut { lot: ONE })
}

#[test]
fn a_half_cut_takes_half_a_step_for_one_bid() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    assert_eq!(names(&half_cut(&mut house)), ["IncrementHalved"]);
    assert_eq!(house.lot(1).minimum_bid(), eth("0.525"));
    let minimum = eth("0.525");
    assert_eq!(*refusal(&house.bid(2, bid("0.524"))), Refusal::BelowIncrement { minimum, price: eth("0.5") });
    assert_eq!(*refusal(&house.bid(2, max("0.524"))), Refusal::MaxBelowMinimum { minimum });
    assert_accepted(&house.bid(2, bid("0.525")));
    assert_eq!(house.lot(1).half_cut(), HalfCut::Used);
    assert_eq!(house.lot(1).minimum_bid(), eth("0.575"), "a whole step again");
}

#[test]
fn the_next_bid_under_a_half_cut_is_half_a_step() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    assert_accepted(&house.bid(2, crate::Intent::NextBid));
    assert_eq!(house.standing(1), Some(("0.525".to_owned(), 2)));
}

#[test]
fn a_higher_bid_uses_up_the_half_cut_too() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    house.bid(2, bid("0.7"));
    assert_eq!((house.lot(1).half_cut(), house.lot(1).minimum_bid()), (HalfCut::Used, eth("0.75")));
}

#[test]
fn a_half_cut_is_given_once_a_round() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    assert_done(&half_cut(&mut house));
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::HalfCutGiven { lot: ONE }, "it stands");
    house.bid(2, bid("0.6"));
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::HalfCutGiven { lot: ONE }, "it is used");
    house.clerk(Clerk::WithdrawLot { lot: ONE, reason: because() });
    house.clerk(Clerk::ReofferLot { lot: ONE });
    house.at(10);
    house.bid(1, bid("0.5"));
    assert_done(&half_cut(&mut house));
}

#[test]
fn a_half_cut_needs_an_open_lot_with_a_bid_whose_step_can_be_halved() {
    let mut house = House::before(auction_terms(2));
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::LotNotRunning { lot: ONE });
    house.at(0);
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::HalfCutNeedsBid { lot: ONE });
    house.bid(1, bid("0.5"));
    house.clerk(Clerk::Pause { reason: because() });
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::AuctionPaused);
    house.clerk(Clerk::Resume);
    house.clerk(Clerk::HoldLot { lot: ONE, reason: because() });
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::LotNotRunning { lot: ONE });
    house.clerk(Clerk::ReleaseLot { lot: ONE });
    house.at(60);
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::LotNotRunning { lot: ONE }, "time is up");
    let mut house = House::with_lot(|terms| terms.tick = eth("0.05"));
    house.bid(1, bid("0.5"));
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::NoHalfStep { lot: ONE, minimum: eth("0.55") });
}

#[test]
fn the_terms_may_forbid_the_half_cut() {
    let mut house = House::with_lot(|terms| terms.ladder = terms.ladder.clone().firm());
    house.bid(1, bid("0.5"));
    assert_eq!(*refusal(&half_cut(&mut house)), Refusal::HalfCutForbidden { lot: ONE });
    assert_eq!(house.lot(1).minimum_bid(), eth("0.55"));
}

#[test]
fn a_standing_maximum_answers_a_half_cut_by_half_a_step() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("0.8"));
    house.bid(2, bid("0.45"));
    assert_eq!(house.standing(1), Some(("0.48".to_owned(), 1)));
    assert_done(&half_cut(&mut house));
    assert_accepted(&house.bid(2, bid("0.49")));
    assert_eq!(house.standing(1), Some(("0.5".to_owned(), 1)), "back on the ladder");
    assert_eq!(house.lot(1).half_cut(), HalfCut::Used);
    assert!(matches!(refusal(&house.bid(2, bid("0.525"))), Refusal::BelowIncrement { .. }));
}

#[test]
fn a_maximum_wins_under_a_half_cut_by_half_a_step() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    house.bid(2, max("0.9"));
    assert_eq!(house.standing(1), Some(("0.525".to_owned(), 2)));
}

#[test]
fn a_leader_that_raises_its_maximum_takes_the_half_cut_from_nobody() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    assert!(matches!(refusal(&house.bid(1, bid("0.525"))), Refusal::AlreadyLeading { .. }));
    assert_accepted(&house.bid(1, max("0.6")));
    assert_eq!(house.lot(1).half_cut(), HalfCut::Standing);
    house.bid(2, bid("0.525"));
    assert_eq!(house.standing(1), Some(("0.55".to_owned(), 1)));
}

#[test]
fn a_refused_bid_leaves_the_half_cut_standing() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    house.bid(99, bid("0.6"));
    house.bid(2, bid("0.51"));
    house.bid(2, bid("9"));
    assert_eq!(house.lot(1).half_cut(), HalfCut::Standing);
}

#[test]
fn a_void_lapses_a_half_cut_that_nobody_has_used() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.3"));
    let second = house.bid(2, bid("0.5"));
    half_cut(&mut house);
    void(&mut house, second.lot_seq);
    assert_eq!((house.lot(1).half_cut(), house.lot(1).minimum_bid()), (HalfCut::Unused, eth("0.32")));
    assert_done(&half_cut(&mut house));
}

#[test]
fn a_bid_under_a_half_cut_still_counts_when_a_later_one_is_void() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    house.bid(2, bid("0.525"));
    let third = house.bid(3, bid("0.6"));
    void(&mut house, third.lot_seq);
    assert_eq!(house.standing(1), Some(("0.525".to_owned(), 2)));
}

#[test]
fn a_half_cut_outlives_a_hold_and_lapses_with_the_hammer() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    half_cut(&mut house);
    house.clerk(Clerk::HoldLot { lot: ONE, reason: because() });
    house.clerk(Clerk::ReleaseLot { lot: ONE });
    assert_eq!(house.lot(1).minimum_bid(), eth("0.525"));
    house.at(70);
    assert_eq!(house.lot(1).phase().name(), "sold");
    reopen(&mut house, ONE);
    assert_eq!((house.lot(1).half_cut(), house.lot(1).minimum_bid()), (HalfCut::Unused, eth("0.55")));
}

#[test]
fn the_reserve_and_the_soft_close_hold_under_a_half_cut() {
    let mut house = House::with_lot(|terms| terms.reserve = crate::terms::Reserve::Public(eth("0.52")));
    house.at(49);
    house.bid(1, bid("0.5"));
    house.at(55);
    half_cut(&mut house);
    assert_eq!(house.lot(1).ends_at(), Some(at(60)), "the clerk moves no end");
    assert_eq!(names(&house.bid(2, bid("0.525"))), ["BidAccepted", "ReserveMet", "LotExtended"]);
}
