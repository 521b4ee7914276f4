//! A client's own key for a command: one rule for HTTP and the WebSocket.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Longest key.
pub const MAX_KEY: usize = 64;

/// 1 to 64 printable ASCII characters without spaces, unique for ever: the same key always gets the first decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CommandKey(String);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key must be 1 to {MAX_KEY} printable ASCII characters without spaces")]
pub struct BadKey;

impl CommandKey {
    /// Checks `key`.
    pub fn new(key: impl Into<String>) -> Result<Self, BadKey> {
        let key = key.into();
        let fits = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(key)) } else { Err(BadKey) }
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommandKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for CommandKey {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX_KEY))
            .pattern(Some("^[!-~]+$"))
            .into()
    }
}

impl ToSchema for CommandKey {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CommandKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_printable_and_without_spaces() {
        let longest = "k".repeat(MAX_KEY);
        for good in ["k", "a:b/c", &longest] {
            assert_eq!(serde_json::from_value::<CommandKey>(good.into()).unwrap().to_string(), good);
        }
        let too_long = "k".repeat(MAX_KEY + 1);
        for bad in ["", "a b", "a\tb", "a\nb", "ü", &too_long] {
            assert_eq!(CommandKey::new(bad), Err(BadKey), "{bad:?}");
            assert!(serde_json::from_value::<CommandKey>(bad.into()).is_err());
        }
    }
}
