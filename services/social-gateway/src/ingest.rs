//! From X to the inbox: two streams and the mentions timeline read posts, normalise them and hand them to the writer.
//! Whatever a stream misses, the audit finds; whatever comes twice has one key.

pub mod audit;
pub mod decode;
pub mod normalise;
pub mod retention;
pub mod rules;
pub mod source;
pub mod subscriptions;
pub mod sweep;
pub mod timeline;
pub mod watch;

use auction_core::{BidderId, Handle};
use store::social::NewPost;
use tokio::sync::oneshot;

/// The account that the auction house speaks from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    pub id: u64,
    pub handle: Handle,
}

/// What reaches the writer, in the order in which it was read.
#[derive(Debug)]
pub enum Arrival {
    Post(Box<NewPost>),
    /// The posts of a timeline; the answer comes when all of them are durable.
    Compared {
        posts: Vec<NewPost>,
        done: oneshot::Sender<Filed>,
    },
    /// An author has deleted a post (any edit's id).
    Deleted {
        post: u64,
    },
    /// An account has a new handle.
    Renamed {
        bidder: BidderId,
        handle: Handle,
    },
}

/// What became of the posts of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filed {
    /// Those that no stream had brought.
    pub missing: Vec<u64>,
}
