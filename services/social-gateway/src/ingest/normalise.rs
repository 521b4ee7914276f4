//! From X's object to the row of a post: its key, its text, its time. Pure.
//!
//! The key is the first edit's id. The text is the long form where there is one, without the mentions that X itself puts
//! before a reply, and as its author wrote it: X escapes three characters. The time is that of the edit whose text it is, so nobody can bid late by editing an old post.

use auction_core::{BidderId, Handle, Timestamp};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::social::{NewPost, Reference, Via};

use super::House;
use crate::x::model::{IncludedUser, Includes, Post};

/// Why an object does not become a row.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    #[error("the object is not a post")]
    NotAPost(#[from] serde_json::Error),
    #[error("the post {0} does not name its author")]
    NoAuthor(u64),
    /// The house's own words are not bids.
    #[error("the post {0} is the house's own")]
    Own(u64),
}

/// Reads one post.
pub fn normalise(
    object: &Value,
    includes: &Includes,
    (via, received_at): (Via, Timestamp),
    house: &House,
) -> Result<NewPost, NotStored> {
    let post = Post::deserialize(object)?;
    let author = post.author_id.ok_or(NotStored::NoAuthor(post.id.0))?;
    if author.0 == house.id {
        return Err(NotStored::Own(post.id.0));
    }
    // The list's order counts, not the numbers': ids of the same moment are only roughly sorted.
    let first = post.edit_history_tweet_ids.first().copied().unwrap_or(post.id);
    let named = includes.users.iter().map(IncludedUser::user).find(|user| user.id == author);
    let text = without_nul(&unescaped(&spoken_text(&post, house)));
    Ok(NewPost {
        id: first.0,
        latest_id: post.id.0,
        author: BidderId(author.0),
        // A label: what is no handle by X's own rule is as good as none.
        author_handle: named.and_then(|user| Handle::new(&user.username).ok()),
        text_sha256: Sha256::digest(text.as_bytes()).into(),
        text,
        reference: reference(&post),
        created_at: Timestamp::of_post(post.id.0),
        received_at,
        via,
        raw: storable(object),
        trace: None,
    })
}

/// A repost says nothing of its author's own; a quote can be edited, so it outranks a reply.
fn reference(post: &Post) -> Reference {
    let refers = |kind: &str| post.referenced_tweets.iter().any(|reference| reference.kind == kind);
    if refers("retweeted") {
        Reference::Repost
    } else if refers("quoted") {
        Reference::Quote
    } else if refers("replied_to") {
        Reference::Reply
    } else {
        Reference::None
    }
}

/// What the author wrote. Before a reply X puts the names of everybody in the conversation, outside the visible range:
/// those are not the author's words. In a direct reply to the house they stand for the house alone; in any other reply
/// the text stays whole, so that whoever reads it sees that somebody else was spoken to.
fn spoken_text(post: &Post, house: &House) -> String {
    let whole = post.note_tweet.as_ref().map_or(post.text.as_str(), |note| note.text.as_str());
    let to_the_house = post.in_reply_to_user_id.is_some_and(|id| id.0 == house.id);
    let hidden = post.display_text_range.map_or(0, |(start, _)| start);
    if !to_the_house || hidden == 0 {
        return whole.to_owned();
    }
    let cut = whole.char_indices().nth(hidden).map_or(whole.len(), |(at, _)| at);
    let (prefix, spoken) = whole.split_at(cut);
    let names = || prefix.split_whitespace();
    let whole_words = spoken.is_empty() || prefix.ends_with(char::is_whitespace);
    let only_names = whole_words && names().all(|word| word.strip_prefix('@').is_some_and(|name| !name.is_empty()));
    let is_the_house = |name: &str| name.eq_ignore_ascii_case(house.handle.as_str());
    let house_named = names().any(|word| word.strip_prefix('@').is_some_and(is_the_house));
    match (only_names, only_names && house_named) {
        (true, true) => format!("@{} {spoken}", house.handle),
        (true, false) => spoken.to_owned(),
        (false, _) => whole.to_owned(),
    }
}

/// Undoes X's escaping of `&`, `<` and `>`, once: what its author wrote as `&lt;` stays so. X counts ranges in the escaped
/// text, so this comes after they are applied.
fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // `&amp;` last: what it uncovers is not looked at again.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// PostgreSQL stores no NUL character.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn storable(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text)),
        Value::Array(items) => Value::Array(items.iter().map(storable).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (without_nul(name), storable(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
