//! What is wrong with a manifest, field by field: gathered, never thrown, so that one reading names everything.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use auction_core::Wei;
use serde::{Deserialize, Serialize};

/// Manifests write at most this many places: CEL's quantities round beyond.
const MANIFEST_DECIMALS: usize = 9;

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}: {message} ({code}); {remedy}")]
pub struct FieldError {
    /// Where, as in `spec.lots[1].startingPrice`.
    pub path: String,
    pub code: FieldCode,
    /// What is wrong, a sentence without its full stop.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What kind of wrong; part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FieldCode {
    FieldMissing,
    FieldMalformed,
    FieldOutOfRange,
    FieldDuplicate,
    FieldsConflict,
    NameUnknown,
}

impl fmt::Display for FieldCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldMissing => "FieldMissing",
            Self::FieldMalformed => "FieldMalformed",
            Self::FieldOutOfRange => "FieldOutOfRange",
            Self::FieldDuplicate => "FieldDuplicate",
            Self::FieldsConflict => "FieldsConflict",
            Self::NameUnknown => "NameUnknown",
        })
    }
}

/// The errors found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<FieldError>);

impl Findings {
    pub(super) fn add(&mut self, path: &str, code: FieldCode, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(FieldError { path: path.to_owned(), code, message: message.into(), remedy: remedy.into() });
    }

    /// Notes the error of one of the rules' own constructors as a malformed field.
    pub(super) fn checked<T, E: fmt::Display>(&mut self, path: &str, result: Result<T, E>, remedy: &str) -> Option<T> {
        result.map_err(|error| self.add(path, FieldCode::FieldMalformed, error.to_string(), remedy)).ok()
    }

    /// Reads an amount in main units.
    pub(super) fn amount(&mut self, path: &str, text: &str) -> Option<Wei> {
        self.checked(path, Wei::from_main_units(text, MANIFEST_DECIMALS), "write main units in quotes, such as \"0.5\"")
    }

    /// Reads an amount that must not be zero.
    pub(super) fn positive(&mut self, path: &str, text: &str) -> Option<Wei> {
        let amount = self.amount(path, text)?;
        if amount.is_zero() {
            self.add(path, FieldCode::FieldOutOfRange, "the amount is zero", "write an amount above zero");
            return None;
        }
        Some(amount)
    }

    /// Checks that a number lies within `range` and returns it as the width that the rules use.
    pub(super) fn within<T: TryFrom<i64>>(&mut self, path: &str, value: i64, range: RangeInclusive<i64>) -> Option<T> {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            let message = format!("{value} is outside {least} to {most}");
            self.add(path, FieldCode::FieldOutOfRange, message, format!("write a number from {least} to {most}"));
            return None;
        }
        T::try_from(value).ok()
    }

    /// Checks the length of a text for people.
    pub(super) fn text(&mut self, path: &str, text: &str, longest: usize) {
        let length = text.trim().chars().count();
        if length == 0 {
            self.add(path, FieldCode::FieldMissing, "the text is empty", "write a text");
        } else if length > longest {
            let message = format!("the text has {length} characters");
            self.add(path, FieldCode::FieldOutOfRange, message, format!("shorten it to {longest} characters"));
        }
    }

    /// Ends the search: the value if nothing was found. A default that many lots share is named once.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        let mut named = BTreeSet::new();
        let errors: Vec<_> =
            self.0.into_iter().filter(|error| named.insert((error.path.clone(), error.message.clone()))).collect();
        match value {
            Some(value) if errors.is_empty() => Ok(value),
            Some(_) | None => Err(errors),
        }
    }
}
