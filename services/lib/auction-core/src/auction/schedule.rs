//! What is due, and when: the one place that says which step time brings next. Each step is one row of the journal.

use crate::auction::{Auction, Run};
use crate::lot::{Lot, Phase};
use crate::terms::LotOrder;
use crate::{LotNumber, Timestamp};

/// Due without waiting.
pub(crate) const AT_ONCE: Timestamp = Timestamp(i64::MIN);

/// What time brings to an auction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuctionStep {
    Open(LotNumber),
    Complete,
}

/// What time brings to a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LotStep {
    /// The parked bid at this index is in time after all.
    JudgeParked(usize),
    Drain,
    Hammer,
    /// The audit has not come in time.
    HoldForAudit,
    /// The auction was cancelled.
    Pass,
    /// The lot has ended: the first parked bid was too late for good.
    RefuseParked,
}

impl Auction {
    /// The auction's own next step.
    pub(crate) fn next_step(&self) -> Option<(Timestamp, AuctionStep)> {
        match &self.run {
            Run::Scheduled | Run::Live => {}
            Run::Paused { .. } | Run::Cancelled { .. } | Run::Completed => return None,
        }
        let Some(&first) = self.queue.first() else {
            // Bids that came too late have their answers first.
            let complete = !self.lots.is_empty() && self.running.is_empty() && !self.lots.values().any(Lot::has_parked);
            return complete.then_some((AT_ONCE, AuctionStep::Complete));
        };
        let opens_at = match self.terms.order {
            LotOrder::Concurrent => self.terms.starts_at,
            LotOrder::Sequential { .. } if !self.running.is_empty() => return None,
            LotOrder::Sequential { pause } => {
                self.last_ended_at.map_or(self.terms.starts_at, |ended| (ended + pause).max(self.terms.starts_at))
            }
        };
        Some((opens_at, AuctionStep::Open(first)))
    }

    /// A lot's next step. `audited_through` says how far the inbox is known to be complete; it is asked only in the drain.
    pub(crate) fn next_lot_step(
        &self,
        lot: &Lot,
        audited_through: impl FnOnce() -> Option<Timestamp>,
    ) -> Option<(Timestamp, LotStep)> {
        if let Run::Cancelled { .. } = self.run
            && !lot.phase().is_ended()
        {
            return Some((AT_ONCE, LotStep::Pass));
        }
        let awaited = || self.audit_deadline().filter(|_| audited_through().is_none_or(|through| through < lot.end()));
        let step = match lot.phase() {
            Phase::Open => Some((lot.end(), LotStep::Drain)),
            Phase::Draining { until } => Some(match awaited() {
                None => (*until, LotStep::Hammer),
                Some(deadline) => (*until + deadline, LotStep::HoldForAudit),
            }),
            Phase::AuditOverdue { .. } => awaited().is_none().then_some((AT_ONCE, LotStep::Hammer)),
            Phase::Held { .. } => return None,
            Phase::Upcoming
            | Phase::Sold { .. }
            | Phase::Passed { .. }
            | Phase::Skipped { .. }
            | Phase::Withdrawn { .. } => return lot.has_parked().then_some((AT_ONCE, LotStep::RefuseParked)),
        };
        match (&self.run, lot.first_parked_in_time()) {
            (Run::Paused { .. }, _) => None,
            (_, Some(index)) => Some((AT_ONCE, LotStep::JudgeParked(index))),
            (_, None) => step,
        }
    }
}
