//! Snapshots: the whole state as bytes, and the digest by which two states are compared.

use sha2::{Digest, Sha256};

use crate::Shard;

/// The first byte of every snapshot written by this version. Raised whenever the state's shape changes: an older snapshot is
/// then passed over and the journal folded from its beginning.
pub const SNAPSHOT_VERSION: u8 = 2;

/// Why bytes are not a snapshot of this version.
#[derive(Debug, thiserror::Error)]
pub enum BadSnapshot {
    #[error("a snapshot is empty")]
    Empty,
    #[error("snapshot version {0} is not this program's ({SNAPSHOT_VERSION})")]
    OtherVersion(u8),
    #[error("a snapshot does not decode")]
    Malformed(#[source] postcard::Error),
    #[error("a snapshot has bytes after its end")]
    TrailingBytes,
}

impl Shard {
    /// The state as bytes.
    pub fn to_snapshot(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![SNAPSHOT_VERSION]).expect("a state of plain data always encodes")
    }

    /// Reads a state back.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, BadSnapshot> {
        match bytes.split_first() {
            None => Err(BadSnapshot::Empty),
            Some((&SNAPSHOT_VERSION, body)) => match postcard::take_from_bytes::<Self>(body) {
                Ok((shard, [])) => Ok(shard),
                Ok(_) => Err(BadSnapshot::TrailingBytes),
                Err(error) => Err(BadSnapshot::Malformed(error)),
            },
            Some((&version, _)) => Err(BadSnapshot::OtherVersion(version)),
        }
    }

    /// SHA-256 of the snapshot: equal states have equal digests.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_snapshot()).into()
    }
}
