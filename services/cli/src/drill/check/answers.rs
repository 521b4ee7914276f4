//! What clients were told, held against the journal.

use std::collections::BTreeMap;

use auction_core::{BidderId, LotNumber, SourceKind, Wei};

use super::journal::Index;
use super::{Check, Violation};
use crate::drill::evidence::{Ask, Call, Evidence, Micros, Place, Row, Said, Written};

pub(super) fn are_durable(evidence: &Evidence, journal: &Index<'_>, found: &mut Vec<Violation>) {
    let epochs = |seq| evidence.epoch_of(seq);
    for (call, answer) in evidence.calls.iter().flat_map(|call| call.answers.iter().map(move |answer| (call, answer))) {
        let told = format!("{} was told {:?} at {:?}", call.key, answer.verdict, answer.place);
        let Some(row) = journal.with_key(SourceKind::Web, &call.key) else {
            found.push(Violation::new(Check::AnsweredIsDurable, format!("{told}; no row has that key")));
            continue;
        };
        let same_place = answer.place.is_none_or(|place| (place.seq, place.lot_seq) == (row.seq, row.lot_seq));
        if !same_place || !same_verdict(call, &answer.verdict, &row.verdict) {
            let evidence = format!("{told}; that key's row is {}, lot_seq {}, {:?}", row.seq, row.lot_seq, row.verdict);
            found.push(Violation::new(Check::AnsweredIsDurable, evidence));
        } else if let Some(place) =
            answer.place.filter(|place| epochs(place.seq).is_none_or(|epoch| epoch > place.epoch))
        {
            // A later epoch may repeat what an earlier one has written; never the other way round.
            let evidence = format!("{told}; it was written by epoch {:?}", epochs(place.seq));
            found.push(Violation::new(Check::OneWriterAtATime, evidence));
        }
    }
}

fn same_verdict(call: &Call, said: &Said, written: &Written) -> bool {
    match (said, written) {
        (Said::Accepted { price: told }, Written::Accepted { bidder, price }) => {
            told == price && *bidder == call.bidder
        }
        (Said::Refused { code: told }, Written::Refused { code, .. }) => told == code,
        (Said::Parked, Written::Parked) => true,
        (
            Said::Accepted { .. } | Said::Refused { .. } | Said::Parked,
            Written::Accepted { .. } | Written::Refused { .. } | Written::Parked | Written::Sold { .. } | Written::Done,
        ) => false,
    }
}

pub(super) fn agree_by_key(calls: &[Call], found: &mut Vec<Violation>) {
    for call in calls {
        let Some((first, others)) = call.answers.split_first() else { continue };
        for other in others {
            let row = |place: Place| (place.seq, place.lot_seq);
            let elsewhere = first.place.map(row).zip(other.place.map(row)).is_some_and(|(a, b)| a != b);
            if elsewhere || first.verdict != other.verdict {
                let evidence = format!("{} was told {first:?} and then {other:?}", call.key);
                found.push(Violation::new(Check::OneEffectByKey, evidence));
            }
        }
    }
}

/// Sweeps the calls by their first invocation and keeps the highest `seq` that had been answered by then.
pub(super) fn keep_real_time_order(calls: &[Call], journal: &Index<'_>, found: &mut Vec<Violation>) {
    let placed: Vec<Placed<'_>> = calls.iter().filter_map(|call| Placed::of(call, journal)).collect();
    let mut by_return: Vec<&Placed<'_>> = placed.iter().collect();
    by_return.sort_by_key(|call| call.returned);
    let mut by_invocation: Vec<&Placed<'_>> = placed.iter().collect();
    by_invocation.sort_by_key(|call| call.invoked);

    let mut returned = by_return.into_iter().peekable();
    let mut highest: Option<&Placed<'_>> = None;
    for call in by_invocation {
        while let Some(earlier) = returned.next_if(|earlier| earlier.returned < call.invoked) {
            highest = highest.filter(|highest| highest.seq > earlier.seq).or(Some(earlier));
        }
        if let Some(earlier) = highest.filter(|earlier| call.seq < earlier.seq) {
            let order = format!("{} with seq {} was answered before it was sent", earlier.key, earlier.seq);
            let evidence = format!("{} has seq {}, but {order}", call.key, call.seq);
            found.push(Violation::new(Check::RealTimeOrder, evidence));
        }
    }
}

/// An answered call with its place: the answer's own, else its row's.
struct Placed<'a> {
    key: &'a str,
    invoked: Micros,
    returned: Micros,
    seq: u64,
}

impl<'a> Placed<'a> {
    fn of(call: &'a Call, journal: &Index<'_>) -> Option<Self> {
        let answer = call.answers.first()?;
        let by_row = || journal.with_key(SourceKind::Web, &call.key).map(|row| row.seq);
        let seq = answer.place.map(|place| place.seq).or_else(by_row)?;
        Some(Self { key: &call.key, invoked: call.invoked, returned: answer.returned, seq })
    }
}

/// Refusals that speak of the price or of the leader are held against the rows before them. Others depend on the
/// registry and the clock, which a round does not change, and so must not occur at all.
pub(super) fn refusals_are_true(rows: &[Row], step: Wei, found: &mut Vec<Violation>) {
    let mut standing: BTreeMap<LotNumber, (BidderId, Wei)> = BTreeMap::new();
    for row in rows {
        let Some(lot) = row.lot else { continue };
        match &row.verdict {
            Written::Accepted { bidder, price } => {
                standing.insert(lot, (*bidder, *price));
            }
            Written::Refused { bidder, ask, code } => {
                if !refusal_holds(standing.get(&lot).copied(), *bidder, *ask, code, step) {
                    let before = standing.get(&lot);
                    let evidence = format!("seq {}: {code} to {bidder:?} for {ask:?}; before it: {before:?}", row.seq);
                    found.push(Violation::new(Check::RefusalsAreTrue, evidence));
                }
            }
            Written::Parked | Written::Sold { .. } | Written::Done => {}
        }
    }
}

fn refusal_holds(
    standing: Option<(BidderId, Wei)>,
    bidder: Option<BidderId>,
    ask: Option<Ask>,
    code: &str,
    step: Wei,
) -> bool {
    match code {
        "BelowIncrement" => match (standing, ask) {
            (Some((_, price)), Some(Ask::Amount(amount))) => amount < price.saturating_add(step),
            (None, _) | (_, None | Some(Ask::NextBid)) => false,
        },
        "AlreadyLeading" => standing.map(|(leader, _)| leader) == bidder && bidder.is_some(),
        // The lot's own clock: it had ended. Whether it had is the hammer's business, which the replays check.
        "LotClosed" | "TooLate" | "LotNotOpen" => true,
        _ => false,
    }
}
