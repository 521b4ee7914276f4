//! Changes of the world: a post is made or edited, deleted, an account renamed. Each checks what X checks and gives
//! back the parcels that the streams will carry.

use super::address::Parcel;
use super::{MOST_MENTIONS, MOST_POSTS, World};
use crate::id::{PostId, UserId};
use crate::post::{EDITABLE_MS, MOST_EDITS, Mention, Post, Reference, Relation};
use crate::text::{self, MOST_NOTE_WEIGHT, MOST_WEIGHT};
use crate::user::{Kind, Unregistered};

/// How long X refuses the same text from the same automated account.
const DUPLICATE_MS: i64 = 12 * 60 * 60 * 1000;

/// Texts of the house that are remembered for that.
const REMEMBERED_TEXTS: usize = 10_000;

/// What an author wants to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who writes.
    pub author: UserId,
    /// What.
    pub text: String,
    /// The post that it answers.
    pub reply_to: Option<PostId>,
    /// The post that it quotes.
    pub quote: Option<PostId>,
    /// The post that it repeats.
    pub repost: Option<PostId>,
    /// The post that it replaces.
    pub edits: Option<PostId>,
    /// An id that is given from outside, for recorded posts.
    pub id: Option<PostId>,
    /// A time of making that is given from outside, in milliseconds since the Unix epoch.
    pub made_at_ms: Option<i64>,
    /// Code points at the start that are not shown, given from outside.
    pub hidden: usize,
}

impl Draft {
    /// A plain post.
    pub fn plain(author: UserId, text: &str) -> Self {
        let text = text.to_owned();
        Self {
            author,
            text,
            reply_to: None,
            quote: None,
            repost: None,
            edits: None,
            id: None,
            made_at_ms: None,
            hidden: 0,
        }
    }
}

/// What came of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The post's id.
    pub id: PostId,
    /// What the streams will carry.
    pub parcels: Vec<Parcel>,
    /// The post existed; it is only delivered again.
    pub again: bool,
}

/// Why X takes no such post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No text and nothing repeated.
    #[error("the text is empty")]
    Empty,
    /// Over 280, or over the long limit for people.
    #[error("the text weighs {0}")]
    TooLong(usize),
    /// The house just posted the same.
    #[error("the same text was just posted")]
    Duplicate,
    /// The post that it points at is gone.
    #[error("the post {0} does not exist")]
    NoSuchPost(PostId),
    /// The house answers somebody who did not call it.
    #[error("the author of the post did not call the account")]
    NotSummoned,
    /// The house names or quotes people by itself.
    #[error("the account may not address people by itself")]
    Unsolicited,
    /// Somebody else's post.
    #[error("the post is somebody else's")]
    NotYours,
    /// Too late, too often, or of a kind that is never editable.
    #[error("the post cannot be edited")]
    NotEditable,
    /// The author's account does not exist.
    #[error("the account {0} does not exist")]
    NoSuchUser(UserId),
}

impl World {
    /// Makes a post, or a new version of one, or delivers a known one again.
    pub fn create(&mut self, draft: &Draft, now_ms: i64) -> Result<Made, Refused> {
        if let Some(id) = draft.id.filter(|id| self.posts.contains_key(id)) {
            return Ok(Made { id, parcels: self.parcels_of(id, now_ms), again: true });
        }
        self.check(draft, now_ms)?;
        let post = self.compose(draft, now_ms);
        let id = post.id;
        self.keep(post, now_ms);
        Ok(Made { id, parcels: self.parcels_of(id, now_ms), again: false })
    }

    /// Deletes every version of a post.
    pub fn delete(&mut self, id: PostId, by: UserId, now_ms: i64) -> Result<Vec<Parcel>, Refused> {
        let post = self.living(id).ok_or(Refused::NoSuchPost(id))?;
        if post.author != by {
            return Err(Refused::NotYours);
        }
        let author = post.author;
        for version in self.versions(id).to_vec() {
            if let Some(version) = self.posts.get_mut(&version) {
                version.deleted = true;
            }
        }
        Ok(self.parcels_of_deletion(id, author, now_ms))
    }

    /// Gives an account a new handle.
    pub fn rename(&mut self, id: UserId, handle: &str, now_ms: i64) -> Result<Vec<Parcel>, Unregistered> {
        let before = self.users.rename(id, handle)?;
        Ok(before.map_or_else(Vec::new, |before| self.parcels_of_rename(id, &before, handle, now_ms)))
    }

    /// The version if it is there and not deleted.
    pub fn living(&self, id: PostId) -> Option<&Post> {
        self.posts.get(&id).filter(|p| !p.deleted)
    }

