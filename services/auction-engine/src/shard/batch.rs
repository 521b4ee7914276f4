//! A batch on its way to COMMIT: the rows for the database, and who waits for them.

use std::sync::Arc;

use alloy_primitives::B256;
use auction_core::{Decision, Hash, Source, Timestamp, TraceContext};
use store::commit::{Batch, MAX_BATCH_BYTES, MAX_BATCH_ROWS};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ingress::{Submit, Ticket};
use super::keys::Fingerprint;
use super::signer::UnsignedClose;
use crate::engine::{AuctionView, Outcome, SubmitError};

/// Where an answer goes.
pub(crate) type Reply = oneshot::Sender<Result<Outcome, SubmitError>>;

/// Somebody to be answered; `None` for the worker's own commands.
pub(crate) struct Asker {
    pub(crate) reply: Reply,
    pub(crate) admitted_at: Instant,
    /// Held until answered: it is what bounds the queue.
    _ticket: Ticket,
}

impl Asker {
    pub(crate) fn of(submit: Submit) -> (auction_core::Command, Self) {
        let Submit { command, reply, ticket, admitted_at } = submit;
        (command, Self { reply, admitted_at, _ticket: ticket })
    }

    /// Answers; a client that has gone away is no concern.
    pub(crate) fn answer(self, answer: Result<Outcome, SubmitError>) {
        let _ = self.reply.send(answer);
    }
}

/// A decided command that waits for its COMMIT.
pub(crate) struct Waiting {
    pub(crate) source: Source,
    pub(crate) fingerprint: Fingerprint,
    /// Where its trace began, if it is traced.
    pub(crate) trace: Option<TraceContext>,
    pub(crate) decided_at: Instant,
    pub(crate) now: Timestamp,
    pub(crate) decision: Arc<Decision>,
    /// The row's number; the last one before it where nothing changed and there is no row.
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    pub(crate) asker: Option<Asker>,
    /// The same command again, before its COMMIT: answered alike.
    pub(crate) again: Vec<Asker>,
}

/// Rows gathered since the last batch was sealed.
#[derive(Default)]
pub(crate) struct Open {
    pub(crate) rows: Batch,
    pub(crate) leaves: Vec<B256>,
    pub(crate) closes: Vec<UnsignedClose>,
    pub(crate) waiting: Vec<Waiting>,
    /// Memory of a batch that has been answered, for the next one: it is the largest piece that comes and goes.
    spare: Vec<Waiting>,
}

/// A batch whose last row is the state that its views show.
pub(crate) struct Sealed {
    pub(crate) first_seq: u64,
    pub(crate) work: Work,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) views: Vec<AuctionView>,
    /// When it went to the committer.
    pub(crate) sent_at: Option<Instant>,
}

/// The part of a batch that the committer needs.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) rows: Arc<Batch>,
    pub(crate) leaves: Arc<[B256]>,
    pub(crate) closes: Arc<[UnsignedClose]>,
}

impl Open {
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= MAX_BATCH_ROWS || self.rows.bytes() >= MAX_BATCH_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the memory of an answered batch back.
    pub(crate) fn reuse(&mut self, answered: Vec<Waiting>) {
        debug_assert!(answered.is_empty(), "what is reused has been answered");
        if answered.capacity() > self.spare.capacity() {
            self.spare = answered;
        }
    }

    /// Closes the batch; `first_seq` is its first row's number. The next one is given room for as many rows.
    pub(crate) fn seal(&mut self, first_seq: u64, views: Vec<AuctionView>) -> Sealed {
        let spare = std::mem::take(&mut self.spare);
        let next = Self {
            rows: Batch::with_capacity(self.rows.len()),
            leaves: Vec::with_capacity(self.leaves.len()),
            closes: Vec::new(),
            waiting: spare,
            spare: Vec::new(),
        };
        let Self { rows, leaves, closes, waiting, .. } = std::mem::replace(self, next);
        let work = Work { rows: Arc::new(rows), leaves: leaves.into(), closes: closes.into() };
        Sealed { first_seq, work, waiting, views, sent_at: None }
    }
}
