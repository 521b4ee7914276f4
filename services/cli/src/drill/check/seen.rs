//! What others saw: viewers, readers of the journal, and the authors of posts.

use std::collections::BTreeMap;

use auction_core::{LotNumber, SourceKind, Wei};

use super::journal::Index;
use super::{Check, Violation};
use crate::drill::evidence::{Content, Evidence, Replay, Sighting};

pub(super) fn replays_agree(replays: &[Replay], found: &mut Vec<Violation>) {
    let mut first: BTreeMap<LotNumber, &Replay> = BTreeMap::new();
    for replay in replays {
        let other = *first.entry(replay.lot).or_insert(replay);
        if other.head != replay.head {
            let evidence =
                format!("lot {}: {} and {} come to different hashes", replay.lot, other.reader, replay.reader);
            found.push(Violation::new(Check::SameHash, evidence));
        }
    }
}

/// A row that a later epoch wrote was not there when an earlier one showed it, even if the price happens to be the same.
pub(super) fn prices_are_durable(evidence: &Evidence, journal: &Index<'_>, found: &mut Vec<Violation>) {
    let mut last: BTreeMap<(u32, LotNumber), Wei> = BTreeMap::new();
    for sighting in &evidence.sightings {
        let Sighting { viewer, lot, epoch, seq, price } = *sighting;
        let written = journal.price_at(lot, seq);
        if written != Some(price) {
            let evidence =
                format!("viewer {viewer} was shown lot {lot} at {price} by seq {seq}; it was at {written:?}");
            found.push(Violation::new(Check::ShownIsDurable, evidence));
        }
        if let Some(writer) = evidence.epoch_of(seq).filter(|&writer| writer > epoch) {
            let evidence =
                format!("viewer {viewer} was shown row {seq} by epoch {epoch}; epoch {writer} wrote it later");
            found.push(Violation::new(Check::ShownIsDurable, evidence));
        }
        if let Some(before) = last.insert((viewer, lot), price)
            && price < before
        {
            let evidence = format!("viewer {viewer} saw lot {lot} fall from {before} to {price}");
            found.push(Violation::new(Check::ShownIsDurable, evidence));
        }
    }
}

pub(super) fn posts_are_judged_once(evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut judged: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in evidence.rows.iter().filter(|row| row.source == SourceKind::Post) {
        judged.entry(row.key.as_str()).or_default().push(row.seq);
    }
    for post in &evidence.posts {
        let rows = judged.remove(post.id.as_str()).unwrap_or_default();
        let expected = match post.content {
            Content::Bid => 1,
            Content::Chat => 0,
        };
        if rows.len() != expected {
            let evidence = format!("post {} (inbox {}, {:?}) has rows {rows:?}", post.id, post.inbox_seq, post.content);
            found.push(Violation::new(Check::PostsAreJudgedOnce, evidence));
        }
    }
    for (id, rows) in judged {
        let evidence = format!("rows {rows:?} judge post {id}, which is not in the inbox");
        found.push(Violation::new(Check::PostsAreJudgedOnce, evidence));
    }
}
