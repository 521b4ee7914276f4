//! Tallies of verdicts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The most refusal codes that are told apart; the grammar's codes are texts, and a tally must not grow without bound.
const MAX_CODES: usize = 128;

/// What has been decided so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub accepted: u64,
    pub voided: u64,
    pub refused: u64,
    by_code: BTreeMap<String, u64>,
}

impl Counts {
    /// Refusals by code, in order of the code.
    pub fn refusals(&self) -> &BTreeMap<String, u64> {
        &self.by_code
    }

    pub(crate) fn refuse(&mut self, code: &str) {
        self.refused += 1;
        if let Some(count) = self.by_code.get_mut(code) {
            *count += 1;
        } else if self.by_code.len() < MAX_CODES {
            self.by_code.insert(code.to_owned(), 1);
        } else {
            *self.by_code.entry("Other".to_owned()).or_default() += 1;
        }
    }
}
