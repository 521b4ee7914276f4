//! Answers to commands in the wire's words, for sockets and HTTP alike.

use auction_core::{AuctionId, BidderId, Intent, LotNumber, Verdict};
use wire::Amount;
use wire::socket::{self, Outcome, Refused};

use crate::engine::{self, First, SubmitError};
use crate::public;

/// The answer to a bid whose row is durable.
pub(crate) fn committed(id: String, bidder: BidderId, intent: Intent, outcome: &engine::Outcome) -> Outcome {
    let decision = &outcome.decision;
    let (standing, refusal) = match &decision.verdict {
        Verdict::Accepted { standing, .. } => (Some(standing), None),
        Verdict::Refused(refusal) => (None, Some(public::refused(refusal))),
        Verdict::Parked | Verdict::Done => (None, None),
    };
    // The bidder may be told its own amount, a maximum included.
    let amount = match &decision.verdict {
        Verdict::Accepted { amount, .. } => Some(*amount),
        Verdict::Refused(_) | Verdict::Parked | Verdict::Done => public::shown_amount(&decision.verdict, Some(intent)),
    };
    Outcome {
        id,
        verdict: public::verdict(&decision.verdict),
        lot: decision.subject.lot,
        epoch: Some(outcome.epoch),
        seq: Some(outcome.seq),
        lot_seq: Some(decision.lot_seq),
        amount_wei: amount.map(Amount),
        price_wei: standing.map(|standing| Amount(standing.price)),
        leading: standing.map(|standing| standing.leader == bidder),
        leader_paddle: standing.map(|standing| standing.paddle),
        refused: refusal,
    }
}

/// Refuses to pass a first answer off as that to a command for another auction or lot under the same key.
pub(crate) fn check_target(
    outcome: &engine::Outcome,
    auction: &AuctionId,
    lot: Option<LotNumber>,
) -> Result<(), KeyReused> {
    let decided = &outcome.decision.subject;
    let other_auction = decided.auction.as_ref().is_some_and(|decided| decided != auction);
    let other_lot = decided.lot.zip(lot).is_some_and(|(decided, asked)| decided != asked);
    match outcome.first {
        First::Repeated if other_auction || other_lot => Err(KeyReused),
        First::Repeated | First::Decided => Ok(()),
    }
}

/// A key has been used before, for a command elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this key was used before, for another auction or lot")]
pub(crate) struct KeyReused;

impl KeyReused {
    pub(crate) const CODE: &'static str = "KeyReused";
    pub(crate) const REMEDY: &'static str = "send a new command under a key of its own";
}

/// The answer to a command that the engine did not take or does not know the end of.
pub(crate) fn not_taken(id: String, error: &SubmitError) -> Outcome {
    let verdict = match error {
        SubmitError::InDoubt => socket::Verdict::InDoubt,
        SubmitError::Busy { .. } | SubmitError::NotHere { .. } | SubmitError::Stopping | SubmitError::NotRecorded => {
            socket::Verdict::Busy
        }
    };
    not_journaled(id, verdict, why_not(error))
}

/// An answer that stands in no journal.
pub(crate) fn not_journaled(id: String, verdict: socket::Verdict, why: Refused) -> Outcome {
    Outcome {
        id,
        verdict,
        lot: None,
        epoch: None,
        seq: None,
        lot_seq: None,
        amount_wei: None,
        price_wei: None,
        leading: None,
        leader_paddle: None,
        refused: Some(why),
    }
}

/// A failure to take a command, with when to try again.
pub(crate) fn why_not(error: &SubmitError) -> Refused {
    let (code, remedy, retry_after_ms) = match error {
        SubmitError::Busy { retry_after } => {
            let retry = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
            ("Busy", "send it again after the time named; the same key counts once", retry)
        }
        SubmitError::NotHere { .. } => ("NotHere", "connect again; another worker takes the shard over", 1000),
        SubmitError::Stopping => ("Stopping", "connect again; another worker takes the shard over", 1000),
        SubmitError::InDoubt => ("InDoubt", "send it again with the same key to learn whether it counted", 200),
        SubmitError::NotRecorded => ("NotRecorded", "nothing of it counts; send it again with another key", 1000),
    };
    Refused {
        code: code.into(),
        message: error.to_string(),
        remedy: remedy.into(),
        retry_after_ms: Some(retry_after_ms),
    }
}