    fn check(&self, draft: &Draft, now_ms: i64) -> Result<(), Refused> {
        let author = self.users.get(draft.author).ok_or(Refused::NoSuchUser(draft.author))?;
        if draft.text.trim().is_empty() && draft.repost.is_none() {
            return Err(Refused::Empty);
        }
        let (weight, most) = (text::weight(&draft.text), weight_limit(author.kind));
        if weight > most {
            return Err(Refused::TooLong(weight));
        }
        let imported = draft.id.is_some();
        for target in [draft.reply_to, draft.quote, draft.repost].into_iter().flatten() {
            if self.living(target).is_none() && !imported {
                return Err(Refused::NoSuchPost(target));
            }
        }
        match author.kind {
            Kind::House => self.check_automated(draft, now_ms)?,
            Kind::Crowd => {}
        }
        match draft.edits {
            Some(_) if imported => Ok(()),
            Some(previous) => self.check_edit(previous, draft.author, now_ms),
            None => Ok(()),
        }
    }

    /// X's rules for automated accounts of February and April 2026: answer only who called, address nobody unasked,
    /// quote nobody, never the same text twice.
    fn check_automated(&self, draft: &Draft, now_ms: i64) -> Result<(), Refused> {
        if draft.quote.is_some() {
            return Err(Refused::Unsolicited);
        }
        let parent = draft.reply_to.and_then(|id| self.living(id));
        let called = parent.is_none_or(|p| p.author == self.house || self.summons(p));
        if !called {
            return Err(Refused::NotSummoned);
        }
        let participants = parent.map_or_else(Vec::new, |p| self.participants(p));
        let written = self.with_reply_prefix(draft, &participants);
        let again = |(at, text): &(i64, String)| now_ms - at < DUPLICATE_MS && *text == written;
        if self.house_texts.iter().any(again) {
            return Err(Refused::Duplicate);
        }
        let known = |handle: &str| participants.iter().any(|p| p.eq_ignore_ascii_case(handle));
        let stranger = text::mentions(&draft.text).iter().any(|m| {
            let own = self.house().handle.eq_ignore_ascii_case(&m.handle);
            !own && !known(&m.handle) && self.users.by_handle(&m.handle).is_some()
        });
        if stranger { Err(Refused::Unsolicited) } else { Ok(()) }
    }

    /// Whether the post calls the house: names it, answers it or quotes it.
    fn summons(&self, post: &Post) -> bool {
        post.names(self.house) || post.references.iter().any(|r| r.author == Some(self.house))
    }

    fn check_edit(&self, previous: PostId, by: UserId, now_ms: i64) -> Result<(), Refused> {
        let post = self.living(previous).ok_or(Refused::NoSuchPost(previous))?;
        let versions = self.versions(previous);
        if post.author != by {
            return Err(Refused::NotYours);
        }
        let open = now_ms - post.first.made_at_ms() < EDITABLE_MS;
        let newest = versions.last() == Some(&previous);
        let left = versions.len() <= MOST_EDITS;
        if open && newest && left && post.can_be_edited() { Ok(()) } else { Err(Refused::NotEditable) }
    }

    fn compose(&mut self, draft: &Draft, now_ms: i64) -> Post {
        let at = draft.made_at_ms.unwrap_or(now_ms);
        let id = draft.id.unwrap_or_else(|| self.unused_id(at));
        let references = self.references(draft);
        let participants = self.participants_of(&references);
        let text = self.with_reply_prefix(draft, &participants);
        let mentions = self.known_mentions(&text);
        let hidden = if draft.reply_to.is_some() { text::reply_prefix(&text, &participants) } else { 0 };
        let hidden = hidden.max(draft.hidden);
        let first = draft.edits.map_or(id, |previous| self.posts.get(&previous).map_or(previous, |p| p.first));
        let conversation = draft.reply_to.map_or(first, |p| self.posts.get(&p).map_or(p, |p| p.conversation));
        let note = text::weight(&text) > MOST_WEIGHT && draft.repost.is_none();
        let lag = self.nature.listing;
        let listed_at_ms = now_ms + self.lag(lag);
        let language = if text.is_ascii() { "en" } else { "und" };
        let (author, made_at_ms) = (draft.author, id.made_at_ms());
        let (withheld, deleted) = (false, false);
        Post {
            id,
            first,
            author,
            text,
            made_at_ms,
            conversation,
            references,
            mentions,
            hidden,
            note,
            language,
            withheld,
            listed_at_ms,
            deleted,
        }
    }

