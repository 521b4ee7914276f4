//! The canonical form is for ever: every variant of every type in an entry, as the bytes that were once hashed.
//!
//! A difference here is not a test to be adjusted: old journals would no longer verify. A new form needs a new
//! `ENTRY_VERSION`, and new variants go at the end of their enum.

use std::fmt::Write;

use serde::Serialize;

use crate::command::InboxPosition;
use crate::decision::Verdict;
use crate::event::{HoldReason, PassReason, Standing};
use crate::terms::{AuctionTerms, BidderTerms, Ladder, LadderKind, Rung};
use crate::testing::{auction_terms, bidder_terms, eth, house_handle};
use crate::{
    Action, AuctionId, BidderId, Clerk, Command, Decision, Entry, Event, Intent, LotNumber, Paddle, Refusal, Round,
    Source, SourceKind, Subject, Timestamp, TraceContext, Wei,
};

const LOT: LotNumber = LotNumber(7);
const AT: Timestamp = Timestamp(1_800_000_000_123);

fn why() -> String {
    "why".to_owned()
}

fn auction() -> AuctionId {
    AuctionId::new("evening-sale").unwrap()
}

fn post() -> InboxPosition {
    InboxPosition { handle: house_handle(), seq: 300 }
}

fn source(kind: SourceKind) -> Source {
    Source { kind, key: "1234567890123456789".to_owned() }
}

fn standing() -> Standing {
    Standing {
        leader: BidderId(11),
        paddle: Paddle(12),
        price: eth("1.5"),
        max: eth("2"),
        reserved: eth("2.2"),
        lot_seq: 13,
    }
}

fn terms() -> AuctionTerms {
    auction_terms(0)
}

fn bidder() -> BidderTerms {
    BidderTerms { limit: Some(eth("5")), ..bidder_terms(1) }
}

fn actions() -> Vec<Action> {
    let place = |intent| Action::PlaceBid {
        auction: auction(),
        lot: Some(LOT),
        bidder: BidderId(11),
        intent,
        post: Some(post()),
    };
    vec![
        Action::ConfigureAuction { auction: auction(), terms: terms() },
        Action::RegisterBidder(bidder()),
        place(Intent::Bid(eth("1.5"))),
        place(Intent::MaxBid(eth("1.5"))),
        place(Intent::NextBid),
        place(Intent::BuyNow),
        Action::RefusePost { auction: auction(), bidder: BidderId(11), code: "Chat".to_owned(), post: post() },
        Action::AdvanceInbox { handle: house_handle(), seq: 300, ignored: 2 },
        Action::RecordAudit { handle: house_handle(), through: AT },
        Action::Tick { auction: auction() },
        Action::Clerk { auction: auction(), clerk: Clerk::Resume },
    ]
}

fn clerks() -> Vec<Clerk> {
    vec![
        Clerk::OpenLot { lot: LOT },
        Clerk::HoldLot { lot: LOT, reason: why() },
        Clerk::ReleaseLot { lot: LOT },
        Clerk::SkipLot { lot: LOT },
        Clerk::WithdrawLot { lot: LOT, reason: why() },
        Clerk::ReofferLot { lot: LOT },
        Clerk::EndLot { lot: LOT },
        Clerk::Pause { reason: why() },
        Clerk::Resume,
        Clerk::Cancel { reason: why() },
        Clerk::VoidBid { lot: LOT, lot_seq: 13, reason: why() },
        Clerk::ReopenLot { lot: LOT, reason: why(), duration_seconds: 60 },
        Clerk::HalfCut { lot: LOT },
    ]
}

