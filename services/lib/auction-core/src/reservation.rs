//! The bidders of a shard and what they have reserved: a bid is taken only if its all-in amount fits the bidder's limit
//! beside everything that is reserved for other lots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::terms::{BidderStatus, BidderTerms};
use crate::{BidderId, Paddle, Refusal, Wei};

/// One bidder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bidder {
    terms: BidderTerms,
    reserved: Wei,
}

impl Bidder {
    pub fn terms(&self) -> &BidderTerms {
        &self.terms
    }

    /// The sum reserved for lots that the bidder leads or has won, all-in.
    pub fn reserved(&self) -> Wei {
        self.reserved
    }

    /// What may still be reserved; `None` is no limit.
    pub fn available(&self) -> Option<Wei> {
        self.terms.limit.map(|limit| limit.saturating_sub(self.reserved))
    }
}

/// An amount kept for one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub bidder: BidderId,
    pub amount: Wei,
}

/// The registry of a shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bidders {
    bidders: BTreeMap<BidderId, Bidder>,
    paddles: BTreeMap<Paddle, BidderId>,
}

impl Bidders {
    pub fn get(&self, bidder: BidderId) -> Option<&Bidder> {
        self.bidders.get(&bidder)
    }

    /// In order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Bidder> {
        self.bidders.values()
    }

    /// Who holds a paddle.
    pub fn holder(&self, paddle: Paddle) -> Option<BidderId> {
        self.paddles.get(&paddle).copied()
    }

    /// The bidder, if it may bid at all.
    pub(crate) fn admitted(&self, bidder: BidderId) -> Result<&Bidder, Refusal> {
        let found = self.get(bidder).ok_or(Refusal::UnknownBidder)?;
        match found.terms.status {
            BidderStatus::Active => Ok(found),
            BidderStatus::Suspended => Err(Refusal::BidderSuspended),
            BidderStatus::Barred => Err(Refusal::BidderBarred),
        }
    }

    /// Whether `needed` fits the bidder's limit. `kept` is what the lot in question has reserved already: it would be replaced.
    pub(crate) fn check_funds(&self, needed: Reservation, kept: Option<Reservation>) -> Result<(), Refusal> {
        let bidder = self.get(needed.bidder).ok_or(Refusal::UnknownBidder)?;
        let Some(limit) = bidder.terms.limit else { return Ok(()) };
        let own = kept.filter(|kept| kept.bidder == needed.bidder).map_or(Wei::ZERO, |kept| kept.amount);
        let available = limit.saturating_sub(bidder.reserved.saturating_sub(own));
        if needed.amount > available {
            return Err(Refusal::LimitExceeded { needed: needed.amount, available });
        }
        Ok(())
    }

    /// Why `terms` cannot be registered, if they cannot.
    pub(crate) fn check_registration(&self, terms: &BidderTerms) -> Result<(), Refusal> {
        match self.holder(terms.paddle) {
            Some(holder) if holder != terms.bidder => Err(Refusal::PaddleTaken { paddle: terms.paddle.0 }),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn register(&mut self, terms: &BidderTerms) {
        let reserved = self.bidders.get(&terms.bidder).map_or(Wei::ZERO, |known| {
            self.paddles.remove(&known.terms.paddle);
            known.reserved
        });
        self.paddles.insert(terms.paddle, terms.bidder);
        self.bidders.insert(terms.bidder, Bidder { terms: terms.clone(), reserved });
    }

    /// Replaces what one lot keeps by `next`.
    pub(crate) fn replace(&mut self, kept: &mut Option<Reservation>, next: Option<Reservation>) {
        if *kept == next {
            return;
        }
        if let Some(old) = kept.take()
            && let Some(bidder) = self.bidders.get_mut(&old.bidder)
        {
            bidder.reserved = bidder.reserved.saturating_sub(old.amount);
        }
        if let Some(new) = next
            && let Some(bidder) = self.bidders.get_mut(&new.bidder)
        {
            bidder.reserved = bidder.reserved.saturating_add(new.amount);
            *kept = next;
        }
    }
}
