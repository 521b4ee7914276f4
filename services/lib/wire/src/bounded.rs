//! Texts and lists that cannot be longer than their type says: the bound is checked while they are read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A text of at most `MAX` bytes without control characters (line feed and tab excepted), and without those that turn
/// the direction of writing: a reader could be shown other words than were written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// A list of at most `MAX` items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T, const MAX: usize>(Vec<T>);

/// Why a text does not fit its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    #[error("a text of {length} bytes is too long: {max} are allowed")]
    TooLong { length: usize, max: usize },
    #[error("a text holds a control character")]
    ControlCharacter,
    #[error("a text holds a character that turns the direction of writing")]
    DirectionOverride,
}

/// Why a list does not fit its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list of {length} items is too long: {max} are allowed")]
pub struct ListTooLong {
    pub length: usize,
    pub max: usize,
}

impl<const MAX: usize> Text<MAX> {
    /// Checks `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, BadText> {
        let text = text.into();
        check(&text, MAX)?;
        Ok(Self(text))
    }

    /// The text as a `String`.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn check(text: &str, max: usize) -> Result<(), BadText> {
    if text.len() > max {
        return Err(BadText::TooLong { length: text.len(), max });
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(BadText::ControlCharacter);
    }
    if text.chars().any(turns_direction) {
        return Err(BadText::DirectionOverride);
    }
    Ok(())
}

/// Embeddings, overrides and isolates (Unicode Bidirectional Algorithm, UAX #9 § 2).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<const MAX: usize>;
        impl<const MAX: usize> Visitor<'_> for Bounded<MAX> {
            type Value = Text<MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a text of at most {MAX} bytes")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                check(text, MAX).map_err(E::custom)?;
                Ok(Text(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Bounded)
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX)).into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MAX}"))
    }
}

impl<T, const MAX: usize> List<T, MAX> {
    /// Checks the length of `items`.
    pub fn new(items: Vec<T>) -> Result<Self, ListTooLong> {
        if items.len() > MAX { Err(ListTooLong { length: items.len(), max: MAX }) } else { Ok(Self(items)) }
    }

    /// The items as a `Vec`.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<T, const MAX: usize>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<T, MAX> {
            type Value = List<T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX} items")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    if items.len() == MAX {
                        return Err(A::Error::invalid_length(MAX + 1, &self));
                    }
                    items.push(item);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(Bounded(std::marker::PhantomData))
    }
}

impl<T: ToSchema, const MAX: usize> PartialSchema for List<T, MAX> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name(T::name())).max_items(Some(MAX)).into()
    }
}

impl<T: ToSchema, const MAX: usize> ToSchema for List<T, MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}List{MAX}", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_its_bound_is_refused_while_it_is_read() {
        assert!(serde_json::from_str::<Text<3>>("\"abc\"").is_ok());
        let error = serde_json::from_str::<Text<3>>("\"abcd\"").unwrap_err().to_string();
        assert!(error.contains("4 bytes is too long: 3 are allowed"), "{error}");
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(serde_json::from_str::<Text<9>>("\"a\\u0000b\"").is_err());
        assert!(serde_json::from_str::<Text<9>>("\"a\\nb\"").is_ok());
    }

    #[test]
    fn what_turns_the_direction_of_writing_is_refused() {
        for odd in ["a\u{202E}b", "a\u{2066}b", "\u{202A}"] {
            assert_eq!(Text::<9>::new(odd), Err(BadText::DirectionOverride), "{odd:?}");
        }
        assert!(Text::<9>::new("سلام").is_ok(), "the script's own direction is no trick");
    }

    #[test]
    fn a_list_longer_than_its_bound_is_refused() {
        assert!(serde_json::from_str::<List<u8, 2>>("[1,2]").is_ok());
        assert!(serde_json::from_str::<List<u8, 2>>("[1,2,3]").is_err());
    }
}
