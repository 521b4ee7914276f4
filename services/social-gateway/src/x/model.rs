//! X's v2 objects, as far as the gateway reads them. Lenient where X may change (unknown fields, both names of a renamed
//! one, wrapped users, a `null` or nonsense where something may be absent), strict where a guess would cost money: ids are
//! digits, never floats.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// An id of X: up to 19 digits. On the wire a string; a JSON integer is read too, a float never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct XId(pub u64);

impl fmt::Display for XId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for XId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for XId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = XId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id of 1 to 19 digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<XId, E> {
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(id) if digits && i64::try_from(id).is_ok() => Ok(XId(id)),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<XId, E> {
        if i64::try_from(id).is_ok() { Ok(XId(id)) } else { Err(E::invalid_value(de::Unexpected::Unsigned(id), &self)) }
    }
}

/// A post, by its v2 name "Tweet".
#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub id: XId,
    #[serde(default)]
    pub text: String,
    pub author_id: Option<XId>,
    /// Oldest first; ends with `id`.
    #[serde(default, alias = "edit_history_post_ids", deserialize_with = "or_none")]
    pub edit_history_tweet_ids: Vec<XId>,
    /// The whole text of a long post, of which `text` is the beginning.
    #[serde(alias = "note_post")]
    pub note_tweet: Option<Note>,
    #[serde(default, alias = "referenced_posts", deserialize_with = "or_none")]
    pub referenced_tweets: Vec<Referenced>,
    pub in_reply_to_user_id: Option<XId>,
    /// Where the visible text begins and ends, in code points.
    #[serde(default, deserialize_with = "if_readable")]
    pub display_text_range: Option<(usize, usize)>,
}

/// A list that may be `null`.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What is only a hint: nonsense is as good as nothing.
fn if_readable<'de, D: Deserializer<'de>, T: de::DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// The text of a long post.
#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    pub text: String,
}

/// A reference to another post.
#[derive(Debug, Clone, Deserialize)]
pub struct Referenced {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: XId,
}

/// The objects that go with a post. Those that cannot be read are left out: they are labels.
#[derive(Debug, Clone, Default)]
pub struct Includes {
    pub users: Vec<IncludedUser>,
}

impl<'de> Deserialize<'de> for Includes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut includes = Value::deserialize(deserializer)?;
        let users = includes.get_mut("users").map(Value::take);
        let users = users.as_ref().and_then(Value::as_array).into_iter().flatten();
        Ok(Self { users: users.filter_map(|user| IncludedUser::deserialize(user).ok()).collect() })
    }
}

/// A user; in deletion events X wraps it once more.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum IncludedUser {
    Plain(User),
    Wrapped { data: User },
}

impl IncludedUser {
    /// The user in it.
    pub fn user(&self) -> &User {
        match self {
            Self::Plain(user) | Self::Wrapped { data: user } => user,
        }
    }
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: XId,
    pub username: String,
}

/// A deleted post's identity.
#[derive(Debug, Clone, Deserialize)]
pub struct DeletedPost {
    pub id: XId,
}

/// The fields that a post must come with, for `tweet.fields`.
pub const POST_FIELDS: &str = "author_id,created_at,display_text_range,edit_controls,edit_history_tweet_ids,entities,in_reply_to_user_id,note_tweet,referenced_tweets";
/// The objects that a post must come with, for `expansions`.
pub const EXPANSIONS: &str = "author_id";
/// The fields of those, for `user.fields`.
pub const USER_FIELDS: &str = "username";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_beyond_the_precision_of_floats_stays_exact() {
        let odd = 9_007_199_254_740_993_u64; // 2^53 + 1: the first integer that an f64 cannot hold
        for json in [format!("\"{odd}\""), odd.to_string()] {
            assert_eq!(serde_json::from_str::<XId>(&json).unwrap(), XId(odd));
        }
        assert_eq!(serde_json::to_string(&XId(odd)).unwrap(), format!("\"{odd}\""));
        let through_value: serde_json::Value = serde_json::from_str(&odd.to_string()).unwrap();
        assert_eq!(XId::deserialize(&through_value).unwrap(), XId(odd));
    }

    #[test]
    fn what_is_not_digits_is_no_id() {
        for json in
            ["1.5", "1e3", "-1", "\"\"", "\"12a\"", "\"-1\"", "\"+1\"", "\"99999999999999999999\"", "null", "true"]
        {
            assert!(serde_json::from_str::<XId>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn both_generations_of_field_names_are_read() {
        let old = r#"{"id":"2","text":"a","edit_history_tweet_ids":["1","2"],"referenced_tweets":[{"type":"quoted","id":"9"}],"note_tweet":{"text":"long"}}"#;
        let new = r#"{"id":"2","text":"a","edit_history_post_ids":["1","2"],"referenced_posts":[{"type":"quoted","id":"9"}],"note_post":{"text":"long"}}"#;
        for json in [old, new] {
            let post: Post = serde_json::from_str(json).unwrap();
            assert_eq!(post.edit_history_tweet_ids, [XId(1), XId(2)]);
            assert_eq!(post.referenced_tweets[0].kind, "quoted");
            assert_eq!(post.note_tweet.unwrap().text, "long");
        }
    }

    #[test]
    fn what_may_be_absent_may_be_null_or_nonsense() {
        let json = r#"{"id":"2","text":"a","author_id":null,"edit_history_tweet_ids":null,"note_tweet":null,
            "referenced_tweets":null,"in_reply_to_user_id":null,"display_text_range":[0,1,2],"entities":"none","x":[]}"#;
        let post: Post = serde_json::from_str(json).unwrap();
        assert!(post.edit_history_tweet_ids.is_empty() && post.referenced_tweets.is_empty());
        assert_eq!((post.author_id, post.display_text_range), (None, None));
        for json in ["null", "[]", r#"{"users":null}"#, r#"{"users":[{"id":"x"},7]}"#, r#"{"users":{"id":"1"}}"#] {
            assert!(serde_json::from_str::<Includes>(json).unwrap().users.is_empty(), "{json}");
        }
    }

    #[test]
    fn users_are_found_plain_and_wrapped() {
        let json = r#"{"users":[{"id":"1","username":"a"},{"data":{"id":"2","username":"b"}}]}"#;
        let includes: Includes = serde_json::from_str(json).unwrap();
        let names: Vec<_> = includes.users.iter().map(|u| u.user().username.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
