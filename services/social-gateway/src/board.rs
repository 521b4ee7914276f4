//! What the gateway knows of itself, for its status page: written by the tasks, read by the API.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use auction_core::{Span, Timestamp};
use store::social::Via;

use crate::x::Code;

/// Where a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// Not started, or another gateway holds the inbox.
    Idle,
    Connecting,
    Connected,
    /// Failed; it connects again at `until`.
    Waiting {
        until: Timestamp,
        code: Code,
    },
    /// Turned off by the spending breaker.
    Off,
}

/// A source of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub state: SourceState,
    pub since: Timestamp,
    /// The last sign of life, keep-alives included.
    pub last_line_at: Option<Timestamp>,
    pub last_post_at: Option<Timestamp>,
    /// How late the last post was.
    pub last_post_age: Option<Span>,
    pub posts: u64,
    pub reconnects: u64,
}

/// The inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inbox {
    /// The lease's epoch while it is held.
    pub epoch: Option<u64>,
    pub last_seq: u64,
    pub last_commit_at: Option<Timestamp>,
    pub strangers: u64,
    pub known: u64,
}

/// The gap audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// Every mention timed at or before this is in the inbox.
    pub complete_through: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    /// Posts that only the audit found.
    pub found: u64,
    pub runs: u64,
    pub last_problem: Option<Code>,
}

#[derive(Debug, Default)]
struct Facts {
    account: Option<Code>,
    sources: BTreeMap<Via, Source>,
    inbox: Inbox,
    audit: Audit,
}

/// The facts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<Facts>>);

impl Board {
    /// A source has changed its state.
    pub fn state(&self, via: Via, state: SourceState, now: Timestamp) {
        self.source(via, now, |source| {
            if source.state != state {
                source.reconnects += u64::from(matches!(state, SourceState::Waiting { .. }));
                source.state = state;
                source.since = now;
            }
        });
    }

    /// A source gave a sign of life.
    pub fn line(&self, via: Via, now: Timestamp) {
        self.source(via, now, |source| source.last_line_at = Some(now));
    }

    /// A source brought a post.
    pub fn post(&self, via: Via, age: Span, now: Timestamp) {
        self.source(via, now, |source| {
            source.last_post_at = Some(now);
            source.last_post_age = Some(age);
            source.posts += 1;
        });
    }

    /// X has not said who we are, for this reason; `None` when it has.
    pub fn account_problem(&self, problem: Option<Code>) {
        self.with(|facts| facts.account = problem);
    }

    /// Why X has not said who we are.
    pub fn account(&self) -> Option<Code> {
        self.with(|facts| facts.account)
    }

    /// Changes what is known of the inbox.
    pub fn inbox(&self, change: impl FnOnce(&mut Inbox)) {
        self.with(|facts| change(&mut facts.inbox));
    }

    /// Changes what is known of the audit.
    pub fn audit(&self, change: impl FnOnce(&mut Audit)) {
        self.with(|facts| change(&mut facts.audit));
    }

    /// Everything at once.
    pub fn read(&self) -> (BTreeMap<Via, Source>, Inbox, Audit) {
        self.with(|facts| (facts.sources.clone(), facts.inbox, facts.audit))
    }

    fn source(&self, via: Via, now: Timestamp, change: impl FnOnce(&mut Source)) {
        let fresh = Source {
            state: SourceState::Idle,
            since: now,
            last_line_at: None,
            last_post_at: None,
            last_post_age: None,
            posts: 0,
            reconnects: 0,
        };
        self.with(|facts| change(facts.sources.entry(via).or_insert(fresh)));
    }

    fn with<T>(&self, use_them: impl FnOnce(&mut Facts) -> T) -> T {
        use_them(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
