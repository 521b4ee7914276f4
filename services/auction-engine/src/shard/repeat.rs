//! A key that may have been seen before: the first decision is the answer, however long ago it was.

use std::sync::Arc;

use auction_core::Command;
use xtra::{Context, Handler};

use super::actor::ShardActor;
use super::batch::{Asker, Waiting};
use super::keys::Fingerprint;
use crate::engine::{First, Outcome, SubmitError};

/// A command whose fingerprint is known.
pub(crate) struct Repeat {
    pub(crate) command: Command,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) asker: Asker,
}

/// The index does not know the key after all: two keys share a fingerprint, and this one is new.
struct New(Repeat);

impl ShardActor {
    /// Answers with the first decision: with the row's COMMIT if it is still on its way, else from the journal.
    pub(crate) fn repeated(&mut self, repeat: Repeat) {
        if let Some(waiting) = self.on_its_way(&repeat) {
            waiting.again.push(repeat.asker);
            return;
        }
        let (pool, shard, own, epoch) = (self.pool.clone(), self.name.clone(), self.own.clone(), self.epoch);
        self.life.spawn_brief(async move {
            let source = &repeat.command.source;
            match store::journal::by_key(&pool, &shard, source.kind, &source.key).await {
                Ok(Some(row)) => repeat.asker.answer(outcome_of(&row, epoch)),
                Ok(None) => drop(own.send(New(repeat)).await),
                Err(error) => {
                    tracing::warn!(error = %bootstrap::chain(&error), "an earlier decision could not be looked up");
                    repeat.asker.answer(Err(SubmitError::InDoubt));
                }
            }
        });
    }

    fn on_its_way(&mut self, repeat: &Repeat) -> Option<&mut Waiting> {
        let sealed = self.in_flight.iter_mut().chain(&mut self.sealed).flat_map(|batch| &mut batch.waiting);
        sealed
            .chain(&mut self.open.waiting)
            .find(|waiting| waiting.fingerprint == repeat.fingerprint && waiting.source == repeat.command.source)
    }
}

/// The answer that a stored row is.
pub(crate) fn outcome_of(row: &store::journal::StoredRow, epoch: u64) -> Result<Outcome, SubmitError> {
    let entry = row.decode().map_err(|error| {
        tracing::error!(seq = row.seq, error = %bootstrap::chain(&error), "a row of the journal cannot be read");
        SubmitError::InDoubt
    })?;
    Ok(Outcome {
        epoch,
        seq: row.seq,
        now: entry.now,
        decision: Arc::new(entry.decision),
        hash: row.hash,
        first: First::Repeated,
        judged: None,
    })
}

impl Handler<New> for ShardActor {
    type Return = ();

    async fn handle(&mut self, New(repeat): New, context: &mut Context<Self>) {
        if let Some(waiting) = self.on_its_way(&repeat) {
            waiting.again.push(repeat.asker);
            return;
        }
        self.tick();
        self.decide(repeat.command, repeat.fingerprint, Some(repeat.asker));
        self.after_decisions(context);
    }
}
