//! The last accepted bids of a lot, so that one can be voided: the standing bid is then what the remaining ones come to.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::Standing;
use crate::proxy::{Offer, contest};
use crate::terms::LotTerms;

/// How many accepted bids can be voided; deeper ones are refused with `NoSuchBid`. A bound keeps a lot of a million bids
/// as quick to load as one of a hundred.
pub const TRAIL_LENGTH: usize = 64;

/// Accepted offers, each with the standing bid after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    /// What stood before the first offer kept.
    base: Option<Standing>,
    offers: VecDeque<(Offer, Option<Standing>)>,
}

impl Trail {
    pub(crate) fn push(&mut self, offer: Offer, after: Standing) {
        if self.offers.len() >= TRAIL_LENGTH
            && let Some((_, standing)) = self.offers.pop_front()
        {
            self.base = standing;
        }
        self.offers.push_back((offer, Some(after)));
    }

    pub(crate) fn contains(&self, lot_seq: u64) -> bool {
        self.offers.iter().any(|(offer, _)| offer.lot_seq == lot_seq)
    }

    /// What the offers come to without the given one.
    pub(crate) fn standing(&self) -> Option<Standing> {
        self.offers.back().map_or(self.base, |&(_, after)| after)
    }

    /// Takes one offer out and recounts what follows; a later offer that no longer counts changes nothing.
    pub(crate) fn remove(&mut self, lot_seq: u64, terms: &LotTerms) {
        if self.base.is_some_and(|base| base.lot_seq == lot_seq) {
            self.base = None;
        }
        self.offers.retain(|(offer, _)| offer.lot_seq != lot_seq);
        let mut standing = self.base;
        for (offer, after) in &mut self.offers {
            standing = contest(terms, standing.as_ref(), offer).ok().or(standing);
            *after = standing;
        }
    }
}
