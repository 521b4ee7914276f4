//! After COMMIT: views out, answers out, rows to the relay. Nothing of a batch leaves the worker before this.

use std::collections::BTreeMap;
#[cfg(feature = "fault-price-may-fall")]
use std::sync::Arc;

#[cfg(feature = "fault-price-may-fall")]
use auction_core::Wei;
use auction_core::{Event, SourceKind, Verdict};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::actor::ShardActor;
use super::batch::{Reply, Sealed, Waiting};
use crate::engine::{First, Pending};
use crate::observe::trace::{self, CommitStamps};

/// Bidders whose late bid waits for its judgement, by the bid's source. Bounded by the rules: so many may wait in one lot.
#[derive(Default)]
pub(crate) struct Parked(BTreeMap<(SourceKind, String), Reply>);

impl ShardActor {
    /// Everything of a durable batch becomes known.
    pub(crate) fn announce(&mut self, batch: Sealed) {
        let Sealed { first_seq, work, mut waiting, views, sent_at } = batch;
        let durable_at = Instant::now();
        let rows = u64::try_from(work.rows.len()).expect("a batch is small");
        self.durable_seq = first_seq + rows - 1;
        self.observe.durable(self.durable_seq);
        for view in views {
            // A batch that was in doubt may have been sealed under an earlier epoch than the one that wrote it.
            let view = crate::engine::AuctionView { epoch: self.epoch, ..view };
            #[cfg(feature = "fault-price-may-fall")]
            let view = fallen(view);
            // The planted fault has published it when the batch was sealed.
            if !cfg!(feature = "fault-broadcast-before-commit") {
                self.engine.publish(view);
            }
        }
        let published_at = Instant::now();
        let stamps = CommitStamps { sent: sent_at.unwrap_or(durable_at), durable: durable_at, published: published_at };
        let now_ms = self.clock.now_ms();
        let mut traced = Vec::new();
        for waiting in waiting.drain(..) {
            self.observe.decided(&waiting, published_at);
            traced.extend(self.sampler.report(&waiting, stamps, now_ms));
            self.answer(waiting);
        }
        trace::committed(traced, rows, stamps, now_ms);
        self.open.reuse(waiting);
        if rows > 0 {
            self.relay.offer(first_seq, work.rows);
        }
        self.write_snapshot();
    }

    /// Answers everybody who waits for one command.
    pub(crate) fn answer(&mut self, waiting: Waiting) {
        if let [Event::BidUnparked { source, .. }, ..] = &waiting.decision.events[..]
            && let Some(reply) = self.parked.0.remove(&(source.kind, source.key.clone()))
        {
            // A client that has gone away is no concern.
            let _ = reply.send(Ok(waiting.outcome(self.epoch, First::Decided)));
        }
        let mut waiting = waiting;
        for asker in std::mem::take(&mut waiting.again) {
            asker.answer(Ok(waiting.outcome(self.epoch, First::Repeated)));
        }
        let Some(asker) = waiting.asker.take() else { return };
        let judged = matches!(waiting.decision.verdict, Verdict::Parked).then(|| {
            let (reply, judged) = oneshot::channel();
            self.parked.0.insert((waiting.source.kind, waiting.source.key.clone()), reply);
            Pending(judged)
        });
        let mut outcome = waiting.outcome(self.epoch, First::Decided);
        outcome.judged = judged;
        asker.answer(Ok(outcome));
    }
}

/// Every eighth view shows a price below the one that stands.
#[cfg(feature = "fault-price-may-fall")]
fn fallen(mut view: crate::engine::AuctionView) -> crate::engine::AuctionView {
    if view.seq % 8 == 0 {
        for lot in &mut view.lots {
            let price = lot.price.map(|price| price.saturating_sub(Wei::from(1)));
            *lot = Arc::new(crate::engine::LotView { price, ..(**lot).clone() });
        }
    }
    view
}
