//! A clerk's commands: what each needs, and the events that it makes.

use crate::auction::{Auction, Run};
use crate::event::HoldReason;
use crate::ladder::Step;
use crate::lot::{HalfCut, Lot, Phase};
use crate::reservation::{Bidders, Reservation};
use crate::terms::LotOrder;
use crate::{Clerk, Event, LotNumber, Refusal, Round, Span, Timestamp};

/// The longest time for which a lot can be reopened: a day.
pub const MAX_REOPENING_SECONDS: u32 = 86_400;

/// The longest reason, in bytes.
pub const MAX_REASON_LENGTH: usize = 500;

/// Why a bid falls that nobody voided by hand.
const FUNDS_GONE: &str = "the bidder may no longer bid this amount";

impl Clerk {
    /// The lot that the command names.
    pub fn lot(&self) -> Option<LotNumber> {
        match self {
            Self::OpenLot { lot }
            | Self::HoldLot { lot, .. }
            | Self::ReleaseLot { lot }
            | Self::SkipLot { lot }
            | Self::WithdrawLot { lot, .. }
            | Self::ReofferLot { lot }
            | Self::EndLot { lot }
            | Self::VoidBid { lot, .. }
            | Self::ReopenLot { lot, .. }
            | Self::HalfCut { lot } => Some(*lot),
            Self::Pause { .. } | Self::Resume | Self::Cancel { .. } => None,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::HoldLot { reason, .. }
            | Self::WithdrawLot { reason, .. }
            | Self::VoidBid { reason, .. }
            | Self::ReopenLot { reason, .. }
            | Self::Pause { reason }
            | Self::Cancel { reason } => Some(reason),
            Self::OpenLot { .. }
            | Self::ReleaseLot { .. }
            | Self::SkipLot { .. }
            | Self::ReofferLot { .. }
            | Self::EndLot { .. }
            | Self::Resume
            | Self::HalfCut { .. } => None,
        }
    }
}

/// Decides a clerk's command on an auction of the shard.
pub(crate) fn decide(
    auction: &Auction,
    bidders: &Bidders,
    clerk: &Clerk,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    if clerk.reason().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Refusal::ReasonMissing);
    }
    if clerk.reason().is_some_and(|reason| reason.len() > MAX_REASON_LENGTH) {
        return Err(Refusal::ReasonTooLong);
    }
    if let Run::Cancelled { .. } = auction.run() {
        return Err(Refusal::AuctionCancelled);
    }
    let Some(number) = clerk.lot() else { return decide_auction(auction, clerk, now) };
    let lot = auction.lot(number).ok_or(Refusal::UnknownLot { lot: number })?;
    match clerk {
        Clerk::OpenLot { .. } => open(auction, lot, now),
        Clerk::HoldLot { reason, .. } => hold(auction, lot, reason, now),
        Clerk::ReleaseLot { .. } => release(auction, lot, now),
        Clerk::SkipLot { .. } => {
            upcoming(lot)?;
            Ok(vec![Event::LotSkipped { lot: number, at: now }])
        }
        Clerk::WithdrawLot { reason, .. } => {
            if lot.phase().is_ended() {
                return Err(Refusal::LotClosed { lot: number });
            }
            Ok(vec![Event::LotWithdrawn { lot: number, reason: reason.clone(), at: now }])
        }
        Clerk::ReofferLot { .. } => reoffer(lot),
        Clerk::EndLot { .. } => end(auction, lot, now),
        Clerk::VoidBid { lot_seq, reason, .. } => void(lot, bidders, *lot_seq, reason),
        Clerk::ReopenLot { reason, duration_seconds, .. } => {
            reopen(auction, lot, bidders, Reopening { reason, seconds: *duration_seconds, now })
        }
        Clerk::HalfCut { .. } => half_cut(auction, lot, now),
        Clerk::Pause { .. } | Clerk::Resume | Clerk::Cancel { .. } => decide_auction(auction, clerk, now),
    }
}

