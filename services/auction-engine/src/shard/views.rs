//! From the state to what the public may see, rebuilt only where a row changed it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use auction_core::terms::Reserve;
use auction_core::{Auction, AuctionId, Lot, Phase, Run, Shard};

use crate::engine::{AuctionState, AuctionView, LotState, LotView};

/// The last views, to share what has not changed.
#[derive(Default)]
pub(crate) struct Views {
    known: BTreeMap<AuctionId, Known>,
}

struct Known {
    /// The auction's own chain: when it moves, any lot may have changed.
    own_seq: u64,
    view: AuctionView,
}

/// A view's `(epoch, seq)`.
pub(crate) type Position = (u64, u64);

impl Views {
    /// The views of the touched auctions at this position; none is touched afterwards.
    pub(crate) fn refresh(
        &mut self,
        state: &Shard,
        touched: &mut BTreeSet<AuctionId>,
        position: Position,
    ) -> Vec<AuctionView> {
        let auctions = std::mem::take(touched).into_iter().filter_map(|id| state.auction(&id));
        auctions.map(|auction| self.refresh_one(auction, position)).collect()
    }

    fn refresh_one(&mut self, auction: &Auction, (epoch, seq): Position) -> AuctionView {
        let own_seq = auction.head().seq;
        let known = self.known.get(auction.id()).filter(|known| known.own_seq == own_seq);
        let terms = known.map_or_else(|| Arc::new(auction.terms().clone()), |known| known.view.terms.clone());
        let lot = |(index, lot): (usize, &Lot)| {
            let same = known.and_then(|known| known.view.lots.get(index)).filter(|view| view.lot_seq == lot.head().seq);
            same.cloned().unwrap_or_else(|| Arc::new(lot_view(lot)))
        };
        let lots = auction.lots().enumerate().map(lot).collect();
        let view = AuctionView {
            auction: auction.id().clone(),
            epoch,
            seq,
            terms,
            state: state_of(auction.run()),
            reason: reason_of(auction.run()),
            lots,
        };
        self.known.insert(auction.id().clone(), Known { own_seq, view: view.clone() });
        view
    }
}

fn lot_view(lot: &Lot) -> LotView {
    LotView {
        number: lot.number(),
        round: lot.round(),
        state: phase_of(lot.phase()),
        price: lot.standing().map(|standing| standing.price),
        leader: lot.standing().map(|standing| standing.paddle),
        minimum: lot.minimum_bid(),
        half_cut: lot.half_cut(),
        ends_at: lot.ends_at(),
        extensions: lot.extensions(),
        bids: lot.counts().accepted,
        reserve_met: match lot.terms().reserve {
            Reserve::None => None,
            Reserve::Public(_) | Reserve::Hidden { .. } => Some(lot.reserve_met()),
        },
        lot_seq: lot.head().seq,
        hash: lot.head().hash,
    }
}

fn state_of(run: &Run) -> AuctionState {
    match run {
        Run::Scheduled => AuctionState::Scheduled,
        Run::Live => AuctionState::Live,
        Run::Paused { .. } => AuctionState::Paused,
        Run::Cancelled { .. } => AuctionState::Cancelled,
        Run::Completed => AuctionState::Completed,
    }
}

fn reason_of(run: &Run) -> Option<Arc<str>> {
    match run {
        Run::Paused { reason, .. } | Run::Cancelled { reason, .. } => Some(Arc::from(reason.as_str())),
        Run::Scheduled | Run::Live | Run::Completed => None,
    }
}

fn phase_of(phase: &Phase) -> LotState {
    match phase {
        Phase::Upcoming => LotState::Upcoming,
        Phase::Open => LotState::Open,
        Phase::Draining { .. } => LotState::Draining,
        Phase::AuditOverdue { .. } | Phase::Held { .. } => LotState::Held,
        Phase::Sold { .. } => LotState::Sold,
        Phase::Passed { .. } => LotState::Passed,
        Phase::Skipped { .. } => LotState::Skipped,
        Phase::Withdrawn { .. } => LotState::Withdrawn,
    }
}
