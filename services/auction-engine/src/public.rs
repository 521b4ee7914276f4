//! What the public may see, in the wire's words: views and journal rows with nothing hidden in them (no maximum bid, no
//! hidden reserve, no key of somebody else's command).

use auction_core::terms::{LotTerms, Reserve};
use auction_core::{Entry, Event, HalfCut, Hash, Intent, Refusal, SourceKind, Verdict, Wei};
use wire::rest::{self, AuctionBrief, BidLine, HalfCutState, LotStatus, ReserveView};
use wire::socket::{self, BidKind, Price, Refused, ReserveState};
use wire::{Amount, Time};

use crate::engine::{AuctionState, AuctionView, LotState, LotView};

/// The price of one lot, as of the view.
pub(crate) fn price(view: &AuctionView, lot: &LotView) -> Price {
    let terms = terms_of(view, lot);
    Price {
        auction: view.auction.clone(),
        lot: lot.number,
        lot_id: terms.id.clone(),
        round: lot.round,
        epoch: view.epoch,
        seq: view.seq,
        lot_seq: lot.lot_seq,
        state: lot_state(lot.state),
        price_wei: lot.price.map(Amount),
        min_next_wei: Amount(lot.minimum),
        leader_paddle: lot.leader,
        bids: lot.bids,
        ends_at: lot.ends_at.map(Time),
        extensions: lot.extensions,
        reserve: match lot.reserve_met {
            None => ReserveState::None,
            Some(true) => ReserveState::Met,
            Some(false) => ReserveState::NotMet,
        },
    }
}

/// The lot's terms: a view's lots are made from its terms, so every lot has them.
pub(crate) fn terms_of<'a>(view: &'a AuctionView, lot: &LotView) -> &'a LotTerms {
    view.terms.lots.iter().find(|terms| terms.number == lot.number).expect("a lot of a view is in the view's terms")
}

pub(crate) fn auction_state(state: AuctionState) -> rest::AuctionState {
    match state {
        AuctionState::Scheduled => rest::AuctionState::Scheduled,
        AuctionState::Live => rest::AuctionState::Live,
        AuctionState::Paused => rest::AuctionState::Paused,
        AuctionState::Cancelled => rest::AuctionState::Cancelled,
        AuctionState::Completed => rest::AuctionState::Completed,
    }
}

pub(crate) fn lot_state(state: LotState) -> socket::LotState {
    match state {
        LotState::Upcoming => socket::LotState::Upcoming,
        LotState::Open => socket::LotState::Open,
        LotState::Draining => socket::LotState::Draining,
        LotState::Held => socket::LotState::Held,
        LotState::Sold => socket::LotState::Sold,
        LotState::Passed => socket::LotState::Passed,
        LotState::Skipped => socket::LotState::Skipped,
        LotState::Withdrawn => socket::LotState::Withdrawn,
    }
}

pub(crate) fn brief(view: &AuctionView) -> AuctionBrief {
    AuctionBrief {
        auction: view.auction.clone(),
        title: view.terms.title.clone(),
        state: auction_state(view.state),
        lots: u32::try_from(view.lots.len()).unwrap_or(u32::MAX),
        starts_at: Time(view.terms.starts_at),
    }
}

pub(crate) fn auction(view: &AuctionView) -> rest::AuctionView {
    rest::AuctionView {
        auction: view.auction.clone(),
        title: view.terms.title.clone(),
        state: auction_state(view.state),
        handle: view.terms.handle.as_ref().map(ToString::to_string),
        starts_at: Time(view.terms.starts_at),
        epoch: view.epoch,
        seq: view.seq,
        lots: view.lots.iter().map(|lot| price(view, lot)).collect(),
    }
}

