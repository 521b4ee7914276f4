//! The answer to one command.

use serde::{Deserialize, Serialize};

use crate::event::Standing;
use crate::{AuctionId, Event, LotNumber, Refusal, Wei};

/// What a decided command belongs to: a lot's chain, an auction's (`lot` is `None`), or the shard's (`auction` too).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    pub auction: Option<AuctionId>,
    pub lot: Option<LotNumber>,
}

/// The outcome of [`crate::Shard::decide`]: a verdict for the asker and the events that make it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub subject: Subject,
    /// Its number in the chain of its subject, from 1.
    pub lot_seq: u64,
    pub verdict: Verdict,
    /// In order; may be empty only for a `Done` that changed nothing, which is not journaled.
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A bid counts. It leads if `standing.leader` is the bidder; else a proxy bid has topped it at once.
    Accepted {
        amount: Wei,
        all_in: Wei,
        standing: Standing,
    },
    /// A bid timed after the end waits for the end to move or for the hammer.
    Parked,
    /// A command of the clerk or of the house was carried out.
    Done,
    Refused(Refusal),
}
