//! After the database has refused a row: everything decided on top of that row is decided again without it.

use auction_core::{Command, Entry, SourceKind};
use store::commit::Batch;

use super::actor::ShardActor;
use super::batch::{Asker, Sealed, Waiting};
use super::keys::Fingerprint;
use super::recovery::{self, Recovered, Unrecoverable};
use super::repeat::outcome_of;
use super::views::Views;
use crate::engine::SubmitError;

/// A decided command without its decision.
struct Undone {
    command: Command,
    askers: Vec<Asker>,
}

impl ShardActor {
    /// The first `rows` rows of `batch` are durable; the next one is refused; what follows is decided again in its order.
    pub(crate) async fn retrace(&mut self, batch: Sealed, rows: usize) -> Result<(), Unrecoverable> {
        self.durable_seq = batch.first_seq + u64::try_from(rows).expect("a batch is small") - 1;
        let open = std::mem::take(&mut self.open);
        let open_rows = u64::try_from(open.rows.len()).expect("a batch is small");
        let open_first = self.state.rows() + 1 - open_rows;
        let later = std::mem::take(&mut self.sealed);

        let Recovered { state, keys, saved_through } = recovery::recover(&self.pool, &self.name).await?;
        self.state = state;
        self.keys = keys;
        // Views of rows that never became durable look like those of the rows that take their numbers.
        self.views = Views::default();
        self.snapshots.restart(saved_through);
        self.touched.extend(self.state.auctions().map(|auction| auction.id().clone()));

        let mut undone = Vec::new();
        for batch in std::iter::once(batch).chain(later) {
            self.undo(batch.first_seq, &batch.work.rows, batch.waiting, &mut undone);
        }
        self.undo(open_first, &open.rows, open.waiting, &mut undone);
        let mut undone = undone.into_iter();
        if let Some(refused) = undone.next() {
            self.answer_refused(refused).await;
        }
        for Undone { command, askers } in undone {
            self.decide_again(command, askers);
        }
        Ok(())
    }

    /// Answers what is durable; puts the other commands aside. Ticks come again by themselves.
    fn undo(&mut self, first_seq: u64, rows: &Batch, waiting: Vec<Waiting>, undone: &mut Vec<Undone>) {
        for waiting in waiting {
            if waiting.seq <= self.durable_seq {
                self.answer(waiting);
                continue;
            }
            let index = usize::try_from(waiting.seq - first_seq).expect("a batch is small");
            let idle = waiting.decision.is_idle();
            let command = rows.entries().get(index).map(|bytes| Entry::decode(bytes).map(|entry| entry.command));
            let askers: Vec<_> = waiting.asker.into_iter().chain(waiting.again).collect();
            match command {
                Some(Ok(command)) if !idle => undone.push(Undone { command, askers }),
                // What changed nothing has no row to be decided again from; its asker asks again.
                Some(Ok(_) | Err(_)) | None => {
                    for asker in askers {
                        asker.answer(Err(SubmitError::InDoubt));
                    }
                }
            }
        }
    }

    /// The refused row's askers get the first decision of their key; if there is none, the row itself was bad.
    async fn answer_refused(&self, refused: Undone) {
        let source = &refused.command.source;
        let first = store::journal::by_key(&self.pool, &self.name, source.kind, &source.key).await;
        for asker in refused.askers {
            asker.answer(match &first {
                Ok(Some(row)) => outcome_of(row, self.epoch),
                Ok(None) => Err(SubmitError::NotRecorded),
                Err(_) => Err(SubmitError::InDoubt),
            });
        }
    }

    fn decide_again(&mut self, command: Command, askers: Vec<Asker>) {
        let fingerprint = Fingerprint::of(&command.source);
        let tick = command.source.kind == SourceKind::House && askers.is_empty();
        if tick || self.keys.contains(fingerprint) {
            for asker in askers {
                asker.answer(Err(SubmitError::InDoubt));
            }
            return;
        }
        let mut askers = askers.into_iter();
        self.tick();
        self.decide(command, fingerprint, askers.next());
        if let Some(waiting) = self.open.waiting.last_mut() {
            waiting.again.extend(askers);
        }
    }
}
