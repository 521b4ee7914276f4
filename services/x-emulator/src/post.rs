//! A post as the stand-in keeps it, and what X's JSON says of it.

use crate::id::{PostId, UserId};
use crate::text::MentionSpan;

/// How long a post can be edited: one hour for paying accounts, as `edit_controls` in X's own examples says.
pub const EDITABLE_MS: i64 = 60 * 60 * 1000;

/// How often a post can be edited.
pub const MOST_EDITS: usize = 5;

/// How a post points at another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It answers the other.
    Reply,
    /// It quotes the other.
    Quote,
    /// It repeats the other.
    Repost,
}

impl Relation {
    /// X's word in `referenced_tweets`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reply => "replied_to",
            Self::Quote => "quoted",
            Self::Repost => "retweeted",
        }
    }
}

/// A post that another points at. The author is known unless the other post never was here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// How.
    pub relation: Relation,
    /// Which post.
    pub id: PostId,
    /// Whose it is.
    pub author: Option<UserId>,
}

/// A mention whose account exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where it stands.
    pub span: MentionSpan,
    /// Whom it names.
    pub user: UserId,
}

/// One version of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// This version's id.
    pub id: PostId,
    /// The id of the first version.
    pub first: PostId,
    /// The author.
    pub author: UserId,
    /// The whole text, not escaped.
    pub text: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_at_ms: i64,
    /// Root of the conversation.
    pub conversation: PostId,
    /// The posts that it points at.
    pub references: Vec<Reference>,
    /// The mentions of accounts that exist.
    pub mentions: Vec<Mention>,
    /// Code points at the start that X does not show: the mentions of a reply.
    pub hidden: usize,
    /// The text is longer than 280, so `note_tweet` holds it.
    pub note: bool,
    /// The language tag.
    pub language: &'static str,
    /// The streams never carry it.
    pub withheld: bool,
    /// From when timelines and search show it, in milliseconds since the Unix epoch.
    pub listed_at_ms: i64,
    /// It was deleted.
    pub deleted: bool,
}

impl Post {
    /// The reference of this relation.
    pub fn reference(&self, relation: Relation) -> Option<Reference> {
        self.references.iter().find(|r| r.relation == relation).copied()
    }

    /// Whether the author wrote the mention himself; the reply prefix names people without calling them, and so does a
    /// repost.
    pub fn explicitly_mentions(&self, user: UserId) -> bool {
        let repost = self.reference(Relation::Repost).is_some();
        !repost && self.mentions.iter().any(|m| m.user == user && m.span.start >= self.hidden)
    }

    /// Whether the text names the user anywhere.
    pub fn names(&self, user: UserId) -> bool {
        self.mentions.iter().any(|m| m.user == user)
    }

    /// Whether X would let its author edit it: no reply, no repost.
    pub fn can_be_edited(&self) -> bool {
        self.reference(Relation::Reply).is_none() && self.reference(Relation::Repost).is_none()
    }
}
