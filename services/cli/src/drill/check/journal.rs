//! What the journal must be by itself: gapless, written by one epoch after the other, rising, with one winner.

use std::collections::BTreeMap;

use auction_core::{BidderId, LotNumber, SourceKind, Wei};

use super::{Check, Violation};
use crate::drill::evidence::{Evidence, Row, Written};

/// The journal by its ways in.
pub(super) struct Index<'a> {
    by_key: BTreeMap<(SourceKind, &'a str), &'a Row>,
    /// Each lot's accepted prices by the `seq` that made them.
    prices: BTreeMap<LotNumber, BTreeMap<u64, Wei>>,
    last_seq: u64,
}

impl<'a> Index<'a> {
    pub(super) fn new(rows: &'a [Row]) -> Self {
        let mut prices: BTreeMap<LotNumber, BTreeMap<u64, Wei>> = BTreeMap::new();
        for row in rows {
            if let (Some(lot), Written::Accepted { price, .. }) = (row.lot, &row.verdict) {
                prices.entry(lot).or_default().insert(row.seq, *price);
            }
        }
        let by_key = rows.iter().rev().map(|row| ((row.source, row.key.as_str()), row)).collect();
        Self { by_key, prices, last_seq: rows.last().map_or(0, |row| row.seq) }
    }

    /// The lot's price after row `seq`; `None` when the journal does not go so far or nobody had bid.
    pub(super) fn price_at(&self, lot: LotNumber, seq: u64) -> Option<Wei> {
        let prices = self.prices.get(&lot).filter(|_| seq <= self.last_seq)?;
        prices.range(..=seq).next_back().map(|(_, &price)| price)
    }

    /// The first row with that key.
    pub(super) fn with_key(&self, source: SourceKind, key: &str) -> Option<&'a Row> {
        self.by_key.get(&(source, key)).copied()
    }
}

pub(super) fn has_no_gaps(rows: &[Row], found: &mut Vec<Violation>) {
    let mut lot_seqs: BTreeMap<LotNumber, u64> = BTreeMap::new();
    for (row, expected) in rows.iter().zip(1_u64..) {
        if row.seq != expected {
            let evidence = format!("row {expected} of the journal has seq {}", row.seq);
            found.push(Violation::new(Check::SequenceHasNoGaps, evidence));
            break;
        }
    }
    for row in rows {
        let Some(lot) = row.lot else { continue };
        let last = lot_seqs.entry(lot).or_default();
        if row.lot_seq != *last + 1 {
            let evidence = format!("lot {lot}: lot_seq {} follows {last} (seq {})", row.lot_seq, row.seq);
            found.push(Violation::new(Check::SequenceHasNoGaps, evidence));
        }
        *last = row.lot_seq;
    }
}

pub(super) fn has_one_writer(evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut report = |evidence: String| found.push(Violation::new(Check::OneWriterAtATime, evidence));
    let (mut epoch, mut next) = (0, 1);
    for commit in &evidence.commits {
        if commit.epoch < epoch {
            report(format!("epoch {} committed seq {} after epoch {epoch} had", commit.epoch, commit.first_seq));
        }
        if commit.first_seq != next {
            report(format!("a commit begins at seq {} where {next} was due", commit.first_seq));
        }
        (epoch, next) = (commit.epoch.max(epoch), commit.last_seq + 1);
    }
    let last = evidence.rows.last().map_or(0, |row| row.seq);
    if next != last + 1 {
        report(format!("commits end at seq {}, the journal at {last}", next - 1));
    }
    let mut claimed: BTreeMap<u64, &str> = BTreeMap::new();
    for call in &evidence.calls {
        for place in call.answers.iter().filter_map(|answer| answer.place) {
            let first = *claimed.entry(place.seq).or_insert(&call.key);
            if first != call.key {
                report(format!("seq {} was promised to {first} and to {}", place.seq, call.key));
            }
        }
    }
}

pub(super) fn has_one_row_by_key(rows: &[Row], found: &mut Vec<Violation>) {
    let mut first: BTreeMap<(SourceKind, &str), u64> = BTreeMap::new();
    for row in rows {
        let seq = *first.entry((row.source, row.key.as_str())).or_insert(row.seq);
        if seq != row.seq {
            let evidence = format!("{:?} key {} has rows {seq} and {}", row.source, row.key, row.seq);
            found.push(Violation::new(Check::OneEffectByKey, evidence));
        }
    }
}

pub(super) fn price_rises(rows: &[Row], step: Wei, found: &mut Vec<Violation>) {
    let mut prices: BTreeMap<LotNumber, Wei> = BTreeMap::new();
    for row in rows {
        let (Some(lot), Written::Accepted { price, .. }) = (row.lot, &row.verdict) else { continue };
        if let Some(before) = prices.insert(lot, *price)
            && *price < before.saturating_add(step)
        {
            let evidence = format!("lot {lot}: {price} was accepted at seq {} over {before}, step {step}", row.seq);
            found.push(Violation::new(Check::PriceRises, evidence));
        }
    }
}

/// The last accepted bid of each lot.
pub(super) fn leaders(rows: &[Row]) -> BTreeMap<LotNumber, (BidderId, Wei)> {
    let mut leaders = BTreeMap::new();
    for row in rows {
        if let (Some(lot), Written::Accepted { bidder, price }) = (row.lot, &row.verdict) {
            leaders.insert(lot, (*bidder, *price));
        }
    }
    leaders
}

pub(super) fn has_one_winner(evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut report = |evidence: String| found.push(Violation::new(Check::OneWinner, evidence));
    let leaders = leaders(&evidence.rows);
    let mut sold: BTreeMap<LotNumber, u64> = BTreeMap::new();
    for row in &evidence.rows {
        let (Some(lot), Written::Sold { bidder, price }) = (row.lot, &row.verdict) else { continue };
        if let Some(first) = sold.insert(lot, row.seq) {
            report(format!("lot {lot} was sold at seq {first} and at seq {}", row.seq));
        }
        if leaders.get(&lot) != Some(&(*bidder, *price)) {
            report(format!("lot {lot} was sold to {bidder} for {price}; the last bid is {:?}", leaders.get(&lot)));
        }
    }
    for replay in &evidence.replays {
        let expected = leaders.get(&replay.lot).copied();
        if replay.leader != expected {
            let (reader, lot, leader) = (replay.reader, replay.lot, &replay.leader);
            report(format!("{reader}: lot {lot} is led by {leader:?}; the last bid is {expected:?}"));
        }
    }
    for standing in &evidence.standings {
        let expected = leaders.get(&standing.lot).map(|&(_, price)| price);
        if standing.price != expected {
            let shown = standing.price;
            report(format!("the engine shows lot {} at {shown:?}; the last bid is {expected:?}", standing.lot));
        }
    }
}
