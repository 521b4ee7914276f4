//! Deciding: from a command in the mailbox to a row in the open batch.

use std::sync::Arc;

use auction_core::receipt::CloseStatement;
use auction_core::{Command, Decision, Entry, Event, Hash, Subject};
use store::commit::NewRow;
use tokio::time::Instant;
use xtra::{Context, Handler};

use super::actor::ShardActor;
use super::batch::{Asker, Waiting};
use super::ingress::Submit;
use super::keys::Fingerprint;
use super::repeat::Repeat;
use super::signer::UnsignedClose;
use crate::engine::{First, Outcome};

/// More ticks than this at one moment are left for the next message, so that bids are not kept waiting.
const TICKS_AT_ONCE: usize = 64;

impl Handler<Submit> for ShardActor {
    type Return = ();

    async fn handle(&mut self, submit: Submit, context: &mut Context<Self>) {
        let (mut command, asker) = Asker::of(submit);
        command.trace = self.sampler.choose(&command, self.clock.now_ms());
        #[cfg(feature = "fault-no-idempotency")]
        let command = {
            let key = format!("{}#{}", command.source.key, self.state.rows());
            Command { source: auction_core::Source { key, ..command.source }, ..command }
        };
        let fingerprint = Fingerprint::of(&command.source);
        if self.keys.contains(fingerprint) {
            self.repeated(Repeat { command, fingerprint, asker });
            return;
        }
        self.tick();
        self.decide(command, fingerprint, Some(asker));
        self.after_decisions(context);
    }
}

impl ShardActor {
    /// Lets happen what is due.
    pub(crate) fn tick(&mut self) {
        let now = self.now();
        for _ in 0..TICKS_AT_ONCE {
            let Some(tick) = self.state.due(now) else { return };
            let fingerprint = Fingerprint::of(&tick.source);
            self.decide(tick, fingerprint, None);
        }
    }

    /// Decides a command whose key is new; what it changes becomes a row of the open batch.
    pub(crate) fn decide(&mut self, command: Command, fingerprint: Fingerprint, asker: Option<Asker>) {
        let now = self.now();
        let decision = self.state.decide(&command, now);
        let decided_at = Instant::now();
        let (command, decision, hash) = if decision.is_idle() {
            let hash = self.state.head(&decision.subject);
            (command, Arc::new(decision), hash)
        } else {
            self.record(Entry { command, now, decision }, fingerprint)
        };
        let seq = self.state.rows();
        let Command { source, trace, .. } = command;
        let again = Vec::new();
        let waiting = Waiting { source, fingerprint, trace, decided_at, now, decision, seq, hash, asker, again };
        self.open.waiting.push(waiting);
        #[cfg(feature = "fault-ack-before-commit")]
        if let Some(waiting) = self.open.waiting.last_mut()
            && let Some(asker) = waiting.asker.take()
        {
            asker.answer(Ok(waiting.outcome(self.epoch, First::Decided)));
        }
        if self.open.is_full() {
            self.seal();
        }
    }

    /// Folds a decided command into the state and adds its row, leaf and closes to the open batch.
    fn record(&mut self, entry: Entry, fingerprint: Fingerprint) -> (Command, Arc<Decision>, Hash) {
        let bytes = entry.encode();
        let hash = self.link(&entry, &bytes);
        self.state.apply(&entry, hash);
        self.keys.insert(fingerprint);
        let leaf = self.state.leaf(&entry, hash).hash();
        self.open.leaves.push(leaf);
        self.note_close(&entry, self.state.rows(), hash);
        let doc = events::doc::of(&entry);
        let Entry { command, now, decision } = entry;
        let Subject { auction, lot } = &decision.subject;
        if let Some(auction) = auction
            && !self.touched.contains(auction)
        {
            self.touched.insert(auction.clone());
        }
        self.open.rows.push(NewRow {
            auction: auction.clone(),
            lot: *lot,
            lot_seq: decision.lot_seq,
            entry: bytes,
            hash,
            doc,
            source: command.source.kind,
            key: command.source.key.clone(),
            now,
        });
        (command, Arc::new(decision), hash)
    }

    /// A hammer is signed in the commit that makes it durable.
    fn note_close(&mut self, entry: &Entry, seq: u64, hash: Hash) {
        let Entry { decision, .. } = entry;
        for event in &decision.events {
            let (Event::LotSold { lot, round, .. } | Event::LotPassed { lot, round, .. }) = event else { continue };
            let Some(auction) = &decision.subject.auction else { continue };
            // The signature is over the lot's own chain: a cancellation, which ends lots from the auction's, has none.
            if let Some(found) = self.state.auction(auction).and_then(|auction| auction.lot(*lot))
                && decision.subject.lot == Some(*lot)
            {
                let (lot_key, lot_seq) = (found.key(), decision.lot_seq);
                let statement = CloseStatement { lot_key, round: *round, lot_seq, hash };
                self.open.closes.push(UnsignedClose { seq, auction: auction.clone(), lot: *lot, statement });
            }
        }
    }
}

impl Waiting {
    /// The answer, once durable.
    pub(crate) fn outcome(&self, epoch: u64, first: First) -> Outcome {
        let decision = self.decision.clone();
        Outcome { epoch, seq: self.seq, now: self.now, decision, hash: self.hash, first, judged: None }
    }
}
