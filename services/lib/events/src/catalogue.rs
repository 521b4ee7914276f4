//! The catalogue of types: each event of the rules has exactly one, and a new event does not compile without.

use auction_core::{Decision, Event, Verdict};

/// The type of a command of the clerk or of the house that was refused: it changed nothing, so it has no event.
pub const COMMAND_REFUSED: &str = "io.sothebais.auction.command.refused.v1";

/// The types that programs outside the engine act on.
pub const BID_ACCEPTED: &str = "io.sothebais.auction.bid.accepted.v1";
/// A bid was refused.
pub const BID_REFUSED: &str = "io.sothebais.auction.bid.refused.v1";
/// A bid that had counted counts no more.
pub const BID_VOIDED: &str = "io.sothebais.auction.bid.voided.v1";
/// The hammer fell for somebody.
pub const LOT_SOLD: &str = "io.sothebais.auction.lot.sold.v1";
/// The hammer fell for nobody.
pub const LOT_PASSED: &str = "io.sothebais.auction.lot.passed.v1";
/// A lot was taken out of the sale.
pub const LOT_WITHDRAWN: &str = "io.sothebais.auction.lot.withdrawn.v1";

/// The type of one event.
pub fn type_of(event: &Event) -> &'static str {
    match event {
        Event::AuctionConfigured { .. } => "io.sothebais.auction.auction.configured.v1",
        Event::AuctionPaused { .. } => "io.sothebais.auction.auction.paused.v1",
        Event::AuctionResumed { .. } => "io.sothebais.auction.auction.resumed.v1",
        Event::AuctionCancelled { .. } => "io.sothebais.auction.auction.cancelled.v1",
        Event::AuctionCompleted => "io.sothebais.auction.auction.completed.v1",
        Event::BidderRegistered(_) => "io.sothebais.auction.bidder.registered.v1",
        Event::InboxAdvanced { .. } => "io.sothebais.auction.inbox.advanced.v1",
        Event::InboxAudited { .. } => "io.sothebais.auction.inbox.audited.v1",
        Event::LotOpened { .. } => "io.sothebais.auction.lot.opened.v1",
        Event::BidAccepted { .. } => BID_ACCEPTED,
        Event::BidRefused { .. } => BID_REFUSED,
        Event::BidParked { .. } => "io.sothebais.auction.bid.parked.v1",
        Event::BidUnparked { .. } => "io.sothebais.auction.bid.unparked.v1",
        Event::LotExtended { .. } => "io.sothebais.auction.lot.extended.v1",
        Event::ReserveMet { .. } => "io.sothebais.auction.reserve.met.v1",
        Event::LotDraining { .. } => "io.sothebais.auction.lot.drained.v1",
        Event::LotHeld { .. } => "io.sothebais.auction.lot.held.v1",
        Event::LotReleased { .. } => "io.sothebais.auction.lot.released.v1",
        Event::LotSkipped { .. } => "io.sothebais.auction.lot.skipped.v1",
        Event::LotWithdrawn { .. } => LOT_WITHDRAWN,
        Event::LotReoffered { .. } => "io.sothebais.auction.lot.reoffered.v1",
        Event::LotSold { .. } => LOT_SOLD,
        Event::LotPassed { .. } => LOT_PASSED,
        Event::BidVoided { .. } => BID_VOIDED,
        Event::LotReopened { .. } => "io.sothebais.auction.lot.reopened.v1",
        Event::IncrementHalved { .. } => "io.sothebais.auction.increment.halved.v1",
    }
}

/// The type of a row: of the event that its command was about, which is the first one.
pub fn type_of_row(decision: &Decision) -> &'static str {
    decision.events.first().map_or(COMMAND_REFUSED, type_of)
}

/// A verdict's word on every wire.
pub fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted { .. } => "accepted",
        Verdict::Parked => "parked",
        Verdict::Done => "done",
        Verdict::Refused(_) => "refused",
    }
}
