//! Terms: what may change when, and what is no sound term at all.

use crate::terms::{AuctionTerms, Channel, Ladder, LadderKind, LotTerms, Reserve, Rung};
use crate::testing::{House, assert_done, auction_id, auction_terms, bid, eth, house_handle, lot_terms, refusal};
use crate::{Action, AuctionId, Clerk, LotNumber, Refusal, SourceKind, Span, Wei};

fn frozen(house: &mut House, change: impl FnOnce(&mut AuctionTerms)) -> String {
    let mut terms = auction_terms(3);
    change(&mut terms);
    match refusal(&house.configure(terms)) {
        Refusal::TermsFrozen { field } => field.clone(),
        other => panic!("expected TermsFrozen, got {other:?}"),
    }
}

#[test]
fn the_same_manifest_again_changes_nothing() {
    let mut house = House::before(auction_terms(3));
    assert!(house.configure(auction_terms(3)).is_idle());
}

#[test]
fn an_open_or_closed_lot_keeps_its_terms() {
    let mut house = House::open(auction_terms(3));
    assert_eq!(frozen(&mut house, |terms| terms.lots[0].opening_bid = eth("0.2")), "lots[1]");
    assert_eq!(frozen(&mut house, |terms| drop(terms.lots.remove(0))), "lots[1]");
    house.at(70);
    assert_eq!(frozen(&mut house, |terms| terms.lots[0].opening_bid = eth("0.2")), "lots[1]");
}

#[test]
fn upcoming_lots_change_come_and_go() {
    let mut house = House::open(auction_terms(3));
    let mut terms = auction_terms(3);
    terms.generation = 2;
    terms.lots[1].opening_bid = eth("0.2");
    terms.lots.remove(2);
    terms.lots.push(lot_terms(9));
    assert_done(&house.configure(terms));
    let auction = house.shard.auction(&auction_id()).unwrap();
    assert_eq!(auction.queue(), [LotNumber(2), LotNumber(9)]);
    assert_eq!(house.lot(2).minimum_bid(), eth("0.2"));
    assert!(auction.lot(LotNumber(3)).is_none());
}

#[test]
fn a_new_lot_revives_a_completed_auction() {
    let mut house = House::open(auction_terms(1));
    house.at(70);
    assert_done(&house.configure(auction_terms(2)));
    house.at(75);
    assert_eq!(house.lot(2).phase().name(), "open");
}

#[test]
fn the_schedule_is_frozen_once_a_lot_has_opened_and_the_rest_while_one_runs() {
    let mut house = House::open(auction_terms(3));
    assert_eq!(frozen(&mut house, |terms| terms.uid = "other".to_owned()), "uid");
    assert_eq!(frozen(&mut house, |terms| terms.handle = None), "handle");
    assert_eq!(frozen(&mut house, |terms| terms.starts_at = terms.starts_at + Span(1)), "starts_at");
    assert_eq!(frozen(&mut house, |terms| terms.drain = Span(0)), "drain");
    assert_eq!(frozen(&mut house, |terms| terms.channels.web = Channel::Shut), "channels");
    house.at(70);
    let mut terms = auction_terms(3);
    terms.drain = Span(0);
    assert_done(&house.configure(terms));
}

#[test]
fn a_skipped_lot_does_not_vanish_from_the_record() {
    let mut house = House::before(auction_terms(3));
    house.clerk(Clerk::SkipLot { lot: LotNumber(3) });
    house.clerk(Clerk::ReofferLot { lot: LotNumber(3) });
    assert_eq!(frozen(&mut house, |terms| drop(terms.lots.remove(2))), "lots[3]");
    assert_eq!(frozen(&mut house, |terms| terms.lots[2].id = crate::LotId::new("other").unwrap()), "lots[3]");
}

#[test]
fn an_older_generation_is_refused() {
    let mut terms = auction_terms(1);
    terms.generation = 5;
    let mut house = House::before(terms);
    assert!(
        matches!(refusal(&house.configure(auction_terms(1))), Refusal::TermsInvalid { field, .. } if field == "generation")
    );
}

