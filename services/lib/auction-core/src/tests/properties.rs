//! What holds whatever is asked, in whatever order: checked on random commands, and on every short sequence.

use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree};

use crate::command::InboxPosition;
use crate::decision::Verdict;
use crate::replay::{Replay, Row};
use crate::terms::{AuctionTerms, AuditPolicy, BidderStatus, BidderTerms, LotOrder, Reserve};
use crate::testing::{House, auction_id, auction_terms, bidder_terms, eth, house_handle};
use crate::{
    Action, BidderId, Clerk, Decision, Event, HalfCut, Intent, LotNumber, Shard, SourceKind, Span, Timestamp, Wei,
};

/// One move of the game, small enough to shrink.
#[derive(Debug, Clone)]
enum Move {
    Wait(i64),
    /// A web bid, or a post whose own time lies this many milliseconds from now.
    Bid {
        lot: Option<u32>,
        bidder: u64,
        intent: Intent,
        post: Option<i64>,
    },
    Clerk(Clerk),
    Audit(i64),
    Register(BidderTerms),
    Configure(u32, Option<Wei>),
    /// A tick that nothing asked for.
    Tick,
}

fn amount() -> impl Strategy<Value = Wei> {
    prop_oneof![
        8 => (1_u128..40).prop_map(|n| Wei::from(n * 50_000_000_000_000_000)),
        1 => any::<u128>().prop_map(Wei::from),
        1 => Just(Wei(alloy_primitives::U256::MAX)),
        1 => Just(Wei::ZERO),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => amount().prop_map(Intent::Bid),
        3 => amount().prop_map(Intent::MaxBid),
        3 => Just(Intent::NextBid),
        1 => Just(Intent::BuyNow),
    ]
}

fn lot() -> impl Strategy<Value = LotNumber> {
    (0_u32..5).prop_map(LotNumber)
}

fn clerk() -> Union<BoxedStrategy<Clerk>> {
    let because = || "because".to_owned();
    Union::new([
        lot().prop_map(|lot| Clerk::OpenLot { lot }).boxed(),
        lot().prop_map(move |lot| Clerk::HoldLot { lot, reason: because() }).boxed(),
        lot().prop_map(|lot| Clerk::ReleaseLot { lot }).boxed(),
        lot().prop_map(|lot| Clerk::SkipLot { lot }).boxed(),
        lot().prop_map(move |lot| Clerk::WithdrawLot { lot, reason: because() }).boxed(),
        lot().prop_map(|lot| Clerk::ReofferLot { lot }).boxed(),
        lot().prop_map(|lot| Clerk::EndLot { lot }).boxed(),
        Just(Clerk::Pause { reason: because() }).boxed(),
        Just(Clerk::Resume).boxed(),
        (0_u8..8).prop_map(move |n| if n == 0 { Clerk::Cancel { reason: because() } } else { Clerk::Resume }).boxed(),
        (lot(), 0_u64..20).prop_map(move |(lot, lot_seq)| Clerk::VoidBid { lot, lot_seq, reason: because() }).boxed(),
        (lot(), 2_u64..8).prop_map(move |(lot, lot_seq)| Clerk::VoidBid { lot, lot_seq, reason: because() }).boxed(),
        (lot(), prop_oneof![Just(40_u32), any::<u32>()])
            .prop_map(move |(lot, duration_seconds)| Clerk::ReopenLot { lot, reason: because(), duration_seconds })
            .boxed(),
        lot().prop_map(|lot| Clerk::HalfCut { lot }).boxed(),
    ])
}

fn bidder() -> impl Strategy<Value = BidderTerms> {
    let status = prop_oneof![6 => Just(BidderStatus::Active), 1 => Just(BidderStatus::Suspended), 1 => Just(BidderStatus::Barred)];
    (1_u64..6, proptest::option::of(amount()), status, 100_u32..108).prop_map(|(bidder, limit, status, paddle)| {
        BidderTerms { limit, status, paddle: crate::Paddle(paddle), ..bidder_terms(bidder) }
    })
}

