//! The state of a shard: its auctions, their lots, and what its bidders have reserved.

use crate::{Command, Decision, Event, Timestamp};

/// The fold of a shard's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shard {}

impl Shard {
    /// Decides one command. Pure and total: the same state, command and `now` always give the same answer.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Decision {
        let _ = (command, now);
        unreachable!("the rules follow in the next change")
    }

    /// Folds one event into the state.
    pub fn apply(&mut self, event: &Event) {
        let _ = event;
    }
}