pub(crate) fn lot(view: &AuctionView, lot: &LotView) -> rest::LotView {
    let terms = terms_of(view, lot);
    let sold = lot.state == LotState::Sold;
    rest::LotView {
        price: price(view, lot),
        title: terms.title.clone(),
        opening_bid_wei: Amount(terms.opening_bid),
        reserve_terms: match &terms.reserve {
            Reserve::None => ReserveView::None,
            Reserve::Public(amount) => ReserveView::Public { amount_wei: Amount(*amount) },
            Reserve::Hidden { amount: _, salt: _, commitment } => ReserveView::Hidden { commitment: hex(commitment) },
        },
        ladder: terms.ladder.version.clone(),
        half_cut: match (lot.half_cut, terms.ladder.is_firm()) {
            (HalfCut::Unused, true) => HalfCutState::Forbidden,
            (HalfCut::Unused, false) => HalfCutState::Unused,
            (HalfCut::Standing, _) => HalfCutState::Standing,
            (HalfCut::Used, _) => HalfCutState::Used,
        },
        tick_wei: Amount(terms.tick),
        duration_seconds: seconds(terms.duration),
        soft_close_window_seconds: seconds(terms.soft_close.window),
        soft_close_extension_seconds: seconds(terms.soft_close.extension),
        max_extensions: terms.soft_close.max_extensions,
        buy_now_wei: terms.buy_now.map(Amount),
        premium_bps: terms.premium_bps,
        hammer_wei: lot.price.filter(|_| sold).map(Amount),
        winner_paddle: lot.leader.filter(|_| sold),
    }
}

pub(crate) fn lot_status(view: &AuctionView, lot: &LotView) -> LotStatus {
    LotStatus {
        number: lot.number,
        id: terms_of(view, lot).id.clone(),
        round: lot.round.0,
        state: lot_state(lot.state),
        price_wei: lot.price.map(Amount),
        leader_paddle: lot.leader,
        bids: lot.bids,
        ends_at: lot.ends_at.map(Time),
    }
}

/// The coded reason of a refusal, for its asker.
pub(crate) fn refused(refusal: &Refusal) -> Refused {
    Refused {
        code: refusal.code().to_string(),
        message: refusal.message(),
        remedy: refusal.remedy(),
        retry_after_ms: None,
    }
}

/// One row of a lot's journal.
pub(crate) fn bid_line(seq: u64, entry: &Entry, hash: &Hash) -> BidLine {
    let Entry { command, now, decision } = entry;
    let verdict = verdict(&decision.verdict);
    let (intent, paddle) = asked(entry);
    let (standing, refusal) = match &decision.verdict {
        Verdict::Accepted { standing, .. } => (Some(standing), None),
        Verdict::Refused(refusal) => (None, Some(refusal)),
        Verdict::Parked | Verdict::Done => (None, None),
    };
    BidLine {
        lot_seq: decision.lot_seq,
        seq,
        action: crate::names::action(&command.action).to_owned(),
        source: events::envelope::source_name(command.source.kind).to_owned(),
        post_id: (command.source.kind == SourceKind::Post).then(|| command.source.key.clone()),
        at: Time(command.at),
        decided_at: Time(*now),
        verdict,
        paddle,
        kind: intent.map(bid_kind),
        amount_wei: shown_amount(&decision.verdict, intent).map(Amount),
        price_wei: standing.map(|standing| Amount(standing.price)),
        leader_paddle: standing.map(|standing| standing.paddle),
        code: refusal.map(|refusal| refusal.code().to_owned()),
        message: refusal.map(Refusal::public_message),
        remedy: refusal.map(Refusal::public_remedy),
        events: decision.events.iter().map(|event| crate::names::event(event).to_owned()).collect(),
        hash: hex(&hash.0),
    }
}

pub(crate) fn verdict(verdict: &Verdict) -> socket::Verdict {
    match verdict {
        Verdict::Accepted { .. } => socket::Verdict::Accepted,
        Verdict::Parked => socket::Verdict::Parked,
        Verdict::Done => socket::Verdict::Done,
        Verdict::Refused(_) => socket::Verdict::Refused,
    }
}

/// The amount of an accepted bid that may be told: a maximum stays with its bidder.
pub(crate) fn shown_amount(verdict: &Verdict, intent: Option<Intent>) -> Option<Wei> {
    match (verdict, intent?) {
        (Verdict::Accepted { amount, .. }, intent) => intent.public_amount(*amount),
        (Verdict::Refused(_), Intent::Bid(amount)) => Some(amount),
        (Verdict::Refused(_) | Verdict::Parked | Verdict::Done, _) => None,
    }
}

