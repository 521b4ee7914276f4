//! The answer to one command.

use serde::{Deserialize, Serialize};

use crate::event::Standing;
use crate::{AuctionId, Event, LotNumber, Refusal, Wei};

/// What a decided command belongs to: a lot's chain, an auction's (`lot` is `None`), or the shard's (`auction` too).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// In order. Empty for a refused command of the clerk or of the house, and for a `Done` that changed nothing.
    pub events: Vec<Event>,
}

impl Decision {
    /// Whether nothing happened: such a decision has no row in the journal and its `lot_seq` stays free.
    pub fn is_idle(&self) -> bool {
        self.verdict == Verdict::Done && self.events.is_empty()
    }
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
