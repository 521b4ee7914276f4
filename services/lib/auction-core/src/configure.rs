//! Checking an auction's terms before they come into force: are they sound, and do they leave alone what is frozen?

use std::collections::BTreeSet;

use crate::auction::{Auction, Run};
use crate::lot::Lot;
use crate::money::MAX_AMOUNT;
use crate::terms::{AuctionTerms, AuditPolicy, Ladder, LadderKind, LotOrder, LotTerms, SoftClose};
use crate::{Refusal, Span, Wei};

/// The most lots of one auction: with their ladders they are one row of the journal.
pub const MAX_LOTS: usize = 1_000;

/// The most rungs of one ladder.
pub const MAX_RUNGS: usize = 1_024;

/// The longest title, uid or ladder version, in bytes.
pub const MAX_TEXT_LENGTH: usize = 280;

/// The longest time in any term: 31 days.
pub const MAX_SPAN: Span = Span::from_secs(31 * 24 * 3_600);

/// The highest buyer's premium: the price once more.
pub const MAX_PREMIUM_BPS: u32 = 10_000;

/// Checks terms by themselves.
pub(crate) fn check(terms: &AuctionTerms) -> Result<(), Refusal> {
    require(!terms.uid.is_empty() && terms.uid.len() <= MAX_TEXT_LENGTH, "uid", "must have 1 to 280 bytes")?;
    require(terms.title.len() <= MAX_TEXT_LENGTH, "title", "must have at most 280 bytes")?;
    require(terms.lots.len() <= MAX_LOTS, "lots", "must be at most 1,000")?;
    span(terms.drain, "drain")?;
    match terms.audit {
        AuditPolicy::Required { deadline } => span(deadline, "audit.deadline")?,
        AuditPolicy::NotNeeded => {}
    }
    match terms.order {
        LotOrder::Sequential { pause } => span(pause, "order.pause")?,
        LotOrder::Concurrent => {}
    }
    let mut numbers = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for lot in &terms.lots {
        let field = |name: &str| format!("lots[{}].{name}", lot.number);
        require(lot.number.0 > 0, &field("number"), "must be 1 or more")?;
        require(numbers.insert(lot.number), &field("number"), "is used twice")?;
        require(ids.insert(&lot.id), &field("id"), "is used twice")?;
        check_lot(lot, field)?;
    }
    Ok(())
}

fn check_lot(lot: &LotTerms, field: impl Fn(&str) -> String) -> Result<(), Refusal> {
    require(lot.title.len() <= MAX_TEXT_LENGTH, &field("title"), "must have at most 280 bytes")?;
    require(lot.premium_bps <= MAX_PREMIUM_BPS, &field("premium_bps"), "must be at most 10,000")?;
    require(lot.duration > Span::default(), &field("duration"), "must be longer than nothing")?;
    span(lot.duration, &field("duration"))?;
    let SoftClose { window, extension, max_extensions: _, cap } = lot.soft_close;
    span(window, &field("soft_close.window"))?;
    span(extension, &field("soft_close.extension"))?;
    span(cap, &field("soft_close.cap"))?;
    require(lot.tick <= MAX_AMOUNT, &field("tick"), "is too large")?;
    amount(lot.opening_bid, lot, &field("opening_bid"))?;
    if let Some(reserve) = lot.reserve_price() {
        amount(reserve, lot, &field("reserve"))?;
    }
    if let Some(buy_now) = lot.buy_now {
        amount(buy_now, lot, &field("buy_now"))?;
        require(buy_now >= lot.opening_bid, &field("buy_now"), "must not be below the opening bid")?;
        require(lot.reserve_met(buy_now), &field("buy_now"), "must not be below the reserve")?;
    }
    check_ladder(&lot.ladder, field)
}

