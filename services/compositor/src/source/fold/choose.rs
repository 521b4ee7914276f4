//! Which lot is on screen, and in which phase.

use std::collections::BTreeMap;

use auction_core::LotNumber;
use scene::{Moment, Phase};
use wire::rest::AuctionState;
use wire::socket::LotState;

use super::Lot;

/// How long a result stays before the next lot is announced: time to read who won.
const RESULT_MS: i64 = 8_000;

/// The lot and its phase. A lot that takes bids comes before a result, a result before what comes next.
pub(super) fn choose(state: AuctionState, lots: &BTreeMap<LotNumber, Lot>, now: Moment) -> (Phase, Option<LotNumber>) {
    let on_stage = lots.values().find(|lot| !is_over(lot.price.state) && lot.price.state != LotState::Upcoming);
    let result = lots.values().filter(|lot| lot.closed.is_some_and(|closed| now.since(closed) < RESULT_MS));
    let result = result.max_by_key(|lot| lot.closed);
    let upcoming = lots.values().find(|lot| lot.price.state == LotState::Upcoming);
    match state {
        AuctionState::Cancelled => (Phase::Cancelled, None),
        AuctionState::Paused => (Phase::Paused, on_stage.or(result).or(upcoming).map(|lot| lot.price.lot)),
        AuctionState::Scheduled => (Phase::Before, None),
        AuctionState::Live | AuctionState::Completed => match (on_stage.or(result), upcoming) {
            (Some(lot), _) => (phase(lot), Some(lot.price.lot)),
            (None, Some(lot)) => (Phase::Upcoming, Some(lot.price.lot)),
            (None, None) => (Phase::Over, None),
        },
    }
}

fn phase(lot: &Lot) -> Phase {
    match lot.price.state {
        LotState::Upcoming => Phase::Upcoming,
        LotState::Open if lot.price.extensions > 0 => Phase::Extended,
        LotState::Open => Phase::Open,
        LotState::Draining => Phase::Draining,
        LotState::Held => Phase::Held,
        LotState::Sold => Phase::Sold,
        LotState::Passed | LotState::Skipped | LotState::Withdrawn => Phase::Passed,
    }
}

/// Whether nothing more happens to it.
pub(super) fn is_over(state: LotState) -> bool {
    match state {
        LotState::Upcoming | LotState::Open | LotState::Draining | LotState::Held => false,
        LotState::Sold | LotState::Passed | LotState::Skipped | LotState::Withdrawn => true,
    }
}

/// Whether its log may still grow by bids.
pub(super) fn takes_bids(state: LotState) -> bool {
    match state {
        LotState::Open | LotState::Draining => true,
        LotState::Upcoming
        | LotState::Held
        | LotState::Sold
        | LotState::Passed
        | LotState::Skipped
        | LotState::Withdrawn => false,
    }
}