fn bid_events() -> Vec<Event> {
    let (bidder, intent) = (BidderId(11), Intent::NextBid);
    let source = source(SourceKind::Post);
    vec![
        Event::BidAccepted {
            lot: LOT,
            bidder,
            paddle: Paddle(12),
            amount: eth("1.5"),
            intent,
            at: AT,
            standing: standing(),
            post: Some(post()),
        },
        Event::BidRefused {
            lot: Some(LOT),
            bidder,
            intent: None,
            refusal: Refusal::NotUnderstood { code: "Chat".to_owned() },
            at: AT,
            post: None,
        },
        Event::BidParked { lot: LOT, bidder, intent, at: AT, source: source.clone(), post: None },
        Event::BidUnparked { lot: LOT, source },
        Event::BidVoided { lot: LOT, lot_seq: 13, reason: why(), standing: Some(standing()) },
    ]
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::AuctionConfigured(Box::new(terms())),
        Event::AuctionPaused { reason: why(), at: AT },
        Event::AuctionResumed { at: AT },
        Event::AuctionCancelled { reason: why(), at: AT },
        Event::AuctionCompleted,
        Event::BidderRegistered(bidder()),
        Event::InboxAdvanced { handle: house_handle(), seq: 300, ignored: 2 },
        Event::InboxAudited { handle: house_handle(), through: AT },
        Event::LotOpened { lot: LOT, round: Round(2), at: AT, ends_at: AT },
        Event::LotExtended { lot: LOT, ends_at: AT, extensions: 3 },
        Event::ReserveMet { lot: LOT },
        Event::LotDraining { lot: LOT, ends_at: AT, until: AT },
        Event::LotHeld { lot: LOT, reason: HoldReason::Clerk(why()), at: AT },
        Event::LotHeld { lot: LOT, reason: HoldReason::AuditOverdue, at: AT },
        Event::LotReleased { lot: LOT, at: AT, ends_at: AT },
        Event::LotSkipped { lot: LOT, at: AT },
        Event::LotWithdrawn { lot: LOT, reason: why(), at: AT },
        Event::LotReoffered { lot: LOT, round: Round(2) },
        Event::LotSold {
            lot: LOT,
            round: Round(2),
            bidder: BidderId(11),
            paddle: Paddle(12),
            price: eth("1.5"),
            all_in: eth("1.65"),
            at: AT,
        },
        Event::LotReopened { lot: LOT, reason: why(), at: AT, ends_at: AT, standing: None },
        Event::IncrementHalved { lot: LOT, minimum: eth("1.55"), at: AT },
    ];
    let passed = [PassReason::NoBids, PassReason::ReserveNotMet, PassReason::Cancelled];
    events.extend(passed.map(|reason| Event::LotPassed { lot: LOT, round: Round(2), reason, at: AT }));
    events.extend(bid_events());
    events
}

fn ladders() -> Vec<LadderKind> {
    let rungs = vec![Rung { from: Wei::ZERO, step: eth("0.1") }];
    let plain = [LadderKind::Table(rungs), LadderKind::Percentage { basis_points: 500 }, LadderKind::Fixed(eth("0.1"))];
    let firm = |kind: &LadderKind| Ladder { version: String::new(), kind: kind.clone() }.firm().kind;
    plain.iter().cloned().chain(plain.iter().map(firm)).collect()
}

fn entry() -> Entry {
    let trace = TraceContext { trace_id: [1; 16], span_id: [2; 8], flags: 1 };
    Entry {
        command: Command {
            source: source(SourceKind::Web),
            at: AT,
            action: actions().swap_remove(2),
            trace: Some(trace),
        },
        now: AT,
        decision: Decision {
            subject: Subject { auction: Some(auction()), lot: Some(LOT) },
            lot_seq: 13,
            verdict: Verdict::Accepted { amount: eth("1.5"), all_in: eth("1.65"), standing: standing() },
            events: bid_events(),
        },
    }
}

fn lines<T: Serialize + std::fmt::Debug>(page: &mut String, kind: &str, values: &[T]) {
    for value in values {
        let shown = format!("{value:?}");
        let name = shown.split([' ', '(', '{']).next().unwrap();
        let bytes = postcard::to_stdvec(value).unwrap();
        writeln!(page, "{kind}::{name} {}", alloy_primitives::hex::encode(bytes)).unwrap();
    }
}

fn page() -> String {
    let mut page = String::new();
    lines(&mut page, "Action", &actions());
    lines(&mut page, "Clerk", &clerks());
    lines(&mut page, "Event", &events());
    lines(&mut page, "Refusal", &crate::refusal::page::examples());
    lines(&mut page, "Refusal", &[Refusal::NotUnderstood { code: "Chat".to_owned() }]);
    lines(&mut page, "SourceKind", &[SourceKind::Post, SourceKind::Web, SourceKind::Clerk, SourceKind::House]);
    let standing = standing();
    let accepted = Verdict::Accepted { amount: eth("1.5"), all_in: eth("1.65"), standing };
    lines(&mut page, "Verdict", &[accepted, Verdict::Parked, Verdict::Done, Verdict::Refused(Refusal::ZeroAmount)]);
    lines(&mut page, "Terms", &[auction_terms(1)]);
    lines(&mut page, "Ladder", &ladders());
    writeln!(page, "Entry {}", alloy_primitives::hex::encode(entry().encode())).unwrap();
    page
}

#[test]
fn every_canonical_form_is_the_one_that_was_first_written() {
    let page = page();
    for (now, once) in page.lines().zip(include_str!("golden.txt").lines()) {
        assert_eq!(now, once);
    }
    assert_eq!(page, include_str!("golden.txt"), "a variant without its line");
}

#[test]
fn an_entry_reads_back_and_nothing_else_does() {
    let bytes = entry().encode();
    assert_eq!(Entry::decode(&bytes).unwrap(), entry());
    assert!(Entry::decode(&[]).is_err());
    assert!(Entry::decode(&bytes[..bytes.len() - 1]).is_err());
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Entry::decode(&longer).is_err());
    let mut newer = bytes;
    newer[0] = 2;
    assert!(matches!(Entry::decode(&newer), Err(crate::entry::BadEntry::UnknownVersion(2))));
}

#[test]
#[ignore = "writes the golden file; only for a new entry version"]
fn write_golden_file() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden.txt"), page()).unwrap();
}
