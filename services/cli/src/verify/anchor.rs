//! Anchors: places of a journal that somebody kept outside of it. Only they show that a tail was not cut off, or the whole
//! signed anew by who holds the key. Pure but for reading an earlier report.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use alloy_primitives::hex;
use anyhow::Context as _;
use auction_core::Hash;
use serde::Deserialize;

use super::Fault;
use crate::trouble::Trouble;

/// A row's number with the tail hash up to it: SHA-256 over the tail hash before it and the row's own hash, from 32 zero
/// bytes on. Written `[SHARD=]SEQ:HASH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// May be left out where the journal has one shard.
    pub shard: Option<String>,
    pub seq: u64,
    pub hash: Hash,
}

/// Why a text is no anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write SEQ:HASH or SHARD=SEQ:HASH, as a report's `tail` has it; the hash has 64 hexadecimal digits")]
pub struct BadAnchor;

impl FromStr for Anchor {
    type Err = BadAnchor;

    fn from_str(text: &str) -> Result<Self, BadAnchor> {
        let (shard, place) = text.split_once('=').map_or((None, text), |(shard, place)| (Some(shard), place));
        let (seq, hash) = place.split_once(':').ok_or(BadAnchor)?;
        let seq = seq.parse().ok().filter(|&seq| seq > 0).ok_or(BadAnchor)?;
        let hash = Hash(hex::decode_to_array(hash).map_err(|_| BadAnchor)?);
        Ok(Self { shard: shard.map(str::to_owned), seq, hash })
    }
}

/// The tails that an earlier `verify --report` wrote.
pub(super) fn of_report(path: &Path) -> anyhow::Result<Vec<Anchor>> {
    #[derive(Deserialize)]
    struct Earlier {
        verified: bool,
        shards: Vec<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        shard: String,
        rows: u64,
        tail: String,
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let wrong = |error: String| {
        let message = format!("{} is not the report of a journal that was verified: {error}", path.display());
        Trouble::new("ReportMalformed", message, "name a file that `sothebais verify --report` wrote")
    };
    let earlier: Earlier = wire::json::read(text.as_bytes()).map_err(|bad| wrong(bad.to_string()))?;
    if !earlier.verified {
        return Err(wrong("it says that nothing was verified".to_owned()).into());
    }
    let with_rows = earlier.shards.into_iter().filter(|shard| shard.rows > 0);
    let anchor = |Place { shard, tail, rows: _ }: Place| {
        let anchor = tail.parse::<Anchor>().map_err(|error| wrong(error.to_string()))?;
        Ok(Anchor { shard: Some(shard), ..anchor })
    };
    with_rows.map(anchor).collect()
}

/// Each shard's anchors by row. An anchor that no shard of the journal can answer is a fault.
pub(super) fn by_shard(anchors: &[Anchor], shards: &[&str]) -> Result<BTreeMap<String, BTreeMap<u64, Hash>>, Fault> {
    let mut found: BTreeMap<String, BTreeMap<u64, Hash>> = BTreeMap::new();
    for Anchor { shard, seq, hash } in anchors {
        let of = match (shard.as_deref(), shards) {
            (Some(named), _) if shards.contains(&named) => named,
            (Some(named), _) => {
                return Err(Fault::of_journal(format!(
                    "row {seq} of shard {named} was seen before; the shard is not here"
                )));
            }
            (None, [only]) => only,
            (None, _) => {
                let what =
                    format!("row {seq} was seen before, and which of {} shards had it is not said", shards.len());
                return Err(Fault::of_journal(what));
            }
        };
        if found.entry(of.to_owned()).or_default().insert(*seq, *hash).is_some_and(|other| other != *hash) {
            return Err(Fault::of_journal(format!(
                "row {seq} of shard {of} was seen before with two different hashes"
            )));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_a_number_and_a_hash_and_nothing_else() {
        let hash = "ab".repeat(32);
        let anchor: Anchor = format!("night=9:{hash}").parse().unwrap();
        assert_eq!(anchor, Anchor { shard: Some("night".to_owned()), seq: 9, hash: Hash([0xab; 32]) });
        for wrong in ["", "9", &format!("0:{hash}"), &format!("x:{hash}"), "9:abc", &format!("9:{hash}0")] {
            assert_eq!(wrong.parse::<Anchor>(), Err(BadAnchor), "{wrong}");
        }
    }

    #[test]
    fn an_anchor_without_a_shard_needs_a_journal_of_one() {
        let anchors = [Anchor { shard: None, seq: 9, hash: Hash::default() }];
        assert!(by_shard(&anchors, &["night"]).unwrap()["night"].contains_key(&9));
        assert!(by_shard(&anchors, &["day", "night"]).is_err());
        assert!(by_shard(&anchors, &[]).is_err());
        let elsewhere = [Anchor { shard: Some("dusk".to_owned()), ..anchors[0].clone() }];
        assert!(by_shard(&elsewhere, &["night"]).unwrap_err().to_string().contains("is not here"));
    }
}
