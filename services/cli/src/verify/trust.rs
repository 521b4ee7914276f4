//! Which receipt keys are trusted: named by the caller, pinned at a machine's first start, or, failing both, published.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use alloy_primitives::Address;
use anyhow::Context as _;
use auction_core::Timestamp;
use store::evidence::PublishedKey;

use crate::machine::data_dir::pinned_keys;
use crate::trouble::Trouble;

/// The receipt keys that are trusted, and what the journal's own list says of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Kept outside of the journal. Without them the published keys are trusted, which proves less.
    pinned: Option<BTreeSet<Address>>,
    /// With their limits; `None` where there is no such list.
    published: Option<Vec<PublishedKey>>,
}

impl Trust {
    pub fn new(keys: impl IntoIterator<Item = Address>) -> Self {
        Self { pinned: Some(keys.into_iter().collect()), published: None }
    }

    /// The keys that the caller names, if any.
    pub(super) fn pinned(keys: &[Address]) -> Option<Self> {
        (!keys.is_empty()).then(|| Self::new(keys.iter().copied()))
    }

    /// The keys that a data directory pinned at its first start.
    pub(super) fn of_data_directory(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = pinned_keys(directory);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let keys: Result<BTreeSet<Address>, _> = text.split_whitespace().map(str::parse).collect();
        let keys = keys.map_err(|_| {
            let message = format!("{} does not hold addresses", path.display());
            Trouble::new("PinsUnreadable", message, "restore it, or name the key with --receipt-key")
        })?;
        Ok(Some(Self::new(keys)))
    }

    /// Adds the journal's own list: a pinned key counts only within the limits that it states, and without pinned keys the
    /// list is all there is.
    pub(super) fn within(pinned: Option<Self>, published: Vec<PublishedKey>) -> Self {
        Self { pinned: pinned.and_then(|trust| trust.pinned), published: Some(published) }
    }

    fn holds(&self, key: Address) -> bool {
        self.pinned.as_ref().is_some_and(|pinned| pinned.contains(&key))
    }

    /// Why `key` may not sign for `shard` at `at`; `None` if it may.
    pub(super) fn objection(&self, key: Address, shard: &str, at: Timestamp) -> Option<String> {
        if self.pinned.is_some() && !self.holds(key) {
            return Some(format!("is not a trusted receipt key ({self})"));
        }
        let published = self.published.as_ref()?;
        let mut lines = published.iter().filter(|line| line.address == key.into_array()).peekable();
        if lines.peek().is_none() {
            return Some("is not a trusted receipt key: it is not among the published ones".to_owned());
        }
        let mut of_shard = lines.filter(|line| line.shard.as_deref().is_none_or(|named| named == shard)).peekable();
        if of_shard.peek().is_none() {
            return Some("is published for another shard".to_owned());
        }
        let in_use = of_shard.any(|line| line.retired_at.is_none_or(|retired| retired >= at));
        (!in_use).then(|| "was retired before it signed this".to_owned())
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.pinned.iter().flatten().map(Address::to_string).collect();
        if keys.is_empty() { f.write_str("none is") } else { write!(f, "trusted: {}", keys.join(", ")) }
    }
}

/// Pins a machine's receipt keys at its first start. Later keys are not pinned by themselves: returns those that are not.
pub(super) fn pin_first_keys(directory: &Path, keys: &[Address]) -> anyhow::Result<Vec<Address>> {
    let path = pinned_keys(directory);
    if let Some(trust) = Trust::of_data_directory(directory)? {
        return Ok(keys.iter().copied().filter(|key| !trust.holds(*key)).collect());
    }
    let lines: BTreeSet<String> = keys.iter().map(Address::to_string).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    std::fs::write(&path, lines.join("\n") + "\n").with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Vec::new())
}
