//! X's JSON: posts and users as objects with the fields that were asked for, expansions beside them. Pure.

mod activity;
mod fields;

use std::collections::BTreeSet;

pub use activity::{activity_line, subscription};
pub use fields::Wanted;
use serde_json::{Map, Value, json};

use crate::id::{PostId, RuleId, UserId};
use crate::post::{EDITABLE_MS, MOST_EDITS, Post, Relation};
use crate::problem;
use crate::text;
use crate::user::User;
use crate::world::World;

/// A moment as X writes it: RFC 3339 in UTC with milliseconds.
pub fn moment(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Some posts as X answers a list: `data`, `includes` and, for what is not there, `errors`.
pub fn posts(world: &World, ids: &[PostId], wanted: &Wanted) -> Map<String, Value> {
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match world.living(*id) {
            Some(post) => data.push(post_object(world, post, wanted)),
            None => errors.push(problem::not_found("tweet", "ids", &id.to_string())),
        }
    }
    let mut answer = Map::new();
    if !data.is_empty() {
        answer.insert("data".to_owned(), Value::Array(data));
    }
    let living: Vec<&Post> = ids.iter().filter_map(|id| world.living(*id)).collect();
    insert_includes(&mut answer, world, &living, wanted);
    if !errors.is_empty() {
        answer.insert("errors".to_owned(), Value::Array(errors));
    }
    answer
}

/// Puts `includes` into an answer if an expansion asked for something.
pub fn insert_includes(answer: &mut Map<String, Value>, world: &World, posts: &[&Post], wanted: &Wanted) {
    let includes = includes(world, posts, wanted);
    if !includes.is_empty() {
        answer.insert("includes".to_owned(), Value::Object(includes));
    }
}

fn includes(world: &World, posts: &[&Post], wanted: &Wanted) -> Map<String, Value> {
    let mut users: BTreeSet<UserId> = BTreeSet::new();
    let mut others: BTreeSet<PostId> = BTreeSet::new();
    for post in posts {
        if wanted.expands("author_id") {
            users.insert(post.author);
        }
        if wanted.expands("entities.mentions.username") {
            users.extend(post.mentions.iter().map(|m| m.user));
        }
        if wanted.expands("in_reply_to_user_id") {
            users.extend(post.reference(Relation::Reply).and_then(|r| r.author));
        }
        if wanted.expands("referenced_tweets.id.author_id") {
            users.extend(post.references.iter().filter_map(|r| r.author));
        }
        if wanted.expands("referenced_tweets.id") || wanted.expands("referenced_tweets.id.author_id") {
            others.extend(post.references.iter().map(|r| r.id));
        }
        if wanted.expands("edit_history_tweet_ids") {
            others.extend(world.versions(post.id).iter().copied().filter(|v| *v != post.id));
        }
    }
    let mut includes = Map::new();
    let users: Vec<Value> =
        users.into_iter().filter_map(|id| world.users.get(id)).map(|u| user_object(u, wanted)).collect();
    let others: Vec<Value> =
        others.into_iter().filter_map(|id| world.living(id)).map(|p| post_object(world, p, wanted)).collect();
    if !users.is_empty() {
        includes.insert("users".to_owned(), Value::Array(users));
    }
    if !others.is_empty() {
        includes.insert("tweets".to_owned(), Value::Array(others));
    }
    includes
}

/// A post with `id`, `text`, `edit_history_tweet_ids` and the fields that were asked for.
pub fn post_object(world: &World, post: &Post, wanted: &Wanted) -> Value {
    let mut object = Map::new();
    for (name, value) in post_fields(world, post) {
        if wanted.shows_of_post(name) && !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    }
    Value::Object(object)
}

