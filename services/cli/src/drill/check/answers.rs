//! What clients were told, held against the journal.

use std::collections::BTreeMap;

use auction_core::{BidderId, LotNumber, SourceKind, Wei};

use super::journal::Index;
use super::{Check, Violation};
use crate::drill::evidence::{Ask, Call, Evidence, Row, Said, Written};

pub(super) fn are_durable(evidence: &Evidence, journal: &Index<'_>, found: &mut Vec<Violation>) {
    let epochs = |seq: u64| {
        let after = evidence.commits.partition_point(|commit| commit.first_seq <= seq);
        after.checked_sub(1).map(|at| evidence.commits[at].epoch)
    };
    for call in &evidence.calls {
        for answer in &call.answers {
            let told =
                format!("{} was told {:?} at seq {}, lot_seq {}", call.key, answer.verdict, answer.seq, answer.lot_seq);
            let Some(row) = journal.at(answer.seq).filter(|row| row.key == call.key && row.source == SourceKind::Web)
            else {
                let stands = journal.with_key(SourceKind::Web, &call.key).map_or_else(
                    || "no row has that key".to_owned(),
                    |row| format!("that key's row is {}, {:?}", row.seq, row.verdict),
                );
                found.push(Violation::new(Check::AnsweredIsDurable, format!("{told}; {stands}")));
                continue;
            };
            if row.lot_seq != answer.lot_seq || !same_verdict(call, &answer.verdict, &row.verdict) {
                let evidence = format!("{told}; the row has lot_seq {}, {:?}", row.lot_seq, row.verdict);
                found.push(Violation::new(Check::AnsweredIsDurable, evidence));
            }
            if epochs(answer.seq) != Some(answer.epoch) {
                let evidence = format!("{told} by epoch {}; it was written by {:?}", answer.epoch, epochs(answer.seq));
                found.push(Violation::new(Check::OneWriterAtATime, evidence));
            }
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
            let parts = |a: &crate::drill::evidence::Answer| (a.epoch, a.seq, a.lot_seq, a.verdict.clone());
            if parts(first) != parts(other) {
                let evidence = format!("{} was told {:?} and then {:?}", call.key, parts(first), parts(other));
                found.push(Violation::new(Check::OneEffectByKey, evidence));
            }
        }
    }
}

/// Sweeps the calls by their first invocation and keeps the highest `seq` that had been answered by then.
pub(super) fn keep_real_time_order(calls: &[Call], found: &mut Vec<Violation>) {
    let answered = || calls.iter().filter_map(|call| call.answers.first().map(|answer| (call, answer)));
    let mut by_return: Vec<_> = answered().collect();
    by_return.sort_by_key(|(_, answer)| answer.returned);
    let mut by_invocation: Vec<_> = answered().collect();
    by_invocation.sort_by_key(|(call, _)| call.invoked);

    let mut returned = by_return.into_iter().peekable();
    let mut highest: Option<(u64, &str)> = None;
    for (call, answer) in by_invocation {
        while let Some((earlier, earlier_answer)) = returned.next_if(|(_, a)| a.returned < call.invoked) {
            highest = highest.max(Some((earlier_answer.seq, earlier.key.as_str())));
        }
        if let Some((seq, key)) = highest
            && answer.seq < seq
        {
            let evidence = format!(
                "{} has seq {}, but {key} with seq {seq} was answered before it was sent",
                call.key, answer.seq
            );
            found.push(Violation::new(Check::RealTimeOrder, evidence));
        }
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
