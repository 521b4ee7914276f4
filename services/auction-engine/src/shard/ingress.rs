//! The way into a shard's mailbox: bounded by admission, so that a full shard answers `Busy` at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auction_core::Command;
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::time::Instant;
use xtra::Address;

use super::actor::ShardActor;
use crate::engine::{BUSY_RETRY_AFTER, Outcome, Pending, SubmitError};
use crate::observe::Observe;

/// Commands that may wait for their COMMIT at once, a full batch: a tenth of a second's work. More would only wait longer.
pub(crate) const MAX_ADMITTED: usize = store::commit::MAX_BATCH_ROWS;

/// Sends commands to one shard's actor. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ingress {
    address: Address<ShardActor>,
    admitted: Arc<AtomicUsize>,
    observe: Arc<Observe>,
}

/// A command on its way, with where to answer.
pub(crate) struct Submit {
    pub(crate) command: Command,
    pub(crate) reply: oneshot::Sender<Result<Outcome, SubmitError>>,
    pub(crate) ticket: Ticket,
    pub(crate) admitted_at: Instant,
}

/// One place among the admitted; gives it back when dropped.
pub(crate) struct Ticket(Arc<AtomicUsize>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ingress {
    /// The mailbox behind `address` must hold at least [`MAX_ADMITTED`] messages.
    pub(crate) fn new(address: Address<ShardActor>, observe: Arc<Observe>) -> Self {
        Self { address, admitted: Arc::new(AtomicUsize::new(0)), observe }
    }

    /// Puts the command into the mailbox, or says why not. Never waits.
    pub(crate) fn admit(&self, command: Command) -> Result<Pending, SubmitError> {
        if self.admitted.fetch_add(1, Ordering::Relaxed) >= MAX_ADMITTED {
            self.admitted.fetch_sub(1, Ordering::Relaxed);
            self.observe.busy();
            return Err(SubmitError::Busy { retry_after: BUSY_RETRY_AFTER });
        }
        let ticket = Ticket(self.admitted.clone());
        let (reply, pending) = oneshot::channel();
        let submit = Submit { command, reply, ticket, admitted_at: Instant::now() };
        // The mailbox has room for everything that is admitted, so one poll delivers; what is not delivered then is lost
        // with its reply, and the client is told that the outcome is not known.
        match self.address.send(submit).detach().now_or_never() {
            Some(Ok(_receiver)) => Ok(Pending(pending)),
            Some(Err(_disconnected)) => Err(SubmitError::Stopping),
            None => Err(SubmitError::Busy { retry_after: BUSY_RETRY_AFTER }),
        }
    }
}

#[cfg(test)]
mod tests {
    use auction_core::{Action, AuctionId, Source, SourceKind, Timestamp};
    use bootstrap::health::Health;
    use bootstrap::metrics::Registry;

    use super::*;

    #[test]
    fn a_full_shard_says_so_at_once_and_takes_more_when_a_command_is_done() {
        let (address, mailbox) = xtra::Mailbox::bounded(MAX_ADMITTED + 1);
        let ingress = Ingress::new(address, Observe::new(&Registry::new(), &Health::new()));
        let admit = || {
            let source = Source { kind: SourceKind::Web, key: "k".to_owned() };
            let action = Action::Tick { auction: AuctionId::new("sale").unwrap() };
            ingress.admit(Command { source, at: Timestamp(0), action, trace: None })
        };
        for _ in 0..MAX_ADMITTED {
            admit().unwrap();
        }
        assert_eq!(admit().unwrap_err(), SubmitError::Busy { retry_after: BUSY_RETRY_AFTER });
        drop(mailbox.next().now_or_never().expect("a command waits"));
        admit().unwrap();
    }

    #[test]
    fn a_shard_that_has_ended_takes_nothing() {
        let (address, mailbox) = xtra::Mailbox::bounded(MAX_ADMITTED);
        let ingress = Ingress::new(address, Observe::new(&Registry::new(), &Health::new()));
        drop(mailbox);
        let source = Source { kind: SourceKind::Web, key: "k".to_owned() };
        let action = Action::Tick { auction: AuctionId::new("sale").unwrap() };
        let answer = ingress.admit(Command { source, at: Timestamp(0), action, trace: None });
        assert_eq!(answer.unwrap_err(), SubmitError::Stopping);
    }
}
