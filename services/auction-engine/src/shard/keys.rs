//! Which idempotency keys have been seen, without a horizon and without a lookup for a new one.
//!
//! A 64-bit fingerprint of every key of the journal is kept in memory (16 bytes a row). A key whose fingerprint is absent
//! is surely new. One whose fingerprint is there is looked up by the database's index, which alone decides; two keys with
//! one fingerprint only cost that lookup.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use auction_core::{Source, SourceKind};

/// A key's fingerprint. Stored in key pages: its computation never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(pub(crate) u64);

impl Fingerprint {
    /// FNV-1a over the kind's number and the key, finished by `SplitMix64`'s mixer so that its low bits are even.
    pub(crate) fn of(source: &Source) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let kind: u8 = match source.kind {
            SourceKind::Post => 1,
            SourceKind::Web => 2,
            SourceKind::Clerk => 3,
            SourceKind::House => 4,
        };
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        let mut mixed = source.key.bytes().fold(step(OFFSET, kind), step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(mixed ^ (mixed >> 31))
    }
}

/// Fingerprints are mixed already: their own bits are the hash.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The keys of a shard's journal, decided rows included.
#[derive(Default)]
pub(crate) struct Keys {
    seen: HashSet<Fingerprint, BuildHasherDefault<Identity>>,
    /// Fingerprints of rows that no key page holds yet, in row order, for the next snapshot.
    unsaved: Vec<u64>,
}

impl Keys {
    /// Makes room for `more` keys at once.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.seen.reserve(more);
    }

    pub(crate) fn contains(&self, key: Fingerprint) -> bool {
        self.seen.contains(&key)
    }

    /// Takes in a key that a key page holds.
    pub(crate) fn insert_saved(&mut self, key: Fingerprint) {
        self.seen.insert(key);
    }

    /// Takes in the key of the next row.
    pub(crate) fn insert(&mut self, key: Fingerprint) {
        self.seen.insert(key);
        self.unsaved.push(key.0);
    }

    /// Fingerprints of the first `rows` rows that no page holds.
    pub(crate) fn unsaved(&self, rows: usize) -> Vec<u64> {
        self.unsaved[..rows].to_vec()
    }

    /// The first `rows` unsaved fingerprints are in a page now.
    pub(crate) fn saved(&mut self, rows: usize) {
        self.unsaved.drain(..rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(kind: SourceKind, key: &str) -> Source {
        Source { kind, key: key.to_owned() }
    }

    #[test]
    fn fingerprints_never_change() {
        assert_eq!(Fingerprint::of(&source(SourceKind::Post, "1712345678901234567")).0, 5_270_010_262_592_136_710);
    }

    #[test]
    fn the_same_key_from_elsewhere_is_another_key() {
        assert_ne!(Fingerprint::of(&source(SourceKind::Web, "a")), Fingerprint::of(&source(SourceKind::Post, "a")));
    }

    #[test]
    fn a_hundred_thousand_keys_have_as_many_fingerprints() {
        let keys: HashSet<_> =
            (0..100_000).map(|n| Fingerprint::of(&source(SourceKind::Web, &format!("bid-{n}")))).collect();
        assert_eq!(keys.len(), 100_000);
    }
}
