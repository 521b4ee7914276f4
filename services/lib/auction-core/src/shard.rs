//! The state of a shard: its auctions, their lots, and what its bidders have reserved.

use crate::{AuctionId, Command, Decision, Entry, Hash, Subject, Timestamp};

/// The fold of a shard's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shard {}

impl Shard {
    /// Decides one command. Pure and total: the same state, command and `now` always give the same answer.
    ///
    /// Before each command the worker lets happen what is due: `while let Some(tick) = shard.due(now) { … }`.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Decision {
        let _ = (command, now);
        unreachable!("the rules follow in the next change")
    }

    /// Folds one row into the state; the only mutation. `hash` is `self.head(subject).chain(entry.encode())`.
    pub fn apply(&mut self, entry: &Entry, hash: Hash) {
        let _ = (entry, hash);
    }

    /// The last hash of a subject's chain; [`Hash::default`] when it has none.
    pub fn head(&self, subject: &Subject) -> Hash {
        let _ = subject;
        Hash::default()
    }

    /// When the next [`crate::Action::Tick`] is due, and for which auction.
    pub fn next_deadline(&self) -> Option<(AuctionId, Timestamp)> {
        None
    }

    /// The next tick that is due by `now`, with a key of its own. One tick does one step; ask again after it.
    pub fn due(&self, now: Timestamp) -> Option<Command> {
        let _ = now;
        None
    }
}
