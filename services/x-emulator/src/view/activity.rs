//! Lines of the activity stream: the envelope, the payload with every field, and the people and posts beside it.

use serde_json::{Map, Value, json};

use super::{Wanted, moment, post_object, user_object};
use crate::id::{PostId, UserId};
use crate::post::{Post, Relation};
use crate::world::{Event, Parcel, Subscription, World};

/// Every field that X sends in an activity payload without being asked.
const FIELDS: &str = "author_id,conversation_id,created_at,display_text_range,edit_controls,entities,\
                      in_reply_to_user_id,lang,note_tweet,paid_partnership,possibly_sensitive,public_metrics,\
                      referenced_tweets,reply_settings";

/// Every field of a user in an activity line.
const USER_FIELDS: &str = "created_at,description,profile_image_url,protected,public_metrics,verified,verified_type";

/// A subscription as X lists it.
pub fn subscription(subscription: &Subscription) -> Value {
    let mut object = json!({
        "subscription_id": subscription.id,
        "event_type": subscription.event_type.name(),
        "filter": {"user_id": subscription.user},
        "created_at": moment(subscription.created_ms),
        "updated_at": moment(subscription.created_ms),
    });
    if let Some(tag) = &subscription.tag {
        object["tag"] = json!(tag);
    }
    object
}

/// The line for a parcel; nothing if it is not of the activity stream or its post is forgotten.
pub fn activity_line(world: &World, parcel: &Parcel, uuid: u64) -> Option<Value> {
    let subscription = parcel.subscription.as_ref()?;
    let (payload, includes) = match &parcel.event {
        Event::Posted(id) => posted(world, world.post(*id)?),
        Event::Deleted { id, author } => (json!({"id": id, "author_id": author}), wrapped(people(world, &[*author]))),
        Event::Renamed { before, after } => (json!({"before": before, "after": after}), Map::new()),
        Event::Matched(..) => return None,
    };
    let mut data = json!({
        "event_uuid": uuid.to_string(),
        "filter": {"user_id": subscription.user},
        "event_type": subscription.event_type.name(),
        "payload": payload,
    });
    if let Some(tag) = &subscription.tag {
        data["tag"] = json!(tag);
    }
    if !includes.is_empty() {
        data["includes"] = Value::Object(includes);
    }
    Some(json!({"data": data}))
}

fn posted(world: &World, post: &Post) -> (Value, Map<String, Value>) {
    let wanted = everything();
    let mut payload = with_twins(post_object(world, post, &wanted));
    if let Some(reply) = post.reference(Relation::Reply) {
        payload["in_reply_to_tweet_id"] = json!(reply.id);
    }
    let named = post.mentions.iter().map(|m| m.user).chain(post.references.iter().filter_map(|r| r.author));
    let mut ids: Vec<UserId> = std::iter::once(post.author).chain(named).collect();
    ids.dedup();
    let mut includes = people(world, &ids);
    let related: Vec<PostId> = post.references.iter().map(|r| r.id).collect();
    let tweets: Vec<Value> = std::iter::once(post.id)
        .chain(related)
        .filter_map(|id| world.living(id))
        .map(|p| with_twins(post_object(world, p, &wanted)))
        .collect();
    includes.insert("tweets".to_owned(), Value::Array(tweets));
    (payload, includes)
}

fn people(world: &World, ids: &[UserId]) -> Map<String, Value> {
    let wanted = everything();
    let users = ids.iter().filter_map(|id| world.users.get(*id)).map(|u| with_twins(user_object(u, &wanted))).collect();
    Map::from_iter([("users".to_owned(), Value::Array(users))])
}

/// In deletions X wraps each user once more.
fn wrapped(mut includes: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(users)) = includes.get_mut("users") {
        for user in users {
            *user = json!({"data": user.take()});
        }
    }
    includes
}

fn everything() -> Wanted {
    let query = [("tweet.fields".to_owned(), FIELDS.to_owned()), ("user.fields".to_owned(), USER_FIELDS.to_owned())];
    Wanted::of_query(&query).expect("the constant field lists hold known names")
}

/// X puts beside every number of an activity payload a twin of the same name with `_str`.
fn with_twins(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut twinned = Map::new();
            for (name, value) in object {
                if let Value::Number(number) = &value {
                    twinned.insert(format!("{name}_str"), json!(number.to_string()));
                }
                twinned.insert(name, with_twins(value));
            }
            Value::Object(twinned)
        }
        Value::Array(values) => Value::Array(values.into_iter().map(with_twins).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
