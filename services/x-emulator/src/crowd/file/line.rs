//! Reads one line of a file of recorded posts.

use serde_json::{Map, Value};
use wire::json::BadJson;

use super::{BadLine, Points, Recorded, When};
use crate::crowd::Person;
use crate::id::{PostId, UserId};
use crate::text::{is_handle, unescape};

/// Posts lie within a day of the show's start.
const FURTHEST_MS: i64 = 24 * 60 * 60 * 1000;

/// Why a line cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unplayable {
    NotJson(String),
    NotAnObject(String),
    UnknownForm,
    BadAuthor(String),
    BadText,
    BadAt(String),
    BadId(String),
    HandleOfAnother(String),
    TooLarge,
}

impl Unplayable {
    pub(super) fn at(self, line: usize) -> BadLine {
        let (code, remedy) = match &self {
            Self::NotJson(_) => ("not_json", "write one JSON object a line"),
            Self::NotAnObject(_) => {
                ("not_an_object", "write an object such as {\"author\":\"ada\",\"text\":\"…\",\"at\":0}")
            }
            Self::UnknownForm => {
                ("unknown_form", "give author, text and at, or X's post object with id, author_id and text")
            }
            Self::BadAuthor(_) => ("bad_author", "give a handle of 1 to 15 letters, digits or underscores, or an id"),
            Self::BadText => ("bad_text", "give the text as a string that is not empty"),
            Self::BadAt(_) => ("bad_at", "give whole milliseconds from the show's start, within a day of it"),
            Self::BadId(_) => ("bad_id", "give X's ids as strings of 1 to 19 digits"),
            Self::HandleOfAnother(_) => ("handle_of_another", "use one id for each handle throughout the file"),
            Self::TooLarge => ("too_large", "keep lines below 256 KiB and files below 500,000 posts"),
        };
        BadLine { line, code, message: self.to_string(), remedy }
    }
}

impl std::fmt::Display for Unplayable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotJson(error) | Self::NotAnObject(error) => write!(f, "the line cannot be read: {error}"),
            Self::UnknownForm => f.write_str("the object is neither the short form nor a post of X"),
            Self::BadAuthor(author) => write!(f, "the author {author} is neither a handle nor an id"),
            Self::BadText => f.write_str("the text is missing or empty"),
            Self::BadAt(at) => write!(f, "the time {at} is not usable"),
            Self::BadId(id) => write!(f, "the id {id} is not usable"),
            Self::HandleOfAnother(handle) => write!(f, "the handle @{handle} stood for another id before"),
            Self::TooLarge => f.write_str("the line or the file is too large"),
        }
    }
}

pub(super) fn read(line: &str) -> Result<Recorded, Unplayable> {
    let mut object: Map<String, Value> = wire::json::read(line.as_bytes()).map_err(|bad| match bad {
        BadJson::Malformed(_) => Unplayable::NotJson(bad.to_string()),
        BadJson::Wrong { .. } => Unplayable::NotAnObject(bad.to_string()),
    })?;
    if let Some(Value::Object(data)) = object.remove("data") {
        let includes = object.remove("includes").unwrap_or_default();
        return post_of_x(&data, &includes);
    }
    if object.contains_key("author") {
        short_form(&object)
    } else if object.contains_key("id") && object.contains_key("author_id") {
        let includes = object.remove("includes").unwrap_or_default();
        post_of_x(&object, &includes)
    } else {
        Err(Unplayable::UnknownForm)
    }
}

fn short_form(object: &Map<String, Value>) -> Result<Recorded, Unplayable> {
    Ok(Recorded {
        author: author(&object["author"])?,
        text: text(object.get("text"))?,
        when: When::FromStart(at(object.get("at").ok_or_else(|| Unplayable::BadAt("(none)".to_owned()))?)?),
        id: None,
        points: Points::default(),
        hidden: 0,
    })
}