/// What the row's bid asked for, and under which paddle.
fn asked(entry: &Entry) -> (Option<Intent>, Option<auction_core::Paddle>) {
    let mut found = (None, None);
    for event in &entry.decision.events {
        match event {
            Event::BidAccepted { intent, paddle, .. } => found = (Some(*intent), Some(*paddle)),
            Event::BidRefused { intent, .. } => found.0 = *intent,
            Event::BidParked { intent, .. } => found.0 = Some(*intent),
            Event::AuctionConfigured(_)
            | Event::AuctionPaused { .. }
            | Event::AuctionResumed { .. }
            | Event::AuctionCancelled { .. }
            | Event::AuctionCompleted
            | Event::BidderRegistered(_)
            | Event::InboxAdvanced { .. }
            | Event::InboxAudited { .. }
            | Event::LotOpened { .. }
            | Event::BidUnparked { .. }
            | Event::LotExtended { .. }
            | Event::ReserveMet { .. }
            | Event::LotDraining { .. }
            | Event::LotHeld { .. }
            | Event::LotReleased { .. }
            | Event::LotSkipped { .. }
            | Event::LotWithdrawn { .. }
            | Event::LotReoffered { .. }
            | Event::LotSold { .. }
            | Event::LotPassed { .. }
            | Event::BidVoided { .. }
            | Event::LotReopened { .. }
            | Event::IncrementHalved { .. } => {}
        }
    }
    found
}

pub(crate) fn bid_kind(intent: Intent) -> BidKind {
    match intent {
        Intent::Bid(_) => BidKind::Bid,
        Intent::MaxBid(_) => BidKind::MaxBid,
        Intent::NextBid => BidKind::NextBid,
        Intent::BuyNow => BidKind::BuyNow,
    }
}

/// `0x` and lower-case digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode_prefixed(bytes)
}

fn seconds(span: auction_core::Span) -> u64 {
    u64::try_from(span.0 / 1000).unwrap_or(0)
}

/// Views for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::sync::Arc;

    use auction_core::terms::{
        AuctionTerms, AuditPolicy, Channel, Channels, Ladder, LadderKind, LotOrder, LotTerms, Reserve, SoftClose,
    };
    use auction_core::{AuctionId, HalfCut, Hash, LotId, LotNumber, Paddle, Round, Span, Timestamp, Wei};

    use crate::engine::{AuctionState, AuctionView, LotState, LotView};

    /// An auction with a hidden reserve of 987654321 wei and one lot a price.
    pub(crate) fn view(seq: u64, prices: &[u128]) -> Arc<AuctionView> {
        let numbers = || (1..).map(LotNumber);
        let terms = AuctionTerms {
            uid: "u".into(),
            generation: 1,
            title: "Spring".into(),
            handle: None,
            starts_at: Timestamp(0),
            order: LotOrder::Concurrent,
            channels: Channels { x: Channel::Shut, web: Channel::Open },
            drain: Span(0),
            audit: AuditPolicy::NotNeeded,
            lots: numbers().zip(prices).map(|(number, _)| lot_terms(number)).collect(),
        };
        Arc::new(AuctionView {
            auction: AuctionId::new("spring").unwrap(),
            epoch: 1,
            seq,
            terms: Arc::new(terms),
            state: AuctionState::Live,
            reason: None,
            lots: numbers().zip(prices).map(|(number, &price)| Arc::new(lot(number, price))).collect(),
        })
    }

    fn lot_terms(number: LotNumber) -> LotTerms {
        LotTerms {
            number,
            id: LotId::new(&format!("lot-{number}")).unwrap(),
            title: "Lot".into(),
            opening_bid: Wei::from(1),
            reserve: Reserve::Hidden { amount: Wei::from(987_654_321), salt: [7; 32], commitment: [8; 32] },
            ladder: Ladder { version: "default/v1".into(), kind: LadderKind::Fixed(Wei::from(1)) },
            tick: Wei::ZERO,
            duration: Span(60_000),
            soft_close: SoftClose { window: Span(0), extension: Span(0), max_extensions: 0, cap: Span(0) },
            buy_now: None,
            jump_factor: 10,
            premium_bps: 0,
        }
    }

    fn lot(number: LotNumber, price: u128) -> LotView {
        LotView {
            number,
            round: Round(1),
            state: LotState::Open,
            price: Some(price.into()),
            leader: Some(Paddle(7)),
            minimum: (price + 1).into(),
            half_cut: HalfCut::Unused,
            ends_at: Some(Timestamp(60_000)),
            extensions: 0,
            bids: 1,
            reserve_met: Some(false),
            lot_seq: 1,
            hash: Hash::default(),
        }
    }
}
