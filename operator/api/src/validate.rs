//! From a manifest to the terms that the rules take: parse, do not validate. What comes out needs no second look.

use std::collections::{BTreeMap, BTreeSet};

use auction_core::terms::{AuctionTerms, AuditPolicy, Channel, Channels, LotOrder as Order, LotTerms};
use auction_core::{AuctionId, Handle, LotNumber, Span, Timestamp};

use crate::auction::{Auction, AuctionSpec, BidChannel, GapAudit, House, LotOrder};

mod findings;
mod lot;
#[cfg(test)]
mod tests;

use findings::Findings;
pub use findings::{FieldCode, FieldError};

/// The most lots of one auction.
const MOST_LOTS: usize = 200;

/// Checks a manifest whole and returns its terms.
///
/// `metadata.uid` must be set (the API server sets it; `sothebais up` keeps one in its data directory), and the Secrets of
/// hidden reserves must have been read into their fields. All errors are returned, in the order of the fields.
pub fn validate(auction: &Auction) -> Result<AuctionTerms, Vec<FieldError>> {
    let mut findings = Findings::default();
    let terms = auction_terms(auction, &mut findings);
    findings.finish(terms)
}

fn auction_terms(auction: &Auction, findings: &mut Findings) -> Option<AuctionTerms> {
    let AuctionSpec {
        title,
        currency: _,
        house,
        schedule,
        run_state: _,
        bid_channels,
        lot_order,
        lot_pause_seconds,
        closing,
        lot_defaults,
        lots,
        engine: _,
        stream: _,
        routing: _,
        disruption: _,
        rollout: _,
        ttl_seconds_after_finished: _,
        character_ref: _,
        settlement: _,
    } = &auction.spec;

    let uid = identity(auction, findings);
    findings.text("spec.title", title, 120);
    let channels = channels(bid_channels, findings);
    let handle = handle(house, channels.x, findings);
    let warmup = findings.within::<i64>("spec.schedule.warmupSeconds", schedule.warmup_seconds, 0..=3600);
    let grace = findings.within::<i64>("spec.schedule.settleGraceSeconds", schedule.settle_grace_seconds, 0..=86_400);
    let pause = findings.within("spec.lotPauseSeconds", *lot_pause_seconds, 0..=3600).map(Span::from_secs);
    let drain = findings.within("spec.closing.drainSeconds", closing.drain_seconds, 0..=120).map(Span::from_secs);
    let deadline_path = "spec.closing.gapAuditDeadlineSeconds";
    let deadline = findings.within(deadline_path, closing.gap_audit_deadline_seconds, 1..=600).map(Span::from_secs);
    let audit = match (closing.gap_audit, channels.x) {
        (GapAudit::Required, Channel::Open) => AuditPolicy::Required { deadline: deadline? },
        (GapAudit::Skipped, Channel::Open | Channel::Shut) | (GapAudit::Required, Channel::Shut) => {
            AuditPolicy::NotNeeded
        }
    };
    let lots = lot_terms(lots, lot_defaults, findings);
    let order = match lot_order {
        LotOrder::Sequential => Order::Sequential { pause: pause? },
        LotOrder::Concurrent => Order::Concurrent,
    };
    (warmup.is_some() && grace.is_some()).then_some(())?;
    let terms = AuctionTerms {
        uid: uid?,
        generation: auction.metadata.generation.unwrap_or(1),
        title: title.clone(),
        handle,
        starts_at: Timestamp(schedule.starts_at.as_millisecond()),
        order,
        channels,
        drain: drain?,
        audit,
        lots: lots?,
    };
    lots_fit(&terms, schedule.ends_at, findings);
    Some(terms)
}