fn a_move() -> impl Strategy<Value = Move> {
    let bid = (
        proptest::option::of(0_u32..5),
        1_u64..7,
        intent(),
        proptest::option::of(prop_oneof![8 => -20_000_i64..20_000, 1 => any::<i64>()]),
    );
    prop_oneof![
        4 => prop_oneof![12 => 0_i64..12_000, 2 => 0_i64..90_000, 1 => any::<i64>()].prop_map(Move::Wait),
        12 => bid.prop_map(|(lot, bidder, intent, post)| Move::Bid { lot, bidder, intent, post }),
        3 => clerk().prop_map(Move::Clerk),
        1 => prop_oneof![4 => -60_000_i64..10_000, 1 => any::<i64>()].prop_map(Move::Audit),
        1 => bidder().prop_map(Move::Register),
        1 => (1_u32..5, proptest::option::of(amount())).prop_map(|(lots, opening)| Move::Configure(lots, opening)),
        1 => Just(Move::Tick),
    ]
}

fn terms(concurrent: bool, audited: bool, reserve: u8) -> AuctionTerms {
    let mut terms = auction_terms(3);
    if concurrent {
        terms.order = LotOrder::Concurrent;
    }
    if audited {
        terms.audit = AuditPolicy::Required { deadline: Span::from_secs(30) };
    }
    for lot in &mut terms.lots {
        lot.premium_bps = 500;
        lot.buy_now = Some(eth("1.5"));
        lot.reserve = match reserve % 3 {
            0 => Reserve::None,
            1 => Reserve::Public(eth("0.5")),
            _ => Reserve::Hidden { amount: eth("1"), salt: [1; 32], commitment: [2; 32] },
        };
    }
    terms
}

impl House {
    fn play(&mut self, step: &Move) -> Vec<Decision> {
        match step {
            Move::Wait(ms) => self.wait(*ms),
            Move::Bid { lot, bidder, intent, post } => {
                let seq = self.shard.inbox(&house_handle()).seq.saturating_add(1);
                let action = Action::PlaceBid {
                    auction: auction_id(),
                    lot: lot.map(LotNumber),
                    bidder: BidderId(*bidder),
                    intent: *intent,
                    post: post.map(|_| InboxPosition { handle: house_handle(), seq }),
                };
                let kind = if post.is_some() { SourceKind::Post } else { SourceKind::Web };
                let at = self.now() + Span(post.unwrap_or_default());
                vec![self.when_timed(kind, action, at)]
            }
            Move::Clerk(clerk) => vec![self.clerk(clerk.clone())],
            Move::Audit(ms) => {
                let through = self.now() + Span(*ms);
                vec![self.when(SourceKind::House, Action::RecordAudit { handle: house_handle(), through })]
            }
            Move::Register(terms) => vec![self.when(SourceKind::House, Action::RegisterBidder(terms.clone()))],
            Move::Configure(lots, opening) => {
                let mut next = auction_terms(*lots);
                if let (Some(opening), Some(last)) = (opening, next.lots.last_mut()) {
                    last.opening_bid = *opening;
                }
                vec![self.configure(next)]
            }
            Move::Tick => vec![self.when(SourceKind::House, Action::Tick { auction: auction_id() })],
        }
    }
}

