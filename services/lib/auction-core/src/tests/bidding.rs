//! Amounts, ladders, proxies, reserve, buy-now, the jump guard, and who may bid where.

use crate::terms::{BidderStatus, BidderTerms, Channel, Channels, LotOrder, Reserve};
use crate::testing::{
    House, assert_accepted, at, auction_id, auction_terms, bid, bidder_terms, eth, max, names, refusal,
};
use crate::{Action, BidderId, Intent, LotNumber, Refusal, SourceKind, Wei};

fn hidden(amount: &str) -> Reserve {
    Reserve::Hidden { amount: eth(amount), salt: [7; 32], commitment: [9; 32] }
}

#[test]
fn first_bid_reaches_the_opening_bid() {
    let mut house = House::with_lot(|_| {});
    assert_eq!(*refusal(&house.bid(1, bid("0.099"))), Refusal::BelowOpeningBid { opening_bid: eth("0.1") });
    assert_accepted(&house.bid(1, bid("0.1")));
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)));
}

#[test]
fn a_bid_below_the_next_step_is_told_the_next_step() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.3"));
    assert_eq!(
        *refusal(&house.bid(2, bid("0.319"))),
        Refusal::BelowIncrement { minimum: eth("0.32"), price: eth("0.3") }
    );
    assert_accepted(&house.bid(2, bid("0.32")));
}

#[test]
fn any_amount_on_the_tick_above_the_step_is_taken_as_it_is() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.1"));
    assert_accepted(&house.bid(2, bid("0.777")));
    assert_eq!(house.standing(1), Some(("0.777".to_owned(), 2)));
}

#[test]
fn an_amount_off_the_tick_is_refused_and_never_rounded() {
    let mut house = House::with_lot(|_| {});
    assert_eq!(
        *refusal(&house.bid(1, bid("0.1234"))),
        Refusal::OffTick { tick: eth("0.001"), below: eth("0.123"), above: eth("0.124") }
    );
    assert_eq!(house.standing(1), None);
}

#[test]
fn next_bid_takes_the_opening_bid_and_then_each_step() {
    let mut house = House::with_lot(|_| {});
    for (bidder, price) in [(1, "0.1"), (2, "0.11"), (1, "0.12")] {
        assert_accepted(&house.bid(bidder, Intent::NextBid));
        assert_eq!(house.standing(1), Some((price.to_owned(), bidder)));
    }
}

#[test]
fn a_leader_does_not_outbid_itself() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, bid("0.5"));
    assert_eq!(*refusal(&house.bid(1, bid("0.9"))), Refusal::AlreadyLeading { price: eth("0.5") });
    assert_eq!(*refusal(&house.bid(1, Intent::NextBid)), Refusal::AlreadyLeading { price: eth("0.5") });
}

#[test]
fn a_maximum_is_spent_only_as_far_as_needed() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("1"));
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)), "alone it costs the opening bid");
    let topped = house.bid(2, bid("0.5"));
    assert_accepted(&topped);
    assert_eq!(house.standing(1), Some(("0.55".to_owned(), 1)), "one step above the challenger");
    house.bid(2, bid("0.98"));
    assert_eq!(house.standing(1), Some(("1".to_owned(), 1)), "never above the maximum");
    house.bid(2, bid("1.1"));
    assert_eq!(house.standing(1), Some(("1.1".to_owned(), 2)));
}

#[test]
fn of_equal_maxima_the_earlier_wins_at_that_price() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("1"));
    assert_accepted(&house.bid(2, max("1")));
    assert_eq!(house.standing(1), Some(("1".to_owned(), 1)));
}

#[test]
fn the_higher_maximum_leads_one_step_above_the_other() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("1"));
    house.bid(2, max("0.9"));
    assert_eq!(house.standing(1), Some(("0.95".to_owned(), 1)));
    house.bid(3, max("1"));
    assert_eq!(house.standing(1), Some(("1".to_owned(), 1)));
    assert_eq!(*refusal(&house.bid(4, max("1.05"))), Refusal::MaxBelowMinimum { minimum: eth("1.1") });
    house.bid(4, max("5"));
    assert_eq!(house.standing(1), Some(("1.1".to_owned(), 4)));
}

#[test]
fn a_maximum_only_rises_and_the_price_stays() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("0.5"));
    assert_eq!(*refusal(&house.bid(1, max("0.5"))), Refusal::MaxNotRaised);
    assert_eq!(*refusal(&house.bid(1, max("0.4"))), Refusal::MaxNotRaised);
    assert_accepted(&house.bid(1, max("0.501")));
    assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)));
    assert_eq!(house.lot(1).standing().unwrap().max, eth("0.501"));
}

