//! A JSON text as a tree that remembers what a map forgets: that a name was there twice.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::BadJson;
use super::read::Reader;

/// A parsed text. It borrows from the text what has no escapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree<'de>(pub(super) Node<'de>);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'de> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'de, str>),
    List(Vec<Node<'de>>),
    Object(Object<'de>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object<'de> {
    pub(super) members: BTreeMap<Cow<'de, str>, Node<'de>>,
    /// A name that was there twice; its first value is kept and the object refused when it is read.
    pub(super) twice: Option<Cow<'de, str>>,
}

impl<'de> Tree<'de> {
    /// Parses a text that is one JSON object with nothing behind it.
    pub fn parse(text: &'de [u8]) -> Result<Self, BadJson> {
        let node: Node<'de> = serde_json::from_slice(text).map_err(|error| BadJson::malformed(&error))?;
        match node {
            Node::Object(_) => Ok(Self(node)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
                Err(BadJson::wrong(format!("one JSON object belongs here, not {}", node.shape())))
            }
        }
    }

    pub(super) fn of(value: &'de serde_json::Value) -> Self {
        Self(Node::deserialize(value).expect("a JSON value is a tree"))
    }

    /// The member of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Node::Object(object) => match object.members.get(name) {
                Some(Node::Text(text)) => Some(text),
                Some(Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_)) | None => None,
            },
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => None,
        }
    }

    /// The tree as a type.
    pub fn read<T: Deserialize<'de>>(self) -> Result<T, BadJson> {
        T::deserialize(Reader(self.0))
    }
}

impl Node<'_> {
    pub(super) fn shape(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::Unsigned(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::Signed(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::Float(number)))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(Name(name)) = map.next_key()? {
            let value = map.next_value()?;
            match object.members.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(taken) => {
                    object.twice.get_or_insert_with(|| taken.key().clone());
                }
            }
        }
        Ok(Node::Object(object))
    }
}

/// A name that borrows if it can; serde's own `Cow` never does.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Anything)? {
            Node::Text(name) => Ok(Self(name)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => {
                Err(D::Error::custom("a name belongs here"))
            }
        }
    }
}