#[test]
fn one_handle_serves_one_auction_at_a_time() {
    let mut house = House::before(auction_terms(1));
    let mut terms = auction_terms(1);
    terms.uid = "second".to_owned();
    let second = Action::ConfigureAuction { auction: AuctionId::new("second").unwrap(), terms };
    assert_eq!(
        *refusal(&house.when(SourceKind::House, second.clone())),
        Refusal::HandleConflict { handle: house_handle(), auction: auction_id() }
    );
    house.at(100);
    assert_done(&house.when(SourceKind::House, second));
}

#[test]
fn unsound_terms_are_named() {
    type Change = fn(&mut LotTerms);
    let changes: [(&str, Change); 13] = [
        ("number", |lot| lot.number = LotNumber(0)),
        ("title", |lot| lot.title = "x".repeat(281)),
        ("opening_bid", |lot| lot.opening_bid = Wei::ZERO),
        ("opening_bid", |lot| lot.opening_bid = Wei(alloy_primitives::U256::MAX)),
        ("opening_bid", |lot| lot.opening_bid = eth("0.1005")),
        ("reserve", |lot| lot.reserve = Reserve::Public(Wei::ZERO)),
        ("buy_now", |lot| lot.buy_now = Some(eth("0.05"))),
        ("duration", |lot| lot.duration = Span(0)),
        ("soft_close.cap", |lot| lot.soft_close.cap = Span(i64::MAX)),
        ("soft_close.window", |lot| lot.soft_close.window = Span(-1)),
        ("premium_bps", |lot| lot.premium_bps = 10_001),
        ("ladder.rungs", |lot| lot.ladder = table(vec![])),
        ("ladder.rungs", |lot| lot.ladder = table(vec![Rung { from: Wei::ZERO, step: Wei::ZERO }])),
    ];
    for (field, change) in changes {
        let mut terms = auction_terms(1);
        change(&mut terms.lots[0]);
        let mut house = House::before(auction_terms(1));
        match refusal(&house.configure(terms)) {
            Refusal::TermsInvalid { field: found, .. } => assert!(found.ends_with(field), "{found} is not {field}"),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn numbers_and_ids_of_lots_are_used_once() {
    let mut house = House::before(auction_terms(2));
    let mut terms = auction_terms(2);
    terms.lots[1].number = LotNumber(1);
    assert!(matches!(refusal(&house.configure(terms)), Refusal::TermsInvalid { .. }));
    let mut terms = auction_terms(2);
    terms.lots[1].id = terms.lots[0].id.clone();
    assert!(matches!(refusal(&house.configure(terms)), Refusal::TermsInvalid { .. }));
}

#[test]
fn a_command_for_an_unknown_auction_belongs_to_the_shard() {
    let mut house = House::before(auction_terms(1));
    let auction = AuctionId::new("nowhere").unwrap();
    let place = Action::PlaceBid {
        auction: auction.clone(),
        lot: None,
        bidder: crate::BidderId(1),
        intent: bid("1"),
        post: None,
    };
    let refused = house.when(SourceKind::Web, place);
    assert_eq!(*refusal(&refused), Refusal::UnknownAuction);
    assert_eq!(refused.subject, crate::Subject::default());
    let pause = Action::Clerk { auction, clerk: Clerk::Resume };
    assert_eq!(*refusal(&house.when(SourceKind::Clerk, pause)), Refusal::UnknownAuction);
}

#[test]
fn the_inbox_cursor_only_advances() {
    let mut house = House::before(auction_terms(1));
    let advance = |seq| Action::AdvanceInbox { handle: house_handle(), seq, ignored: 2 };
    assert_done(&house.when(SourceKind::House, advance(7)));
    assert!(house.when(SourceKind::House, advance(7)).is_idle());
    assert!(house.when(SourceKind::House, advance(3)).is_idle());
    let inbox = house.shard.inbox(&house_handle());
    assert_eq!((inbox.seq, inbox.ignored), (7, 2));
}

fn table(rungs: Vec<Rung>) -> Ladder {
    Ladder { version: "table/v1".to_owned(), kind: LadderKind::Table(rungs) }
}
