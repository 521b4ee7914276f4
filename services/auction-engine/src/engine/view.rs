//! What the public may see of an auction after a commit: whole, immutable, without anything hidden (no maximum bids, no
//! hidden reserve).

use std::sync::Arc;

use auction_core::terms::AuctionTerms;
use auction_core::{AuctionId, HalfCut, Hash, LotNumber, Paddle, Round, Timestamp, Wei};

/// One auction at one journal position. `(epoch, seq)` orders views: the greater one is newer.
#[derive(Debug, Clone)]
pub struct AuctionView {
    pub auction: AuctionId,
    pub epoch: u64,
    pub seq: u64,
    /// The manifest's terms. They hold the hidden reserve: print only what is public.
    pub terms: Arc<AuctionTerms>,
    pub state: AuctionState,
    /// Why it is paused or was cancelled, in the clerk's or the manifest's words.
    pub reason: Option<Arc<str>>,
    /// In the order of the catalogue.
    pub lots: Vec<Arc<LotView>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuctionState {
    /// Before `starts_at`.
    Scheduled,
    Live,
    Paused,
    Cancelled,
    Completed,
}

/// One lot at the view's position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotView {
    pub number: LotNumber,
    pub round: Round,
    pub state: LotState,
    /// The standing price; `None` before the first accepted bid.
    pub price: Option<Wei>,
    pub leader: Option<Paddle>,
    /// The least that the next bid must offer.
    pub minimum: Wei,
    pub half_cut: HalfCut,
    /// `None` until the lot opens.
    pub ends_at: Option<Timestamp>,
    pub extensions: u32,
    /// Accepted bids, over all rounds.
    pub bids: u64,
    /// `None` where the lot has no reserve that may be spoken of.
    pub reserve_met: Option<bool>,
    /// The last row of the lot's chain and its link.
    pub lot_seq: u64,
    pub hash: Hash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotState {
    Upcoming,
    Open,
    Draining,
    Held,
    Sold,
    Passed,
    Skipped,
    Withdrawn,
}

impl AuctionView {
    /// The lot with this number.
    pub fn lot(&self, number: LotNumber) -> Option<&Arc<LotView>> {
        self.lots.iter().find(|lot| lot.number == number)
    }
}
