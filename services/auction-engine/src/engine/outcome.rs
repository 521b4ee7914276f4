//! The answer to a submitted command, and the wait for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use auction_core::{Decision, Hash, Timestamp};
use tokio::sync::oneshot;

/// A decision that is durable.
#[derive(Debug)]
pub struct Outcome {
    pub epoch: u64,
    /// The row in the shard's journal; the last one where the command changed nothing and has no row.
    pub seq: u64,
    /// When it was decided.
    pub now: Timestamp,
    /// Shared: an answer is handed from task to task, and a decision is a third of a kilobyte.
    pub decision: Arc<Decision>,
    /// The link of the subject's hash chain that this row is.
    pub hash: Hash,
    /// Whether the key had been seen before: then this is the first answer, not a new one.
    pub first: First,
    /// For a parked bid: resolves when it is judged. Dropped when the worker stops before that.
    pub judged: Option<Pending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Decided by this submission.
    Decided,
    /// Decided earlier under the same key.
    Repeated,
}

/// Why a command was not taken or not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    #[error("too many commands wait; try again in {} s", retry_after.as_secs())]
    Busy { retry_after: Duration },
    #[error("another worker holds this shard")]
    NotHere { address: Option<String> },
    #[error("the worker is stopping")]
    Stopping,
    /// The worker lost its lease or its database while the command waited: it may or may not have counted. The same key
    /// asked again gets the truth.
    #[error("the outcome is not known; ask again with the same key")]
    InDoubt,
    /// The database refused this command's row. Nothing of it counts.
    #[error("the command could not be recorded")]
    NotRecorded,
}

/// Resolves when the command's row is durable. Dropping it does not take the command back.
#[derive(Debug)]
pub struct Pending(pub(crate) oneshot::Receiver<Result<Outcome, SubmitError>>);

impl Future for Pending {
    type Output = Result<Outcome, SubmitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|received| received.unwrap_or(Err(SubmitError::InDoubt)))
    }
}