fn check_ladder(ladder: &Ladder, field: impl Fn(&str) -> String) -> Result<(), Refusal> {
    let version = &ladder.version;
    require(
        !version.is_empty() && version.len() <= MAX_TEXT_LENGTH,
        &field("ladder.version"),
        "must have 1 to 280 bytes",
    )?;
    match &ladder.kind {
        LadderKind::Table(rungs) | LadderKind::FirmTable(rungs) => {
            let rises = rungs.first().is_some_and(|rung| rung.from.is_zero())
                && rungs.is_sorted_by(|low, high| low.from < high.from);
            require(rises, &field("ladder.rungs"), "must begin at zero and rise")?;
            require(rungs.len() <= MAX_RUNGS, &field("ladder.rungs"), "must be at most 1,024")?;
            let sound = rungs.iter().all(|rung| !rung.step.is_zero() && rung.step <= MAX_AMOUNT);
            require(sound, &field("ladder.rungs"), "must have steps above zero and within bounds")
        }
        LadderKind::Percentage { basis_points } | LadderKind::FirmPercentage { basis_points } => {
            require((1..=100_000).contains(basis_points), &field("ladder.basis_points"), "must be 1 to 100,000")
        }
        LadderKind::Fixed(step) | LadderKind::FirmFixed(step) => require(
            !step.is_zero() && *step <= MAX_AMOUNT,
            &field("ladder.step"),
            "must be above zero and within bounds",
        ),
    }
}

/// Checks that `terms` leave alone what is frozen: identity for ever, the schedule once a lot has opened, how bids are
/// heard while one runs, a lot from its opening on.
pub(crate) fn check_change(auction: &Auction, terms: &AuctionTerms) -> Result<(), Refusal> {
    let AuctionTerms { uid, generation, title: _, handle, starts_at, order, channels, drain, audit, lots } = terms;
    let current = auction.terms();
    if let Run::Cancelled { .. } = auction.run() {
        return Err(Refusal::AuctionCancelled);
    }
    require(*generation >= current.generation, "generation", "is older than the terms in force")?;
    keep(uid == &current.uid, "uid")?;
    if auction.has_started() {
        keep(handle == &current.handle, "handle")?;
        keep(starts_at == &current.starts_at, "starts_at")?;
        keep(order == &current.order, "order")?;
    }
    if auction.running().len() > 0 {
        keep(channels == &current.channels, "channels")?;
        keep(drain == &current.drain, "drain")?;
        keep(audit == &current.audit, "audit")?;
    }
    for lot in auction.lots() {
        let next = lots.iter().find(|next| next.number == lot.number());
        keep(may_become(lot, next), &format!("lots[{}]", lot.number()))?;
    }
    Ok(())
}

/// Whether a known lot may be replaced by `next` (`None`: dropped). Its id stays once its chain has a row.
fn may_become(lot: &Lot, next: Option<&LotTerms>) -> bool {
    match next {
        None => lot.may_vanish(),
        Some(next) if lot.is_upcoming() => lot.may_vanish() || next.id == *lot.id(),
        Some(next) => next == lot.terms(),
    }
}

fn amount(value: Wei, lot: &LotTerms, field: &str) -> Result<(), Refusal> {
    require(!value.is_zero(), field, "must be above zero")?;
    require(value <= MAX_AMOUNT, field, "is too large")?;
    require(value.above_tick(lot.tick).is_zero(), field, "must be a whole multiple of the tick")
}

fn span(span: Span, field: &str) -> Result<(), Refusal> {
    require((Span::default()..=MAX_SPAN).contains(&span), field, "must be between nothing and 31 days")
}

fn require(holds: bool, field: &str, problem: &str) -> Result<(), Refusal> {
    if holds {
        return Ok(());
    }
    Err(Refusal::TermsInvalid { field: field.to_owned(), problem: problem.to_owned() })
}

fn keep(same: bool, field: &str) -> Result<(), Refusal> {
    if same { Ok(()) } else { Err(Refusal::TermsFrozen { field: field.to_owned() }) }
}