    fn unused_id(&mut self, at_ms: i64) -> PostId {
        loop {
            let id = PostId(self.mint.mint(at_ms));
            if !self.posts.contains_key(&id) {
                return id;
            }
        }
    }

    fn references(&self, draft: &Draft) -> Vec<Reference> {
        let targets =
            [(Relation::Reply, draft.reply_to), (Relation::Quote, draft.quote), (Relation::Repost, draft.repost)];
        let author = |id| self.posts.get(&id).map(|p: &Post| p.author);
        targets
            .into_iter()
            .filter_map(|(relation, id)| id.map(|id| Reference { relation, id, author: author(id) }))
            .collect()
    }

    /// X puts the handle of whom one answers before a reply that does not begin with it.
    fn with_reply_prefix(&self, draft: &Draft, participants: &[String]) -> String {
        let Some(answered) = participants.first().filter(|_| draft.reply_to.is_some() && draft.id.is_none()) else {
            return draft.text.clone();
        };
        let own = self.users.get(draft.author).is_some_and(|u| u.handle.eq_ignore_ascii_case(answered));
        let begins = text::mentions(&draft.text).first().is_some_and(|m| m.start == 0);
        if own || begins { draft.text.clone() } else { format!("@{answered} {}", draft.text) }
    }

    fn participants(&self, parent: &Post) -> Vec<String> {
        let author = self.users.get(parent.author).map(|u| u.handle.clone());
        author.into_iter().chain(parent.mentions.iter().map(|m| m.span.handle.clone())).collect()
    }

    fn participants_of(&self, references: &[Reference]) -> Vec<String> {
        let parent = references.iter().find(|r| r.relation == Relation::Reply).and_then(|r| self.posts.get(&r.id));
        parent.map_or_else(Vec::new, |p| self.participants(p))
    }

    fn known_mentions(&self, text: &str) -> Vec<Mention> {
        let known = |span: text::MentionSpan| {
            let user = self.users.by_handle(&span.handle)?.id;
            Some(Mention { span, user })
        };
        text::mentions(text).into_iter().filter_map(known).collect()
    }

    fn keep(&mut self, mut post: Post, now_ms: i64) {
        post.withheld = self.is_withheld(&post);
        if post.withheld {
            self.withheld.push(post.id);
        }
        for mention in &post.mentions {
            let listed = self.mentions_of.entry(mention.user).or_default();
            listed.insert(post.id);
            if listed.len() > MOST_MENTIONS {
                listed.pop_first();
            }
        }
        if post.author == self.house {
            self.house_texts.push_back((now_ms, post.text.clone()));
            self.house_texts.truncate_front_to(REMEMBERED_TEXTS);
        }
        if let Some(author) = self.users.get_mut(post.author) {
            author.posts += 1;
        }
        self.chains.entry(post.first).or_default().push(post.id);
        self.arrivals.push_back(post.id);
        self.posts.insert(post.id, post);
        while self.posts.len() > MOST_POSTS {
            self.forget_oldest();
        }
    }

    /// Only posts of the crowd that name the house count; a later version shares the fate of the first.
    fn is_withheld(&mut self, post: &Post) -> bool {
        if post.author == self.house || !post.names(self.house) || post.references.iter().any(is_repost) {
            return false;
        }
        if post.first != post.id {
            return self.posts.get(&post.first).is_some_and(|first| first.withheld);
        }
        let ordinal = self.concerning;
        self.concerning += 1;
        self.withholding.withholds(ordinal)
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.arrivals.pop_front() else { return };
        let Some(post) = self.posts.remove(&oldest) else { return };
        if post.withheld {
            self.withheld.retain(|id| *id != oldest);
        }
        if let Some(versions) = self.chains.get_mut(&post.first) {
            versions.retain(|v| *v != oldest);
            if versions.is_empty() {
                self.chains.remove(&post.first);
            }
        }
        for mention in &post.mentions {
            if let Some(listed) = self.mentions_of.get_mut(&mention.user) {
                listed.remove(&oldest);
            }
        }
    }
}

fn is_repost(reference: &Reference) -> bool {
    reference.relation == Relation::Repost
}

fn weight_limit(kind: Kind) -> usize {
    match kind {
        Kind::House => MOST_WEIGHT,
        Kind::Crowd => MOST_NOTE_WEIGHT,
    }
}

/// Keeps a queue to its newest entries.
trait TruncateFront {
    fn truncate_front_to(&mut self, most: usize);
}

impl<T> TruncateFront for std::collections::VecDeque<T> {
    fn truncate_front_to(&mut self, most: usize) {
        while self.len() > most {
            self.pop_front();
        }
    }
}
