//! Identities. Constructors check; fields stay private. Ids of X are `u64`, never a float.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name of an auction or a lot: a DNS label.
pub const MAX_NAME_LENGTH: usize = 63;

/// Why a text is not a name or a number of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("\"{0}\" is not a DNS label: use 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit")]
    NotADnsLabel(String),
    #[error("\"{0}\" is not an X handle: use 1 to 15 letters, digits or underscores")]
    NotAHandle(String),
    #[error("\"{0}\" is not a number")]
    NotANumber(String),
}

fn dns_label(text: &str) -> Result<Arc<str>, BadId> {
    let bytes = text.as_bytes();
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = !bytes.is_empty()
        && bytes.len() <= MAX_NAME_LENGTH
        && bytes.iter().all(|&b| edge(b) || b == b'-')
        && edge(bytes[0])
        && edge(bytes[bytes.len() - 1]);
    if fits { Ok(Arc::from(text)) } else { Err(BadId::NotADnsLabel(text.chars().take(80).collect())) }
}

/// Serialises as its text and reads it back without a copy in between: ids are in every row of the journal.
macro_rules! text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(stringify!($name))
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        $name::new(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        text!($name);

        impl $name {
            /// Checks that `text` is a DNS label.
            pub fn new(text: &str) -> Result<Self, BadId> {
                dns_label(text).map(Self)
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

name!(
    /// The name of an `Auction` resource; unique within a shard.
    AuctionId
);
name!(
    /// The id of a lot in its auction's manifest.
    LotId
);
/// An X handle without the `@`, folded to lower case: 1 to 15 letters, digits or underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(Arc<str>);

text!(Handle);

impl Handle {
    /// Checks `text`; a leading `@` is dropped.
    pub fn new(text: &str) -> Result<Self, BadId> {
        let bare = text.strip_prefix('@').unwrap_or(text);
        let fits = (1..=15).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits {
            Ok(Self(Arc::from(bare.to_ascii_lowercase())))
        } else {
            Err(BadId::NotAHandle(text.chars().take(80).collect()))
        }
    }

    /// The handle in lower case, without the `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.parse().map(Self).map_err(|_| BadId::NotANumber(text.chars().take(80).collect()))
            }
        }
    };
}

number!(
    /// A lot's number in its auction's catalogue, from 1: what a bidder writes as `#12`.
    LotNumber(u32)
);
number!(
    /// How often a lot has been offered, from 1.
    Round(u32)
);
number!(
    /// The bidder's numeric X account id. A handle is only a label.
    BidderId(u64)
);
number!(
    /// The number shown for a bidder instead of a name.
    Paddle(u32)
);