#[test]
fn a_refused_maximum_is_never_told() {
    let mut house = House::with_lot(|_| {});
    house.bid(1, max("0.777"));
    let refusal = refusal(&house.bid(1, max("0.5"))).clone();
    assert!(!format!("{}{}{refusal:?}", refusal.message(), refusal.remedy()).contains("777"));
}

#[test]
fn a_maximum_that_reaches_the_reserve_lifts_the_price_to_it() {
    for reserve in [Reserve::Public(eth("0.8")), hidden("0.8")] {
        let mut house = House::with_lot(|terms| terms.reserve = reserve);
        house.bid(1, max("0.7"));
        assert_eq!(house.standing(1), Some(("0.1".to_owned(), 1)), "below the reserve it is a normal bid");
        assert!(!house.lot(1).reserve_met());
        let lifted = house.bid(2, max("1"));
        assert_eq!(house.standing(1), Some(("0.8".to_owned(), 2)));
        assert_eq!(names(&lifted), ["BidAccepted", "ReserveMet"]);
    }
}

#[test]
fn a_leader_that_raises_its_maximum_to_the_reserve_meets_it() {
    let mut house = House::with_lot(|terms| terms.reserve = hidden("0.8"));
    house.bid(1, max("0.7"));
    assert_eq!(names(&house.bid(1, max("0.9"))), ["BidAccepted", "ReserveMet"]);
    assert_eq!(house.standing(1), Some(("0.8".to_owned(), 1)));
}

#[test]
fn buy_now_sells_at_once() {
    let mut house = House::with_lot(|terms| terms.buy_now = Some(eth("2")));
    let bought = house.bid(3, Intent::BuyNow);
    assert_accepted(&bought);
    assert_eq!(names(&bought), ["BidAccepted", "LotSold"]);
    assert_eq!(house.lot(1).phase().name(), "sold");
    assert_eq!(house.standing(1), Some(("2".to_owned(), 3)));
}

#[test]
fn buy_now_lapses_with_the_first_bid() {
    let mut house = House::with_lot(|terms| terms.buy_now = Some(eth("2")));
    house.bid(1, bid("0.1"));
    assert_eq!(*refusal(&house.bid(3, Intent::BuyNow)), Refusal::BuyNowWithdrawn);
}

#[test]
fn buy_now_lasts_until_the_reserve_is_met() {
    let open = || {
        House::with_lot(|terms| {
            terms.buy_now = Some(eth("2"));
            terms.reserve = hidden("1");
        })
    };
    let mut house = open();
    house.bid(1, bid("0.5"));
    assert_eq!(
        names(&house.bid(1, Intent::BuyNow)),
        ["BidAccepted", "ReserveMet", "LotSold"],
        "its leader may take it"
    );
    let mut house = open();
    house.bid(1, bid("1"));
    assert_eq!(*refusal(&house.bid(3, Intent::BuyNow)), Refusal::BuyNowWithdrawn);
}

#[test]
fn without_a_buy_now_price_nothing_is_bought() {
    let mut house = House::with_lot(|_| {});
    assert_eq!(*refusal(&house.bid(3, Intent::BuyNow)), Refusal::BuyNowUnavailable);
}

#[test]
fn a_jump_counts_when_it_is_repeated_within_a_minute() {
    let mut house = House::with_lot(|_| {});
    let jump = Refusal::JumpNeedsConfirmation { amount: eth("1.5"), reference: eth("0.1"), factor: 10 };
    assert_eq!(*refusal(&house.bid(1, bid("1.5"))), jump);
    assert_eq!(*refusal(&house.bid(2, bid("1.5"))), jump, "another bidder confirms nothing");
    assert!(
        matches!(refusal(&house.bid(1, bid("1.501"))), Refusal::JumpNeedsConfirmation { .. }),
        "nor another amount"
    );
    house.at(30);
    assert_accepted(&house.bid(2, bid("1.5")));
}

#[test]
fn a_jump_repeated_after_a_minute_asks_again() {
    let mut house = House::with_lot(|terms| terms.duration = crate::Span::from_secs(600));
    house.bid(1, max("1.5"));
    house.at(61);
    assert!(matches!(refusal(&house.bid(1, max("1.5"))), Refusal::JumpNeedsConfirmation { .. }));
    house.at(121);
    assert_accepted(&house.bid(1, max("1.5")));
}