/// The commands that name no lot.
fn decide_auction(auction: &Auction, clerk: &Clerk, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    match clerk {
        Clerk::Pause { reason } => match auction.run() {
            Run::Scheduled | Run::Live => Ok(vec![Event::AuctionPaused { reason: reason.clone(), at: now }]),
            Run::Paused { .. } => Err(Refusal::AlreadyPaused),
            Run::Cancelled { .. } => Err(Refusal::AuctionCancelled),
            Run::Completed => Err(Refusal::AuctionCompleted),
        },
        Clerk::Resume => match auction.run() {
            Run::Paused { .. } => Ok(vec![Event::AuctionResumed { at: now }]),
            Run::Scheduled | Run::Live | Run::Cancelled { .. } | Run::Completed => Err(Refusal::NotPaused),
        },
        Clerk::Cancel { reason } => match auction.run() {
            Run::Completed => Err(Refusal::AuctionCompleted),
            Run::Scheduled | Run::Live | Run::Paused { .. } | Run::Cancelled { .. } => {
                Ok(vec![Event::AuctionCancelled { reason: reason.clone(), at: now }])
            }
        },
        Clerk::OpenLot { .. }
        | Clerk::HoldLot { .. }
        | Clerk::ReleaseLot { .. }
        | Clerk::SkipLot { .. }
        | Clerk::WithdrawLot { .. }
        | Clerk::ReofferLot { .. }
        | Clerk::EndLot { .. }
        | Clerk::VoidBid { .. }
        | Clerk::ReopenLot { .. }
        | Clerk::HalfCut { .. } => Ok(Vec::new()),
    }
}

/// The start of a lot's round.
pub(crate) fn opened(lot: &Lot, now: Timestamp) -> Event {
    Event::LotOpened { lot: lot.number(), round: lot.round(), at: now, ends_at: now + lot.terms().duration }
}

fn open(auction: &Auction, lot: &Lot, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    upcoming(lot)?;
    clock_runs(auction)?;
    alone(auction)?;
    Ok(vec![opened(lot, now)])
}

fn hold(auction: &Auction, lot: &Lot, reason: &str, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    clock_runs(auction)?;
    match lot.phase() {
        Phase::Open | Phase::Draining { .. } | Phase::AuditOverdue { .. } => {}
        Phase::Held { .. } => return Err(Refusal::LotHeld { lot: lot.number() }),
        Phase::Upcoming
        | Phase::Sold { .. }
        | Phase::Passed { .. }
        | Phase::Skipped { .. }
        | Phase::Withdrawn { .. } => return Err(Refusal::LotNotRunning { lot: lot.number() }),
    }
    let reason = HoldReason::Clerk(reason.to_owned());
    Ok(vec![Event::LotHeld { lot: lot.number(), reason, at: now }])
}

/// A lot that was held while open gets back the time that it had; one whose time was up drains afresh. A lot that waits
/// for its audit gets the hammer: the clerk takes it upon himself.
fn release(auction: &Auction, lot: &Lot, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    clock_runs(auction)?;
    let number = lot.number();
    match lot.phase() {
        Phase::Held { since, .. } if lot.end() > *since => {
            Ok(vec![Event::LotReleased { lot: number, at: now, ends_at: lot.end() + (now - *since) }])
        }
        Phase::Held { .. } => Ok(vec![
            Event::LotReleased { lot: number, at: now, ends_at: lot.end() },
            Event::LotDraining { lot: number, ends_at: lot.end(), until: now + auction.terms().drain },
        ]),
        Phase::AuditOverdue { .. } => {
            Ok(vec![Event::LotReleased { lot: number, at: now, ends_at: lot.end() }, lot.hammer(now)])
        }
        Phase::Open
        | Phase::Draining { .. }
        | Phase::Upcoming
        | Phase::Sold { .. }
        | Phase::Passed { .. }
        | Phase::Skipped { .. }
        | Phase::Withdrawn { .. } => Err(Refusal::LotNotHeld { lot: number }),
    }
}

fn reoffer(lot: &Lot) -> Result<Vec<Event>, Refusal> {
    match lot.phase() {
        Phase::Passed { .. } | Phase::Skipped { .. } | Phase::Withdrawn { .. } => {
            Ok(vec![Event::LotReoffered { lot: lot.number(), round: Round(lot.round().0.saturating_add(1)) }])
        }
        Phase::Upcoming
        | Phase::Open
        | Phase::Draining { .. }
        | Phase::AuditOverdue { .. }
        | Phase::Held { .. }
        | Phase::Sold { .. } => Err(Refusal::LotNotReofferable { lot: lot.number() }),
    }
}

fn end(auction: &Auction, lot: &Lot, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    clock_runs(auction)?;
    if *lot.phase() != Phase::Open {
        return Err(Refusal::LotNotRunning { lot: lot.number() });
    }
    Ok(vec![Event::LotDraining { lot: lot.number(), ends_at: now, until: now + auction.terms().drain }])
}