fn author(value: &Value) -> Result<Person, Unplayable> {
    let bad = || Unplayable::BadAuthor(shown(value));
    match value {
        Value::String(text) => match text.parse::<UserId>() {
            Ok(id) if id.0 > 0 => Ok(nameless(id)),
            Ok(_) => Err(bad()),
            Err(_) => {
                let handle = text.strip_prefix('@').unwrap_or(text);
                if is_handle(handle) { Ok(Person::of_handle(handle)) } else { Err(bad()) }
            }
        },
        Value::Number(number) => number.as_u64().filter(|n| *n > 0).map(|n| nameless(UserId(n))).ok_or_else(bad),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(bad()),
    }
}

/// Somebody of whom only the id is known.
fn nameless(id: UserId) -> Person {
    Person { id, handle: format!("x{}", id.0 % 100_000_000_000_000) }
}

fn text(value: Option<&Value>) -> Result<String, Unplayable> {
    let text = value.and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    text.map(str::to_owned).ok_or(Unplayable::BadText)
}

fn at(value: &Value) -> Result<i64, Unplayable> {
    let at = value.as_i64().filter(|at| at.abs() <= FURTHEST_MS);
    at.ok_or_else(|| Unplayable::BadAt(shown(value)))
}

fn post_of_x(object: &Map<String, Value>, includes: &Value) -> Result<Recorded, Unplayable> {
    let id: PostId = id(object.get("id"))?.ok_or_else(|| Unplayable::BadId("(none)".to_owned()))?;
    let author_id: UserId = id_of(object.get("author_id"))?;
    let users = includes["users"].as_array();
    let named = users.and_then(|all| all.iter().find(|u| u["id"].as_str() == Some(&author_id.to_string())));
    let handle = named.and_then(|u| u["username"].as_str()).or_else(|| object.get("username").and_then(Value::as_str));
    let author = match handle {
        Some(handle) if is_handle(handle) => Person { id: author_id, handle: handle.to_owned() },
        Some(handle) => return Err(Unplayable::BadAuthor(handle.to_owned())),
        None => nameless(author_id),
    };
    let long = object.get("note_tweet").and_then(|n| n.get("text"));
    let hidden = object.get("display_text_range").and_then(|r| r[0].as_u64()).and_then(|n| usize::try_from(n).ok());
    let when = object.get("at").map(at).transpose()?.map_or(When::ById, When::FromStart);
    let text = unescape(&text(long.or(object.get("text")))?);
    Ok(Recorded { author, text, when, id: Some(id), points: points(object, id)?, hidden: hidden.unwrap_or(0) })
}

fn points(object: &Map<String, Value>, own: PostId) -> Result<Points, Unplayable> {
    let mut points = Points::default();
    let references = object.get("referenced_tweets").and_then(Value::as_array);
    for reference in references.into_iter().flatten() {
        let target = id(reference.get("id"))?;
        match reference["type"].as_str() {
            Some("replied_to") => points.reply_to = target,
            Some("quoted") => points.quote_of = target,
            Some("retweeted") => points.repost_of = target,
            Some(_) | None => {}
        }
    }
    let history = object.get("edit_history_tweet_ids").and_then(Value::as_array);
    let versions: Vec<PostId> = history.into_iter().flatten().filter_map(|v| id(Some(v)).ok().flatten()).collect();
    let place = versions.iter().position(|v| *v == own);
    points.edits = place.and_then(|place| place.checked_sub(1)).map(|before| versions[before]);
    Ok(points)
}

fn id(value: Option<&Value>) -> Result<Option<PostId>, Unplayable> {
    value.map(|v| v.as_str().and_then(|t| t.parse().ok()).ok_or_else(|| Unplayable::BadId(shown(v)))).transpose()
}

fn id_of(value: Option<&Value>) -> Result<UserId, Unplayable> {
    let text = value.and_then(Value::as_str).and_then(|t| t.parse().ok());
    text.ok_or_else(|| Unplayable::BadAuthor(value.map_or_else(|| "(none)".to_owned(), shown)))
}

/// A value in bounded length, for a report.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
