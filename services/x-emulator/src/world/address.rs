//! Which streams a change concerns, and when they will carry it. A parcel is one line of one stream to be.

use super::{EventType, Subscription, World};
use crate::id::{PostId, RuleId, UserId};
use crate::post::{Post, Relation};
use crate::rule::Facts;

/// What a line will tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Activity stream: a post.
    Posted(PostId),
    /// Activity stream: a post is gone.
    Deleted {
        /// Which.
        id: PostId,
        /// Whose.
        author: UserId,
    },
    /// Activity stream: an account has a new handle.
    Renamed {
        /// The old one.
        before: String,
        /// The new one.
        after: String,
    },
    /// Filtered stream: a post with the rules that it matched.
    Matched(PostId, Vec<(RuleId, Option<String>)>),
}

/// A line on its way to the clients of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// When it is due, in milliseconds since the Unix epoch.
    pub due_ms: i64,
    /// For which subscription; nothing on the filtered stream.
    pub subscription: Option<Subscription>,
    /// What.
    pub event: Event,
}

impl World {
    /// The parcels of a post, none if it is withheld.
    pub(super) fn parcels_of(&mut self, id: PostId, now_ms: i64) -> Vec<Parcel> {
        let Some(post) = self.posts.get(&id).filter(|p| !p.withheld).cloned() else { return Vec::new() };
        let mut parcels = Vec::new();
        let concerned: Vec<Subscription> =
            self.subscriptions.values().filter(|s| concerns(&post, s.event_type, s.user)).cloned().collect();
        let lag = self.nature.activity;
        for subscription in concerned {
            let due_ms = now_ms + self.lag(lag);
            parcels.push(Parcel { due_ms, subscription: Some(subscription), event: Event::Posted(id) });
        }
        let facts = self.facts(&post, true);
        let matched: Vec<_> =
            self.rules.values().filter(|r| r.clause.matches(&facts)).map(|r| (r.id, r.tag.clone())).collect();
        if !matched.is_empty() {
            let lag = self.nature.filtered;
            let due_ms = now_ms + self.lag(lag);
            parcels.push(Parcel { due_ms, subscription: None, event: Event::Matched(id, matched) });
        }
        parcels
    }

    /// The parcels of a deletion, for who subscribed to the author's.
    pub(super) fn parcels_of_deletion(&mut self, id: PostId, author: UserId, now_ms: i64) -> Vec<Parcel> {
        self.parcels_for(EventType::Delete, author, now_ms, &Event::Deleted { id, author })
    }

    /// The parcels of a new handle.
    pub(super) fn parcels_of_rename(&mut self, id: UserId, before: &str, after: &str, now_ms: i64) -> Vec<Parcel> {
        let event = Event::Renamed { before: before.to_owned(), after: after.to_owned() };
        self.parcels_for(EventType::Handle, id, now_ms, &event)
    }

    fn parcels_for(&mut self, kind: EventType, user: UserId, now_ms: i64, event: &Event) -> Vec<Parcel> {
        let lag = self.nature.activity;
        let due_ms = now_ms + self.lag(lag);
        let concerned = self.subscriptions.values().filter(|s| s.event_type == kind && s.user == user);
        concerned.map(|s| Parcel { due_ms, subscription: Some(s.clone()), event: event.clone() }).collect()
    }

    /// What rules may look at. The filtered stream looks into the quoted post too, search does not.
    pub(super) fn facts(&self, post: &Post, with_quoted: bool) -> Facts {
        let handle = |id: UserId| self.users.get(id).map_or_else(String::new, |u| u.handle.clone());
        let quoted = post.reference(Relation::Quote).filter(|_| with_quoted).and_then(|r| self.posts.get(&r.id));
        let text = quoted.map_or_else(|| post.text.clone(), |q| format!("{} {}", post.text, q.text));
        let mentioned = post.mentions.iter().chain(quoted.iter().flat_map(|q| &q.mentions));
        let reply = post.reference(Relation::Reply);
        Facts {
            text,
            author: handle(post.author),
            author_id: post.author.to_string(),
            mentions: mentioned.map(|m| m.span.handle.clone()).collect(),
            replies_to: reply.and_then(|r| r.author).map(|a| (handle(a), a.to_string())),
            repost: post.reference(Relation::Repost).is_some(),
            reply: reply.is_some(),
            quote: post.reference(Relation::Quote).is_some(),
            language: post.language.to_owned(),
        }
    }
}

/// Whether the post is an event of this type for the subscription's account.
fn concerns(post: &Post, kind: EventType, user: UserId) -> bool {
    let by_another = post.author != user;
    let points = |relation| post.reference(relation).is_some_and(|r| r.author == Some(user));
    match kind {
        EventType::Create => !by_another,
        EventType::Mention => by_another && post.explicitly_mentions(user),
        EventType::Reply => by_another && points(Relation::Reply),
        EventType::Quote => by_another && points(Relation::Quote),
        EventType::Repost => by_another && points(Relation::Repost),
        EventType::Delete | EventType::Handle => false,
    }
}
