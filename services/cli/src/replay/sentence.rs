//! What a row of the journal means, in words. Every event has its sentence, or is silent on purpose.

use auction_core::event::Standing;
use auction_core::{Entry, Event, HoldReason, PassReason, Wei};

/// The sentences of one row.
pub(super) fn of(entry: &Entry, with_refusals: bool) -> Vec<String> {
    let auction = entry.decision.subject.auction.as_ref().map(ToString::to_string).unwrap_or_default();
    entry.decision.events.iter().filter_map(|event| sentence(&auction, event, with_refusals)).collect()
}

fn eth(amount: Wei) -> String {
    format!("{} ETH", amount.main_units())
}

fn sentence(auction: &str, event: &Event, with_refusals: bool) -> Option<String> {
    Some(match event {
        Event::AuctionConfigured(terms) => {
            format!("{auction} is announced as \"{}\" with {} lots.", terms.title, terms.lots.len())
        }
        Event::AuctionPaused { reason, .. } => format!("{auction} is paused: {reason}."),
        Event::AuctionResumed { .. } => format!("{auction} goes on."),
        Event::AuctionCancelled { reason, .. } => format!("{auction} is cancelled: {reason}."),
        Event::AuctionCompleted => format!("{auction} is over."),
        Event::LotOpened { lot, ends_at, .. } => format!("Lot {lot} opens; it ends at {}.", wire::Time(*ends_at)),
        Event::BidAccepted { lot, paddle, amount, standing, .. } => accepted(*lot, *paddle, *amount, standing),
        Event::BidRefused { bidder, refusal, .. } if with_refusals => {
            format!("A bid of account {bidder} is refused ({}): {}", refusal.code(), refusal.message())
        }
        Event::BidParked { lot, bidder, .. } => {
            format!("A late bid of account {bidder} on lot {lot} waits whether the end moves.")
        }
        Event::LotExtended { lot, ends_at, extensions } => {
            format!("Lot {lot} is extended to {} (extension {extensions}).", wire::Time(*ends_at))
        }
        Event::ReserveMet { lot } => format!("The reserve of lot {lot} is met."),
        Event::LotDraining { lot, until, .. } => {
            format!("Lot {lot}: time is up; late posts are counted until {}.", wire::Time(*until))
        }
        Event::LotHeld { lot, reason: HoldReason::Clerk(reason), .. } => format!("Lot {lot} is held: {reason}."),
        Event::LotHeld { lot, reason: HoldReason::AuditOverdue, .. } => {
            format!("Lot {lot} is held: the comparison with X's mentions did not come in time.")
        }
        Event::LotReleased { lot, .. } => format!("Lot {lot} is released."),
        Event::LotSkipped { lot, .. } => format!("Lot {lot} is passed over."),
        Event::LotWithdrawn { lot, reason, .. } => format!("Lot {lot} is withdrawn: {reason}."),
        Event::LotReoffered { lot, round } => format!("Lot {lot} is offered again, in round {round}."),
        Event::LotSold { lot, paddle, price, .. } => {
            format!("Lot {lot} is sold to paddle {paddle} for {}.", eth(*price))
        }
        Event::LotPassed { lot, reason, .. } => format!("Lot {lot} is passed: {}.", passed(*reason)),
        Event::BidVoided { lot, lot_seq, reason, .. } => format!("Bid {lot_seq} of lot {lot} is void: {reason}."),
        Event::LotReopened { lot, reason, .. } => format!("Lot {lot} is opened again: {reason}."),
        Event::IncrementHalved { lot, minimum, .. } => {
            format!("Lot {lot}: the auctioneer takes half a step; the next bid is {}.", eth(*minimum))
        }
        // The verdict that follows in the same row tells it; cursors and the registry are no story.
        Event::BidUnparked { .. }
        | Event::BidRefused { .. }
        | Event::BidderRegistered(_)
        | Event::InboxAdvanced { .. }
        | Event::InboxAudited { .. } => return None,
    })
}

fn accepted(lot: auction_core::LotNumber, paddle: auction_core::Paddle, amount: Wei, standing: &Standing) -> String {
    if standing.paddle == paddle {
        return format!("Paddle {paddle} leads lot {lot} at {}.", eth(standing.price));
    }
    let price = eth(standing.price);
    format!("Paddle {paddle} bids {} on lot {lot}; paddle {} tops it at {price}.", eth(amount), standing.paddle)
}

fn passed(reason: PassReason) -> &'static str {
    match reason {
        PassReason::NoBids => "nobody bid",
        PassReason::ReserveNotMet => "the reserve was not met",
        PassReason::Cancelled => "the auction was cancelled",
    }
}
