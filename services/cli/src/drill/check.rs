//! The judge of the drill: pure functions from the evidence of a round to the violations in it.
//!
//! The system names its own order (`seq`), so every check is a sort and a sweep. A check never trusts what another
//! part of the system says about itself: acknowledgements are held against the journal, the journal against its rules.

mod answers;
mod journal;
mod seen;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use super::evidence::Evidence;

/// A promise of the house that the drill holds it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whatever was answered stands in the journal, at the place that the answer named, with the same verdict.
    AnsweredIsDurable,
    /// `seq` runs from 1 without a gap, and so does every lot's `lot_seq`.
    SequenceHasNoGaps,
    /// Commits cover the journal in epochs that never fall, and no answer speaks for a row of a later epoch.
    OneWriterAtATime,
    /// One key, one row; all answers to a key say the same.
    OneEffectByKey,
    /// Each accepted price is at least one step above the one before.
    PriceRises,
    /// A bid that was answered before another was sent comes before it in the journal.
    RealTimeOrder,
    /// A refusal was right when it was written.
    RefusalsAreTrue,
    /// The last accepted bid wins, for the hammer, for each replay and for the engine that serves afterwards.
    OneWinner,
    /// Independent readings of the journal come to the same hash.
    SameHash,
    /// Nobody was ever shown a price that is not in the journal, nor one that fell.
    ShownIsDurable,
    /// Every post that bids was judged once; no other post has a row.
    PostsAreJudgedOnce,
    /// After each blow a worker serves again, every bid is answered, and the hammer falls, each within its time.
    ServesAgain,
}

impl Check {
    /// The check in the drill's tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnsweredIsDurable => "answered is durable",
            Self::SequenceHasNoGaps => "sequence has no gaps",
            Self::OneWriterAtATime => "one writer at a time",
            Self::OneEffectByKey => "one effect by key",
            Self::PriceRises => "price rises",
            Self::RealTimeOrder => "real-time order",
            Self::RefusalsAreTrue => "refusals are true",
            Self::OneWinner => "one winner",
            Self::SameHash => "same hash",
            Self::ShownIsDurable => "shown is durable",
            Self::PostsAreJudgedOnce => "posts are judged once",
            Self::ServesAgain => "serves again",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A broken promise, with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub check: Check,
    pub evidence: String,
}

impl Violation {
    fn new(check: Check, evidence: String) -> Self {
        Self { check, evidence }
    }
}

/// Every violation in the evidence, in the order of the checks. Empty means that the house kept its word.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let journal = journal::Index::new(&evidence.rows);
    let mut found = Vec::new();
    answers::are_durable(evidence, &journal, &mut found);
    journal::has_no_gaps(&evidence.rows, &mut found);
    journal::has_one_writer(evidence, &mut found);
    journal::has_one_row_by_key(&evidence.rows, &mut found);
    answers::agree_by_key(&evidence.calls, &mut found);
    journal::price_rises(&evidence.rows, evidence.step, &mut found);
    answers::keep_real_time_order(&evidence.calls, &journal, &mut found);
    answers::refusals_are_true(&evidence.rows, evidence.step, &mut found);
    journal::has_one_winner(evidence, &mut found);
    seen::replays_agree(&evidence.replays, &mut found);
    seen::prices_are_durable(evidence, &journal, &mut found);
    seen::posts_are_judged_once(evidence, &mut found);
    found
}

/// The violations of a round that got stuck: that it did, and what its journal shows by itself. The clients' notes are
/// incomplete then and are left aside.
pub fn check_stuck(why: String, evidence: &Evidence) -> Vec<Violation> {
    let mut found = vec![Violation::new(Check::ServesAgain, why)];
    journal::has_no_gaps(&evidence.rows, &mut found);
    journal::has_one_row_by_key(&evidence.rows, &mut found);
    journal::price_rises(&evidence.rows, evidence.step, &mut found);
    answers::refusals_are_true(&evidence.rows, evidence.step, &mut found);
    seen::replays_agree(&evidence.replays, &mut found);
    found
}
