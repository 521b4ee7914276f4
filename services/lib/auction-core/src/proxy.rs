//! One offer against the standing bid: who leads, at which price. Proxy bidding by the ladder; pure, no clock, no funds.
//!
//! The leader pays as little as is needed to beat the second: `min(its max, second + step)`. Equal maxima: the earlier
//! wins. A maximum at or above the reserve lifts the price to the reserve.

use serde::{Deserialize, Serialize};

use crate::event::Standing;
use crate::ladder::Step;
use crate::terms::LotTerms;
use crate::{BidderId, Intent, Paddle, Refusal, Wei};

/// What a bidder offers, resolved to an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) bidder: BidderId,
    pub(crate) paddle: Paddle,
    pub(crate) amount: Wei,
    pub(crate) kind: OfferKind,
    /// By how much it had to rise. A maximum that answers it rises by the same, so that two halves lead back to the ladder.
    pub(crate) step: Step,
    /// The number of its row in the lot's chain.
    pub(crate) lot_seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OfferKind {
    /// Exactly the amount.
    Exact,
    /// As little as needed, up to the amount.
    UpTo,
    /// The buy-now price.
    BuyNow,
}

impl OfferKind {
    pub(crate) fn of(intent: Intent) -> Self {
        match intent {
            Intent::Bid(_) | Intent::NextBid => Self::Exact,
            Intent::MaxBid(_) => Self::UpTo,
            Intent::BuyNow => Self::BuyNow,
        }
    }
}

/// The standing bid after `offer`, or why it does not count.
pub(crate) fn contest(terms: &LotTerms, standing: Option<&Standing>, offer: &Offer) -> Result<Standing, Refusal> {
    match standing {
        Some(standing) if standing.leader == offer.bidder => improve(terms, standing, offer),
        Some(standing) => challenge(terms, standing, offer),
        None => open(terms, offer),
    }
}

/// The first bid of a lot.
fn open(terms: &LotTerms, offer: &Offer) -> Result<Standing, Refusal> {
    if offer.amount < terms.opening_bid {
        return Err(Refusal::BelowOpeningBid { opening_bid: terms.opening_bid });
    }
    let price = match offer.kind {
        OfferKind::Exact | OfferKind::BuyNow => offer.amount,
        OfferKind::UpTo => terms.opening_bid,
    };
    Ok(lead(terms, offer, price))
}

/// A bid by somebody who does not lead.
fn challenge(terms: &LotTerms, standing: &Standing, offer: &Offer) -> Result<Standing, Refusal> {
    let minimum = terms.above(standing.price, offer.step);
    if offer.amount < minimum {
        return Err(match offer.kind {
            OfferKind::Exact => Refusal::BelowIncrement { minimum, price: standing.price },
            OfferKind::UpTo => Refusal::MaxBelowMinimum { minimum },
            OfferKind::BuyNow => Refusal::BuyNowWithdrawn,
        });
    }
    if offer.amount > standing.max {
        let price = match offer.kind {
            OfferKind::Exact | OfferKind::BuyNow => offer.amount,
            OfferKind::UpTo => terms.above(standing.max, offer.step).min(offer.amount).max(minimum),
        };
        return Ok(lead(terms, offer, price));
    }
    let price = terms.above(offer.amount, offer.step).min(standing.max);
    Ok(Standing { price, ..*standing })
}

/// A bid by the leader: only a higher maximum, or buying now.
fn improve(terms: &LotTerms, standing: &Standing, offer: &Offer) -> Result<Standing, Refusal> {
    match offer.kind {
        OfferKind::Exact => Err(Refusal::AlreadyLeading { price: standing.price }),
        OfferKind::UpTo if offer.amount <= standing.max => Err(Refusal::MaxNotRaised),
        OfferKind::UpTo => Ok(lead(terms, offer, standing.price)),
        OfferKind::BuyNow if offer.amount <= standing.max => Err(Refusal::BuyNowWithdrawn),
        OfferKind::BuyNow => Ok(lead(terms, offer, offer.amount)),
    }
}

/// `offer` leads at `price`, lifted to the reserve when its amount reaches that.
fn lead(terms: &LotTerms, offer: &Offer, price: Wei) -> Standing {
    let price = match terms.reserve_price() {
        Some(reserve) if offer.amount >= reserve => price.max(reserve),
        Some(_) | None => price,
    };
    Standing {
        leader: offer.bidder,
        paddle: offer.paddle,
        price,
        max: offer.amount,
        reserved: terms.all_in(offer.amount),
        lot_seq: offer.lot_seq,
    }
}