#[test]
fn ten_times_the_price_is_no_jump() {
    let mut house = House::with_lot(|_| {});
    assert_accepted(&house.bid(1, bid("1")));
    let mut house = House::with_lot(|_| {});
    assert!(matches!(refusal(&house.bid(1, bid("1.001"))), Refusal::JumpNeedsConfirmation { .. }));
}

#[test]
fn absurd_amounts_are_refused() {
    let mut house = House::with_lot(|_| {});
    let largest = Wei(alloy_primitives::U256::MAX);
    assert_eq!(*refusal(&house.bid(1, Intent::Bid(largest))), Refusal::AmountTooLarge);
    assert_eq!(*refusal(&house.bid(1, Intent::MaxBid(largest))), Refusal::AmountTooLarge);
    assert_eq!(*refusal(&house.bid(1, Intent::Bid(Wei::ZERO))), Refusal::ZeroAmount);
}

#[test]
fn only_active_bidders_bid() {
    let mut house = House::with_lot(|_| {});
    assert_eq!(*refusal(&house.bid(99, bid("0.1"))), Refusal::UnknownBidder);
    for (status, expected) in
        [(BidderStatus::Suspended, Refusal::BidderSuspended), (BidderStatus::Barred, Refusal::BidderBarred)]
    {
        let terms = BidderTerms { status, ..bidder_terms(2) };
        house.when(SourceKind::House, Action::RegisterBidder(terms));
        assert_eq!(*refusal(&house.bid(2, bid("0.1"))), expected);
    }
}

#[test]
fn a_shut_channel_takes_no_bids() {
    let mut terms = auction_terms(1);
    terms.channels = Channels { x: Channel::Shut, web: Channel::Open };
    let mut house = House::open(terms.clone());
    assert_eq!(*refusal(&house.post(1, bid("0.1"), 0)), Refusal::ChannelShut);
    assert_accepted(&house.bid(1, bid("0.1")));
    terms.channels = Channels { x: Channel::Open, web: Channel::Shut };
    let mut house = House::open(terms);
    assert_eq!(*refusal(&house.bid(1, bid("0.1"))), Refusal::ChannelShut);
    assert_accepted(&house.post(1, bid("0.1"), 0));
}

#[test]
fn nobody_bids_for_the_house() {
    let mut house = House::with_lot(|_| {});
    let place =
        Action::PlaceBid { auction: auction_id(), lot: None, bidder: BidderId(1), intent: bid("0.1"), post: None };
    for kind in [SourceKind::Clerk, SourceKind::House] {
        assert_eq!(*refusal(&house.when(kind, place.clone())), Refusal::ChannelShut);
    }
}

#[test]
fn a_bid_that_names_no_lot_means_the_only_open_one() {
    let mut terms = auction_terms(2);
    terms.order = LotOrder::Concurrent;
    let mut house = House::open(terms);
    assert_eq!(*refusal(&house.bid(1, bid("0.1"))), Refusal::LotNotNamed { open: vec![LotNumber(1), LotNumber(2)] });
    assert_accepted(&house.bid_on(2, 1, bid("0.1")));
    assert_eq!(*refusal(&house.bid_on(7, 1, bid("0.1"))), Refusal::UnknownLot { lot: LotNumber(7) });
}

#[test]
fn bids_before_the_start_and_on_waiting_lots_are_refused() {
    let mut house = House::before(auction_terms(2));
    assert_eq!(*refusal(&house.bid(1, bid("0.1"))), Refusal::AuctionNotStarted { starts_at: at(0) });
    house.at(0);
    assert_eq!(*refusal(&house.bid_on(2, 1, bid("0.1"))), Refusal::LotNotOpen { lot: LotNumber(2) });
}

#[test]
fn a_post_from_before_the_opening_is_too_early() {
    let mut house = House::open(auction_terms(2));
    assert_eq!(*refusal(&house.post(1, bid("0.1"), -1)), Refusal::TooEarly { lot: LotNumber(1), opened_at: at(0) });
}

#[test]
fn a_post_that_is_not_understood_is_refused_with_the_grammars_code() {
    let mut house = House::with_lot(|_| {});
    let post = crate::command::InboxPosition { handle: crate::testing::house_handle(), seq: 1 };
    let action =
        Action::RefusePost { auction: auction_id(), bidder: BidderId(1), code: "AmbiguousComma".to_owned(), post };
    let decision = house.when(SourceKind::Post, action);
    assert_eq!(refusal(&decision).code(), "AmbiguousComma");
    assert_eq!(house.lot(1).counts().refusals().get("AmbiguousComma"), Some(&1));
    assert_eq!(house.shard.inbox(&crate::testing::house_handle()).seq, 1);
}
