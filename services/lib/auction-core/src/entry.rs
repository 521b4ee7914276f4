//! The canonical form of one decided command: the bytes that are hashed, signed for and kept in the journal.
//!
//! `version byte ‖ postcard(command, now, decision)`. The hash of a row is SHA-256(previous hash of its subject ‖ entry).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Command, Decision, Event, Source, Timestamp};

/// The first byte of every entry written by this version.
pub const ENTRY_VERSION: u8 = 1;

/// A link of a lot's hash chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

/// The last link of a subject's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// The number of rows in the chain, and so of its last row; 0 when it has none.
    pub seq: u64,
    pub hash: Hash,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub command: Command,
    /// When it was decided, by the worker's clock; never before the previous row's.
    pub now: Timestamp,
    pub decision: Decision,
}

/// Why bytes are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum BadEntry {
    #[error("an entry is empty")]
    Empty,
    #[error("entry version {0} is unknown to this program (it knows {ENTRY_VERSION}); use a newer one")]
    UnknownVersion(u8),
    #[error("an entry does not decode")]
    Malformed(#[source] postcard::Error),
    #[error("an entry has bytes after its end")]
    TrailingBytes,
}

/// Bytes of a bid's entry, or a little more: one allocation.
const USUAL_LENGTH: usize = 384;

impl Entry {
    /// Whose command the row answers: the parked bid's own in the row that judges it, else the row's.
    pub fn source(&self) -> &Source {
        match self.decision.events.first() {
            Some(Event::BidUnparked { source, .. }) => source,
            Some(_) | None => &self.command.source,
        }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(USUAL_LENGTH);
        bytes.push(ENTRY_VERSION);
        postcard::to_extend(self, bytes).expect("an entry of plain data always encodes")
    }

    /// Reads an entry; trailing bytes are refused. That the bytes are the canonical ones is what the hash says.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadEntry> {
        match bytes.split_first() {
            None => Err(BadEntry::Empty),
            Some((&ENTRY_VERSION, body)) => match postcard::take_from_bytes::<Self>(body) {
                Ok((entry, [])) => Ok(entry),
                Ok(_) => Err(BadEntry::TrailingBytes),
                Err(error) => Err(BadEntry::Malformed(error)),
            },
            Some((&version, _)) => Err(BadEntry::UnknownVersion(version)),
        }
    }
}

impl Hash {
    /// The next link of the chain: SHA-256(self ‖ entry). A chain begins at [`Hash::default`].
    pub fn chain(self, entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(entry).finalize().into())
    }
}