/// Every field that the stand-in can fill, null where the post has none.
fn post_fields(world: &World, post: &Post) -> Vec<(&'static str, Value)> {
    let shown = if post.note { text::preview(&post.text) } else { post.text.clone() };
    let length = shown.chars().count();
    let reply = post.reference(Relation::Reply);
    let versions = world.versions(post.id);
    vec![
        ("id", json!(post.id)),
        ("text", json!(text::escape(&shown))),
        ("edit_history_tweet_ids", json!(versions)),
        ("author_id", json!(post.author)),
        ("created_at", json!(moment(post.made_at_ms))),
        ("conversation_id", json!(post.conversation)),
        ("display_text_range", json!([post.hidden.min(length), length])),
        ("edit_controls", edit_controls(post, versions)),
        ("entities", entities(post, length)),
        ("in_reply_to_user_id", json!(reply.and_then(|r| r.author))),
        ("in_reply_to_tweet_id", json!(reply.map(|r| r.id))),
        ("lang", json!(post.language)),
        ("note_tweet", note(post)),
        ("paid_partnership", json!(false)),
        ("possibly_sensitive", json!(false)),
        ("public_metrics", public_metrics()),
        ("referenced_tweets", references(post)),
        ("reply_settings", json!("everyone")),
    ]
}

fn edit_controls(post: &Post, versions: &[PostId]) -> Value {
    let used = versions.len().saturating_sub(1).min(MOST_EDITS);
    json!({
        "edits_remaining": MOST_EDITS - used,
        "is_edit_eligible": post.can_be_edited(),
        "editable_until": moment(post.first.made_at_ms() + EDITABLE_MS),
    })
}

fn entities(post: &Post, shown: usize) -> Value {
    let mentions: Vec<Value> = post.mentions.iter().filter(|m| m.span.end <= shown).map(mention).collect();
    if mentions.is_empty() { Value::Null } else { json!({"mentions": mentions}) }
}

fn mention(mention: &crate::post::Mention) -> Value {
    let span = &mention.span;
    json!({"start": span.start, "end": span.end, "username": span.handle, "id": mention.user})
}

fn note(post: &Post) -> Value {
    if !post.note {
        return Value::Null;
    }
    let mentions: Vec<Value> = post.mentions.iter().map(mention).collect();
    let mut note = json!({"text": text::escape(&post.text)});
    if !mentions.is_empty() {
        note["entities"] = json!({"mentions": mentions});
    }
    note
}

fn references(post: &Post) -> Value {
    let all: Vec<Value> = post.references.iter().map(|r| json!({"type": r.relation.word(), "id": r.id})).collect();
    if all.is_empty() { Value::Null } else { Value::Array(all) }
}

fn public_metrics() -> Value {
    json!({
        "retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0, "bookmark_count": 0,
        "impression_count": 0,
    })
}

/// A line of the filtered stream: a post, what was expanded, the rules that it matched.
pub fn filtered_line(world: &World, post: &Post, rules: &[(RuleId, Option<String>)], wanted: &Wanted) -> Value {
    let mut line = Map::from_iter([("data".to_owned(), post_object(world, post, wanted))]);
    insert_includes(&mut line, world, &[post], wanted);
    let rules = rules.iter().map(|(id, tag)| match tag {
        Some(tag) => json!({"id": id, "tag": tag}),
        None => json!({"id": id}),
    });
    line.insert("matching_rules".to_owned(), rules.collect());
    Value::Object(line)
}

/// A user with `id`, `name`, `username` and the fields that were asked for.
pub fn user_object(user: &User, wanted: &Wanted) -> Value {
    let fields = [
        ("id", json!(user.id)),
        ("name", json!(user.name)),
        ("username", json!(user.handle)),
        ("created_at", json!(moment(user.created_ms))),
        ("description", json!("")),
        ("protected", json!(false)),
        ("verified", json!(false)),
        ("verified_type", json!("none")),
        ("profile_image_url", json!("https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png")),
        (
            "public_metrics",
            json!({
                "followers_count": 0, "following_count": 0, "tweet_count": user.posts, "listed_count": 0,
                "like_count": 0, "media_count": 0,
            }),
        ),
    ];
    Value::Object(
        fields
            .into_iter()
            .filter(|(name, _)| wanted.shows_of_user(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
