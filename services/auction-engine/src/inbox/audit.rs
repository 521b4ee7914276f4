//! The gap audit: before a hammer, every post timed up to the lot's end must be known to be in the inbox, and read.

use auction_core::{Action, Source, SourceKind, Timestamp};

use super::{Failure, Reader};
use crate::engine::{AuctionView, LotState};

/// How far the audit of one handle has come.
#[derive(Default)]
pub(super) struct Audit {
    /// Asked of the gateway.
    requested: Option<Timestamp>,
    /// In the journal.
    pub(super) recorded: Option<Timestamp>,
}

/// The latest end among the lots whose drain is over by `now` and which wait for their audit.
fn wanted(auctions: &[std::sync::Arc<AuctionView>], now: Timestamp) -> Option<Timestamp> {
    let waiting = |state| match state {
        LotState::Draining | LotState::Held => true,
        LotState::Upcoming
        | LotState::Open
        | LotState::Sold
        | LotState::Passed
        | LotState::Skipped
        | LotState::Withdrawn => false,
    };
    let ends = auctions.iter().flat_map(|view| {
        let lots = view.lots.iter().filter(|lot| waiting(lot.state));
        lots.filter_map(|lot| lot.ends_at).filter(move |&end| end + view.terms.drain <= now)
    });
    ends.max()
}

impl Reader {
    /// Asks for the audit when a drain is over, and journals it once the inbox has been read that far.
    pub(super) async fn audit(&mut self) -> Result<(), Failure> {
        let now = Timestamp(self.inbox.clock.now_ms());
        let Some(through) = wanted(&self.auctions(), now).filter(|end| self.audit.recorded < Some(*end)) else {
            return Ok(());
        };
        if self.audit.requested < Some(through) {
            store::inbox::request_audit(&self.inbox.pool, &self.handle, through).await?;
            self.audit.requested = Some(through);
            let channel = bus::keys::nudge(self.handle.as_str());
            if let Err(error) = self.inbox.bus.publish(&channel, b"audit").await {
                // The gateway polls the request as well.
                tracing::debug!(error = %bootstrap::chain(&error), "the audit's nudge was lost");
            }
        }
        let audit = store::inbox::audit(&self.inbox.pool, &self.handle).await?;
        let Some(completed) = audit.completed_through.filter(|completed| *completed >= through) else { return Ok(()) };
        if self.cursor < audit.completed_seq {
            return Ok(());
        }
        let source = Source { kind: SourceKind::House, key: format!("audit:{}:{}", self.handle, completed.0) };
        let action = Action::RecordAudit { handle: self.handle.clone(), through: completed };
        self.try_submit(source, now, action)?.await?;
        self.audit.recorded = Some(completed);
        Ok(())
    }
}