/// What every state owes, whatever led to it.
fn assert_sound(shard: &Shard) {
    for bidder in shard.bidders().iter() {
        let kept = shard
            .auctions()
            .flat_map(crate::Auction::lots)
            .filter_map(crate::Lot::reservation)
            .filter(|kept| kept.bidder == bidder.terms().bidder)
            .fold(Wei::ZERO, |sum, kept| sum.saturating_add(kept.amount));
        assert_eq!(bidder.reserved(), kept, "what a bidder has reserved is what its lots keep");
        assert_eq!(shard.bidders().holder(bidder.terms().paddle), Some(bidder.terms().bidder));
    }
    for auction in shard.auctions() {
        for lot in auction.lots() {
            assert!(lot.end() <= lot.latest_end(), "the end stays within the cap");
            assert_eq!(auction.running().any(|number| number == lot.number()), lot.phase().is_running());
            assert_eq!(auction.queue().contains(&lot.number()), lot.is_upcoming());
            let whole = lot.standing().map(|standing| lot.terms().next_above(standing.price));
            match lot.half_cut() {
                HalfCut::Standing => {
                    let standing = lot.standing().expect("a cut stands above a bid");
                    assert!(standing.price < lot.minimum_bid() && Some(lot.minimum_bid()) < whole);
                    assert!(!lot.terms().ladder.is_firm());
                }
                HalfCut::Unused | HalfCut::Used => assert!(whole.is_none_or(|whole| lot.minimum_bid() == whole)),
            }
            if let Some(standing) = lot.standing() {
                assert!(standing.price <= standing.max);
                assert!(standing.price >= lot.terms().opening_bid);
            }
        }
    }
    let mut again = shard.clone();
    again.reschedule_all();
    assert_eq!(again.next_deadline(), shard.next_deadline(), "the agenda follows the state");
}

/// What a decision may do to the state that it met.
pub(crate) fn assert_lawful(before: &Shard, after: &Shard, decision: &Decision) {
    let Some(id) = &decision.subject.auction else { return };
    let (Some(old), Some(new)) = (before.auction(id), after.auction(id)) else { return };
    let voided = decision.events.iter().any(|event| matches!(event, Event::BidVoided { .. }));
    for lot in new.lots() {
        let Some(was) = old.lot(lot.number()) else { continue };
        if let (Some(low), Some(high)) = (was.standing(), lot.standing()) {
            assert!(voided || low.price <= high.price, "a price falls only by a void");
        }
        assert!(was.counts().accepted <= lot.counts().accepted);
        if was.round() == lot.round() {
            assert!(was.half_cut() != HalfCut::Used || lot.half_cut() == HalfCut::Used, "one cut a round");
        }
    }
    for event in &decision.events {
        if let Event::BidAccepted { lot, standing, .. } = event {
            assert!(old.lot(*lot).is_some_and(|lot| lot.phase().is_running()), "nothing is accepted off a running lot");
            let leader = after.bidders().get(standing.leader).unwrap();
            let raised =
                old.lot(*lot).and_then(crate::Lot::reservation) != new.lot(*lot).and_then(crate::Lot::reservation);
            let within = leader.terms().limit.is_none_or(|limit| leader.reserved() <= limit);
            assert!(!raised || within, "no new reservation goes beyond the limit");
        }
    }
    if let Verdict::Refused(_) | Verdict::Parked = decision.verdict
        && let Some(number) = decision.subject.lot
        && let (Some(was), Some(is)) = (old.lot(number), new.lot(number))
    {
        assert_eq!((was.standing(), was.end(), was.reservation()), (is.standing(), is.end(), is.reservation()));
    }
}

/// Plays the moves, checking each step; gives the house back.
fn play(terms: AuctionTerms, moves: &[Move]) -> House {
    let mut house = House::before(terms);
    for step in moves {
        house.watch = true;
        house.play(step);
        assert_sound(&house.shard);
    }
    house
}