/// Halves the step above the price. That the leader may have a maximum is no reason to refuse: a refusal would tell it.
fn half_cut(auction: &Auction, lot: &Lot, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    clock_runs(auction)?;
    let number = lot.number();
    if *lot.phase() != Phase::Open {
        return Err(Refusal::LotNotRunning { lot: number });
    }
    if lot.terms().ladder.is_firm() {
        return Err(Refusal::HalfCutForbidden { lot: number });
    }
    match lot.half_cut() {
        HalfCut::Unused => {}
        HalfCut::Standing | HalfCut::Used => return Err(Refusal::HalfCutGiven { lot: number }),
    }
    let price = lot.standing().ok_or(Refusal::HalfCutNeedsBid { lot: number })?.price;
    let (half, whole) = (lot.terms().above(price, Step::Half), lot.terms().above(price, Step::Whole));
    if half >= whole {
        return Err(Refusal::NoHalfStep { lot: number, minimum: whole });
    }
    Ok(vec![Event::IncrementHalved { lot: number, minimum: half, at: now }])
}

/// Voids one bid, then every leader's that can no longer be honoured, until one can or none is left.
fn void(lot: &Lot, bidders: &Bidders, lot_seq: u64, reason: &str) -> Result<Vec<Event>, Refusal> {
    if !lot.phase().is_running() {
        return Err(Refusal::LotNotRunning { lot: lot.number() });
    }
    if !lot.voidable(lot_seq) {
        return Err(Refusal::NoSuchBid { lot_seq });
    }
    Ok(fall(lot, bidders, Some((lot_seq, reason))))
}

/// The events that take `first` out of the lot's bids, and then each leader that may no longer bid its amount.
fn fall(lot: &Lot, bidders: &Bidders, first: Option<(u64, &str)>) -> Vec<Event> {
    let mut trail = lot.trail().clone();
    let mut standing = lot.standing().copied();
    let mut next = first;
    let mut events = Vec::new();
    loop {
        if next.is_none() {
            next = standing.filter(|standing| !is_honoured(lot, bidders, standing)).map(|s| (s.lot_seq, FUNDS_GONE));
        }
        let Some((lot_seq, reason)) = next.take() else { return events };
        trail.remove(lot_seq, lot.terms());
        standing = trail.standing();
        events.push(Event::BidVoided { lot: lot.number(), lot_seq, reason: reason.to_owned(), standing });
    }
}

fn is_honoured(lot: &Lot, bidders: &Bidders, standing: &crate::event::Standing) -> bool {
    let needed = Reservation { bidder: standing.leader, amount: standing.reserved };
    bidders.admitted(standing.leader).is_ok() && bidders.check_funds(needed, lot.reservation()).is_ok()
}

#[derive(Clone, Copy)]
struct Reopening<'a> {
    reason: &'a str,
    seconds: u32,
    now: Timestamp,
}

fn reopen(auction: &Auction, lot: &Lot, bidders: &Bidders, reopening: Reopening<'_>) -> Result<Vec<Event>, Refusal> {
    clock_runs(auction)?;
    match lot.phase() {
        Phase::Sold { .. } | Phase::Passed { .. } => {}
        Phase::Upcoming
        | Phase::Open
        | Phase::Draining { .. }
        | Phase::AuditOverdue { .. }
        | Phase::Held { .. }
        | Phase::Skipped { .. }
        | Phase::Withdrawn { .. } => return Err(Refusal::LotNotReopenable { lot: lot.number() }),
    }
    if !(1..=MAX_REOPENING_SECONDS).contains(&reopening.seconds) {
        return Err(Refusal::DurationOutOfRange { seconds: reopening.seconds });
    }
    alone(auction)?;
    let mut events = fall(lot, bidders, None);
    let standing = match events.last() {
        Some(Event::BidVoided { standing, .. }) => *standing,
        Some(_) | None => lot.standing().copied(),
    };
    events.push(Event::LotReopened {
        lot: lot.number(),
        reason: reopening.reason.to_owned(),
        at: reopening.now,
        ends_at: reopening.now + Span::from_secs(i64::from(reopening.seconds)),
        standing,
    });
    Ok(events)
}

fn upcoming(lot: &Lot) -> Result<(), Refusal> {
    if lot.is_upcoming() { Ok(()) } else { Err(Refusal::LotNotUpcoming { lot: lot.number() }) }
}

/// While the auction is paused its clocks stand still: nothing starts, stops or restarts one of them.
fn clock_runs(auction: &Auction) -> Result<(), Refusal> {
    if let Run::Paused { .. } = auction.run() { Err(Refusal::AuctionPaused) } else { Ok(()) }
}

/// In a sequence only one lot runs.
fn alone(auction: &Auction) -> Result<(), Refusal> {
    match (auction.terms().order, auction.running().next()) {
        (LotOrder::Sequential { .. }, Some(lot)) => Err(Refusal::AnotherLotOpen { lot }),
        (LotOrder::Sequential { .. }, None) | (LotOrder::Concurrent, Some(_) | None) => Ok(()),
    }
}
