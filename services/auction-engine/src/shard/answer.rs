//! After COMMIT: views out, answers out, rows to the relay. Nothing of a batch leaves the worker before this.

use std::collections::BTreeMap;
use std::sync::Arc;

use auction_core::event::Standing;
use auction_core::{AuctionId, Event, LotNumber, SourceKind, Verdict, Wei};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::actor::ShardActor;
use super::batch::{Reply, Sealed, Waiting};
use crate::engine::{BidLine, First, Pending};
use crate::observe::trace::{self, CommitStamps};

/// Bidders whose late bid waits for its judgement, by the bid's source. Bounded by the rules: so many may wait in one lot.
#[derive(Default)]
pub(crate) struct Parked(BTreeMap<(SourceKind, String), Reply>);

impl ShardActor {
    /// Everything of a durable batch becomes known.
    pub(crate) fn announce(&mut self, batch: Sealed) {
        let Sealed { first_seq, work, waiting, views, sent_at } = batch;
        let durable_at = Instant::now();
        let rows = u64::try_from(work.rows.len()).expect("a batch is small");
        self.durable_seq = first_seq + rows - 1;
        self.observe.durable(self.durable_seq);
        self.announce_bids(&waiting);
        for view in views {
            // A batch that was in doubt may have been sealed under an earlier epoch than the one that wrote it.
            let view = crate::engine::AuctionView { epoch: self.epoch, ..view };
            #[cfg(feature = "fault-price-may-fall")]
            let view = fallen(view);
            self.engine.publish(view);
        }
        let published_at = Instant::now();
        let stamps = CommitStamps { sent: sent_at.unwrap_or(durable_at), durable: durable_at, published: published_at };
        let now_ms = self.clock.now_ms();
        let mut traced = Vec::new();
        for waiting in waiting {
            self.observe.decided(&waiting, published_at);
            traced.extend(self.sampler.report(&waiting, stamps, now_ms));
            self.answer(waiting);
        }
        trace::committed(traced, rows, stamps, now_ms);
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
        let mut outcome = waiting.into_outcome(self.epoch);
        outcome.judged = judged;
        asker.answer(Ok(outcome));
    }

    /// The bid log, for auctions that somebody follows.
    fn announce_bids(&self, waiting: &[Waiting]) {
        let mut lines: BTreeMap<&AuctionId, Option<Vec<BidLine>>> = BTreeMap::new();
        for row in waiting {
            let Some(auction) = &row.decision.subject.auction else { continue };
            let followed = || self.engine.follows_bids(auction).then(Vec::new);
            if let Some(lines) = lines.entry(auction).or_insert_with(followed) {
                lines.extend(row.decision.events.iter().filter_map(|event| bid_line(row, event)));
            }
        }
        for (auction, lines) in lines {
            if let Some(lines) = lines {
                self.engine.publish_bids(auction, Arc::from(lines));
            }
        }
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

fn bid_line(row: &Waiting, event: &Event) -> Option<BidLine> {
    let line = |lot: LotNumber| BidLine {
        seq: row.seq,
        lot,
        lot_seq: row.decision.lot_seq,
        at: row.now,
        source: row.source.kind,
        paddle: None,
        verdict: "parked".into(),
        amount: None,
        price: None,
    };
    let accepted = |lot, paddle, amount: &Wei, standing: &Standing| BidLine {
        paddle: Some(paddle),
        verdict: "accepted".into(),
        amount: Some(*amount),
        price: Some(standing.price),
        ..line(lot)
    };
    if let Event::BidAccepted { lot, paddle, amount, standing, .. } = event {
        Some(accepted(*lot, *paddle, amount, standing))
    } else if let Event::BidRefused { lot: Some(lot), refusal, .. } = event {
        Some(BidLine { verdict: refusal.code().to_owned().into(), ..line(*lot) })
    } else if let Event::BidParked { lot, .. } = event {
        Some(line(*lot))
    } else {
        None
    }
}