fn rows(house: &House) -> impl Iterator<Item = Row<'_>> {
    house.journal.iter().zip(1..).map(|((entry, hash), seq)| Row { seq, entry, hash: *hash })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_house_stays_sound_and_replays_alike(
        concurrent: bool,
        audited: bool,
        reserve: u8,
        moves in proptest::collection::vec(a_move(), 1..60),
        cut in 0.0_f64..1.0,
    ) {
        let house = play(terms(concurrent, audited, reserve), &moves);
        let mut replay = Replay::new();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a random place in the journal")]
        let cut = (house.journal.len() as f64 * cut) as u64;
        for row in rows(&house) {
            replay.judge(row).expect("the journal holds, and the rules say it again");
            if row.seq == cut {
                let restored = Shard::from_snapshot(&replay.shard().to_snapshot()).expect("a snapshot reads back");
                prop_assert_eq!(&restored, replay.shard());
                replay = Replay::from_snapshot(restored, cut);
            }
        }
        prop_assert_eq!(replay.shard().digest(), house.shard.digest());
    }

    #[test]
    fn percentage_and_table_ladders_always_rise(price in any::<u128>(), points in 1_u32..100_000, tick in any::<u64>()) {
        let mut lot = crate::testing::lot_terms(1);
        lot.tick = Wei::from(u128::from(tick));
        let price = Wei::from(price);
        prop_assert!(lot.next_above(price) > price);
        let half = lot.above(price, crate::ladder::Step::Half);
        prop_assert!(price < half && half <= lot.next_above(price));
        prop_assert!(half.above_tick(lot.tick).is_zero());
        lot.ladder.kind = crate::terms::LadderKind::Percentage { basis_points: points };
        prop_assert!(lot.next_above(price) > price);
        prop_assert!(lot.next_above(price).above_tick(lot.tick).is_zero());
    }

    #[test]
    fn the_decision_of_a_bid_agrees_with_the_naive_model(
        bids in proptest::collection::vec((1_u64..5, intent()), 1..40),
        reserve in proptest::option::of(2_u128..30),
        cut in proptest::option::of(1_u64..40),
    ) {
        super::model::agrees(&bids, reserve.map(|n| Wei::from(n * 50_000_000_000_000_000)), cut);
    }
}

/// A generator with a blind spot proves nothing about what it never reaches.
#[test]
fn the_random_commands_reach_every_event() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let games = (any::<bool>(), any::<bool>(), any::<u8>(), proptest::collection::vec(a_move(), 20..80));
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..600 {
        let (concurrent, audited, reserve, moves) = games.new_tree(&mut runner).unwrap().current();
        let mut house = House::before(terms(concurrent, audited, reserve));
        for step in &moves {
            house.play(step);
        }
        for (bytes, _) in &house.journal {
            reached.extend(crate::testing::names(&crate::Entry::decode(bytes).unwrap().decision));
        }
    }
    let every = "AuctionCancelled AuctionCompleted AuctionConfigured AuctionPaused AuctionResumed BidAccepted BidParked \
                 BidRefused BidUnparked BidVoided BidderRegistered InboxAudited IncrementHalved LotDraining LotExtended LotHeld LotOpened \
                 LotPassed LotReleased LotReoffered LotReopened LotSkipped LotSold LotWithdrawn ReserveMet";
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), every.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_short_sequence_of_bids_agrees_with_the_naive_model() {
    let amounts = [eth("0.1"), eth("0.11"), eth("0.5"), eth("0.55")];
    let intents: Vec<Intent> = amounts
        .into_iter()
        .flat_map(|amount| [Intent::Bid(amount), Intent::MaxBid(amount)])
        .chain([Intent::NextBid])
        .collect();
    let moves: Vec<(u64, Intent)> =
        [1, 2].into_iter().flat_map(|bidder| intents.iter().map(move |&i| (bidder, i))).collect();
    for reserve in [None, Some(eth("0.5"))] {
        for first in &moves {
            for second in &moves {
                for third in &moves {
                    for cut in [None, Some(2)] {
                        super::model::agrees(&[*first, *second, *third], reserve, cut);
                    }
                }
            }
        }
    }
}

#[test]
fn time_that_goes_back_changes_no_order() {
    let mut house = House::open(auction_terms(1));
    let command = |bidder| crate::Command {
        source: crate::Source { kind: SourceKind::Web, key: format!("k{bidder}") },
        at: crate::testing::at(1),
        action: Action::PlaceBid {
            auction: auction_id(),
            lot: None,
            bidder: BidderId(bidder),
            intent: Intent::NextBid,
            post: None,
        },
        trace: None,
    };
    let early = house.shard.decide(&command(1), Timestamp(i64::MIN));
    let late = house.shard.decide(&command(1), house.shard.clock());
    assert_eq!(early, late);
    house.commit(&command(2));
}
