//! Which receipt keys are trusted: named by the caller, pinned at a machine's first start, or, failing both, published.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use alloy_primitives::Address;
use anyhow::Context as _;

use crate::machine::data_dir::pinned_keys;
use crate::trouble::Trouble;

/// The receipt keys that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust(BTreeSet<Address>);

impl Trust {
    pub fn new(keys: impl IntoIterator<Item = Address>) -> Self {
        Self(keys.into_iter().collect())
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
        Ok(Some(Self(keys)))
    }

    pub(super) fn holds(&self, key: Address) -> bool {
        self.0.contains(&key)
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.0.iter().map(Address::to_string).collect();
        if keys.is_empty() { f.write_str("none is") } else { write!(f, "trusted: {}", keys.join(", ")) }
    }
}

/// Pins a machine's receipt keys at its first start. Later keys are not pinned by themselves: returns those that are not.
pub(super) fn pin_first_keys(directory: &Path, keys: &[Address]) -> anyhow::Result<Vec<Address>> {
    let path = pinned_keys(directory);
    if let Some(trust) = Trust::of_data_directory(directory)? {
        return Ok(keys.iter().copied().filter(|key| !trust.holds(*key)).collect());
    }
    let lines: Vec<String> = keys.iter().map(Address::to_string).collect();
    std::fs::write(&path, lines.join("\n") + "\n").with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Vec::new())
}