/// The planned end, where there is one, leaves time for the lots as scheduled.
fn lots_fit(terms: &AuctionTerms, ends_at: Option<jiff::Timestamp>, findings: &mut Findings) {
    let Some(ends_at) = ends_at else { return };
    let durations = terms.lots.iter().map(|lot| lot.duration.0);
    let needed = match terms.order {
        Order::Sequential { pause } => {
            let pauses = i64::try_from(terms.lots.len().saturating_sub(1)).unwrap_or(i64::MAX);
            durations.sum::<i64>().saturating_add(pause.0.saturating_mul(pauses))
        }
        Order::Concurrent => durations.max().unwrap_or_default(),
    };
    let planned = ends_at.as_millisecond().saturating_sub(terms.starts_at.0);
    if planned < needed {
        let message = format!("the lots take {} s and {} s are planned", needed / 1000, planned / 1000);
        let remedy = "move endsAt back, shorten the lots, or leave endsAt out";
        findings.add("spec.schedule.endsAt", FieldCode::FieldsConflict, message, remedy);
    }
}

/// Checks the names that the object goes by and returns its UID.
fn identity(auction: &Auction, findings: &mut Findings) -> Option<String> {
    match auction.metadata.name.as_deref() {
        None => findings.add("metadata.name", FieldCode::FieldMissing, "the auction has no name", "name it"),
        Some(name) => {
            findings.checked("metadata.name", AuctionId::new(name), "write a DNS label such as genesis-night");
        }
    }
    let uid = auction.metadata.uid.clone().filter(|uid| !uid.is_empty());
    if uid.is_none() {
        let remedy = "apply the manifest through the API server or sothebais up, which set it";
        findings.add("metadata.uid", FieldCode::FieldMissing, "the auction has no UID", remedy);
    }
    uid
}

/// The handle that bidders mention.
fn handle(house: &House, posts: Channel, findings: &mut Findings) -> Option<Handle> {
    let path = "spec.house.xHandle";
    if posts == Channel::Open && house.x_handle.is_none() {
        let remedy = "name the account that bidders mention, or leave \"x\" out of spec.bidChannels";
        findings.add(path, FieldCode::FieldMissing, "bids by post need the house's handle", remedy);
    }
    let text = house.x_handle.as_deref()?;
    findings.checked(path, Handle::new(text), "write the account's handle as X shows it")
}

fn channels(listed: &[BidChannel], findings: &mut Findings) -> Channels {
    let path = "spec.bidChannels";
    let distinct: BTreeSet<_> = listed.iter().collect();
    if listed.is_empty() {
        findings.add(path, FieldCode::FieldMissing, "no channel for bids is open", "list \"x\", \"web\" or both");
    }
    if distinct.len() < listed.len() {
        findings.add(path, FieldCode::FieldDuplicate, "a channel is listed twice", "list each channel once");
    }
    let state = |channel| if distinct.contains(&channel) { Channel::Open } else { Channel::Shut };
    Channels { x: state(BidChannel::X), web: state(BidChannel::Web) }
}

fn lot_terms(
    lots: &[crate::auction::Lot],
    defaults: &crate::auction::LotDefaults,
    findings: &mut Findings,
) -> Option<Vec<LotTerms>> {
    if lots.is_empty() || lots.len() > MOST_LOTS {
        let message = format!("an auction has 1 to {MOST_LOTS} lots, not {}", lots.len());
        findings.add("spec.lots", FieldCode::FieldOutOfRange, message, "add a lot, or split the auction");
    }
    let mut seen = BTreeMap::new();
    let mut checked = Vec::with_capacity(lots.len());
    for (index, lot) in lots.iter().enumerate() {
        if let Some(first) = seen.insert(&lot.id, index) {
            let message = format!("\"{}\" is also the id of spec.lots[{first}]", lot.id);
            findings.add(
                &format!("spec.lots[{index}].id"),
                FieldCode::FieldDuplicate,
                message,
                "give it an id of its own",
            );
        }
        checked.push(lot::terms(index, lot, defaults, findings));
    }
    checked.into_iter().collect()
}

/// The number that bidders say: the place in the manifest, from 1.
fn lot_number(index: usize) -> Option<LotNumber> {
    u32::try_from(index + 1).ok().map(LotNumber)
}
