//! Reads JSON that came from outside: the only way from such a text to a type of ours.
//!
//! What a type calls its fields must stand in an object: serde's own readers also take a list of the fields' values in
//! order, and then a swapped pair is somebody's money. No name may be there twice, nothing may follow the value, and every
//! error names its place by a JSON pointer in our own words. Two passes: the text becomes a [`Tree`], the tree a type.
//!
//! A text's outermost value is an object. serde reads types that it has to buffer (tagged and untagged enums, flattened
//! fields) without asking for an object, so within a text they may stand at the outside only.

mod problem;
mod read;
mod tree;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use problem::BadJson;
pub use tree::Tree;

/// Reads a text that is one JSON object.
pub fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, BadJson> {
    Tree::parse(text)?.read()
}

/// Reads a value that was parsed before, such as a part of a text.
pub fn read_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, BadJson> {
    Tree::of(value).read()
}

#[cfg(test)]
mod tests;
