//! The `social` schema: posts, the inbox of a handle, audits, deletions, spend and replies. Written by the social gateway
//! alone; the engine reads the inbox and asks for audits. The inbox, its audits and the sending of replies are fenced by
//! the lease's epoch; deletions, handles, wishes and planned replies are keyed, so that two writers do them once.

use auction_core::{BidderId, Handle, Timestamp, TraceContext};

use crate::Error;

mod audit;
mod bidder;
mod compliance;
mod inbox;
mod lease;
mod reply;
mod spend;

pub use audit::{Audit, AuditDone, complete_audit, pending_audit, request_audit};
pub use bidder::{Linked, linked_bidders, rename_bidder};
pub use compliance::{Checked, authors_since, erase_posts, expire_texts, is_silent, posts_to_check, set_silence};
pub use inbox::{Committed, commit_posts, last_seq, newest_post_at, posts_since};
pub use lease::{Lease, lease_inbox, release_inbox, renew_inbox};
pub use reply::{
    NewReply, Reply, ReplyLot, ReplyState, ReplySubject, finish_reply, give_up_replies_in_doubt, plan_reply,
    planned_replies, release_held, replies, reply_subject, reply_times, start_reply,
};
pub use spend::{Spent, add_spend, load_spend};

/// True if the data of some row is at fault (a value out of range, a broken constraint), so that a smaller batch may pass;
/// false if the same statement may pass when it is tried again.
pub fn is_about_data(error: &Error) -> bool {
    matches!(error, Error::Unavailable(error) if crate::is_bad_row(error))
}

/// Which of X's sources brought a post first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    Activity,
    Filtered,
    Mentions,
}

impl Via {
    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Filtered => "filtered",
            Self::Mentions => "mentions",
        }
    }
}

/// How a post refers to another. A quote that is also a reply counts as a quote: that can be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    None,
    Reply,
    Quote,
    Repost,
}

impl Reference {
    const ALL: [Self; 4] = [Self::None, Self::Reply, Self::Quote, Self::Repost];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reply => "reply",
            Self::Quote => "quote",
            Self::Repost => "repost",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let reference = Self::ALL.into_iter().find(|reference| reference.as_str() == text);
        reference.ok_or(Error::Unreadable { what: "a post's reference" })
    }
}

/// A post as it goes into the database: parsed, checked, keyed by its first edit.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPost {
    /// The first edit's id: the key of everything.
    pub id: u64,
    /// The edit whose text this is; equal to `id` for a post that was never edited.
    pub latest_id: u64,
    pub author: BidderId,
    pub author_handle: Option<Handle>,
    /// Without NUL characters.
    pub text: String,
    pub text_sha256: [u8; 32],
    pub reference: Reference,
    /// When the text was posted: the time in `latest_id`.
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    pub via: Via,
    /// X's object, for the record and for display.
    pub raw: serde_json::Value,
    /// Where its trace begins, if it was chosen.
    pub trace: Option<TraceContext>,
}

/// A `u64` as PostgreSQL's `bigint`. X's ids are positive and below 2^63; what is not was never X's.
fn bigint(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
