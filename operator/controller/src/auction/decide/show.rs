//! Where the show is, by the engine's word, or by what was last known while it says nothing.

use operator_api::auction::AuctionPhase;
use operator_plan::Standing;
use operator_plan::succession::Moment;
use operator_plan::verdict::Show;
use wire::rest::{AuctionState, AuctionStatus};
use wire::socket::LotState;

use crate::auction::read::{EngineAnswer, Read};

/// Where the show of the auction is.
pub(in crate::auction) fn show_of(read: &Read, standing: &Standing) -> Show {
    if let EngineAnswer::Says { status, .. } = &read.engine
        && let Some(auction) = status.auctions.iter().find(|auction| auction.name.as_str() == read.name)
    {
        return by_engine(auction);
    }
    let phase = read.auction.status.as_ref().map(|status| status.phase).unwrap_or_default();
    match standing {
        Standing::Serves { .. } | Standing::Over => ended(phase),
        Standing::Called => Show::Cancelled,
        Standing::Scheduled { .. } | Standing::Waiting(_) | Standing::Missed => Show::Scheduled,
        // Nobody answers: what was so is taken to be so still. A lot that may be open is not interrupted.
        Standing::Runs => match phase {
            AuctionPhase::Live => Show::LotOpen,
            AuctionPhase::Paused => Show::Paused,
            AuctionPhase::Completed | AuctionPhase::Cancelled => ended(phase),
            AuctionPhase::Pending
            | AuctionPhase::Scheduled
            | AuctionPhase::Provisioning
            | AuctionPhase::Ready
            | AuctionPhase::Settling
            | AuctionPhase::Failed
            | AuctionPhase::Terminating
            | AuctionPhase::Unknown => Show::Unknown,
        },
    }
}

fn by_engine(auction: &AuctionStatus) -> Show {
    match auction.state {
        AuctionState::Scheduled => Show::Scheduled,
        AuctionState::Paused => Show::Paused,
        AuctionState::Completed => Show::Completed,
        AuctionState::Cancelled => Show::Cancelled,
        AuctionState::Live => {
            let is_open = |state: LotState| match state {
                LotState::Open | LotState::Draining | LotState::Held => true,
                LotState::Upcoming | LotState::Sold | LotState::Passed | LotState::Skipped | LotState::Withdrawn => {
                    false
                }
            };
            if auction.lots.iter().any(|lot| is_open(lot.state)) { Show::LotOpen } else { Show::BetweenLots }
        }
    }
}

fn ended(phase: AuctionPhase) -> Show {
    if phase == AuctionPhase::Cancelled { Show::Cancelled } else { Show::Completed }
}

/// What a replacement would interrupt: the greatest care that any auction of the shard needs.
pub(super) fn moment(read: &Read, show: Show, now_ms: i64, near_ms: i64) -> Moment {
    let own = match show {
        Show::LotOpen | Show::Paused => Moment::Lot,
        Show::BetweenLots => Moment::Between,
        Show::Completed | Show::Cancelled => Moment::Idle,
        Show::Unknown | Show::Scheduled => {
            let starts = read.auction.spec.schedule.starts_at.as_millisecond();
            if now_ms >= starts - near_ms { Moment::Lot } else { Moment::Idle }
        }
    };
    let EngineAnswer::Says { status, .. } = &read.engine else { return own };
    let others = status.auctions.iter().filter(|auction| auction.name.as_str() != read.name).map(by_engine);
    let others = others.map(|show| match show {
        Show::LotOpen | Show::Paused => Moment::Lot,
        Show::BetweenLots => Moment::Between,
        Show::Unknown | Show::Scheduled | Show::Completed | Show::Cancelled => Moment::Idle,
    });
    others.chain([own]).max().unwrap_or(own)
}
