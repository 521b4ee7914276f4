//! What one round of the drill left behind: the clients' own record, and the journal as it was read afterwards.
//!
//! Plain data. Who gathers it is not the checker's business, so the checker can be tested with histories written by hand.

use std::time::Duration;

use auction_core::{BidderId, Hash, LotNumber, SourceKind, Wei};
use serde::Serialize;

/// Microseconds on the drill's monotonic clock, the same for every client of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Micros(pub u64);

impl From<Duration> for Micros {
    fn from(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX))
    }
}

/// Everything that is known about a round.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The least step between two accepted prices.
    pub step: Wei,
    /// One per idempotency key that a client used.
    pub calls: Vec<Call>,
    /// The journal, in the order of `seq`.
    pub rows: Vec<Row>,
    /// The commits that wrote it, in the order of `first_seq`.
    pub commits: Vec<Commit>,
    /// Every price that a viewer was shown, in the order in which each viewer saw them.
    pub sightings: Vec<Sighting>,
    /// The posts that lay in the inbox, whether judged or not.
    pub posts: Vec<Post>,
    /// What independent readings of the journal came to.
    pub replays: Vec<Replay>,
    /// What the engine says of each lot after the last fault, once it serves again.
    pub standings: Vec<Standing>,
}

/// One bid as its bidder knows it. It may have been sent several times, always with the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    pub bidder: BidderId,
    pub key: String,
    pub lot: LotNumber,
    pub ask: Ask,
    /// Before the first byte of the first attempt was sent.
    pub invoked: Micros,
    /// Every answer that came, in order; none if the round ended before.
    pub answers: Vec<Answer>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Ask {
    Amount(Wei),
    NextBid,
}

/// An answer that a client has read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub returned: Micros,
    /// Where the answer says that it stands; a refusal over HTTP does not say.
    pub place: Option<Place>,
    pub verdict: Said,
}

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    pub epoch: u64,
    pub seq: u64,
    pub lot_seq: u64,
}

/// What the answer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Said {
    Accepted { price: Wei },
    Refused { code: String },
    Parked,
}

/// One row of the journal, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub seq: u64,
    pub lot: Option<LotNumber>,
    pub lot_seq: u64,
    pub source: SourceKind,
    pub key: String,
    pub verdict: Written,
}

/// What a row decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Written {
    Accepted {
        bidder: BidderId,
        price: Wei,
    },
    Refused {
        bidder: Option<BidderId>,
        ask: Option<Ask>,
        code: String,
    },
    Parked,
    /// The hammer fell.
    Sold {
        bidder: BidderId,
        price: Wei,
    },
    /// Anything else: opening, extension, registry, cursor.
    Done,
}

impl Evidence {
    /// The epoch that wrote a row.
    pub fn epoch_of(&self, seq: u64) -> Option<u64> {
        let after = self.commits.partition_point(|commit| commit.first_seq <= seq);
        after.checked_sub(1).map(|at| self.commits[at].epoch)
    }
}

/// One group commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub epoch: u64,
    pub first_seq: u64,
    pub last_seq: u64,
}

/// A price that a viewer was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sighting {
    pub viewer: u32,
    pub lot: LotNumber,
    /// The worker that showed it, by its epoch, and the row that it is said to stand at.
    pub epoch: u64,
    pub seq: u64,
    pub price: Wei,
}

/// A post in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Post {
    pub inbox_seq: u64,
    pub id: String,
    pub content: Content,
}

/// Whether a post asks for something; one that does not has no row of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Content {
    Bid,
    Chat,
}

/// One independent reading of a lot's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    pub reader: &'static str,
    pub lot: LotNumber,
    pub head: Hash,
    pub leader: Option<(BidderId, Wei)>,
}

/// A lot as the engine shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub lot: LotNumber,
    pub price: Option<Wei>,
    pub lot_seq: u64,
}
