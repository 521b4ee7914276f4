//! Judging one bid on one running lot: amount, ladder, funds, jump guard, soft close. Decides only; folds nothing.

use crate::command::InboxPosition;
use crate::decision::Verdict;
use crate::event::Standing;
use crate::lot::{CONFIRMATION_WINDOW, Lot};
use crate::money::MAX_AMOUNT;
use crate::proxy::{Offer, OfferKind, contest};
use crate::reservation::{Bidders, Reservation};
use crate::{BidderId, Event, Intent, Paddle, Refusal, Span, Timestamp, Wei};

/// A bid as it was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bid<'a> {
    pub(crate) bidder: BidderId,
    pub(crate) intent: Intent,
    pub(crate) at: Timestamp,
    pub(crate) post: Option<&'a InboxPosition>,
}

/// A bid that counts, with the events that make it so.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) events: Vec<Event>,
}

impl Lot {
    /// Judges a bid that is in time on a running lot. `row` is the number that its row will have, `now` the hammer's time
    /// if it buys the lot.
    pub(crate) fn judge(&self, bid: Bid<'_>, bidders: &Bidders, row: u64, now: Timestamp) -> Result<Judged, Refusal> {
        let paddle = bidders.admitted(bid.bidder)?.terms().paddle;
        let offer = self.resolve(bid, paddle, row)?;
        let standing = contest(&self.terms, self.standing.as_ref(), &offer)?;
        let all_in = self.terms.all_in(offer.amount);
        bidders.check_funds(Reservation { bidder: bid.bidder, amount: all_in }, self.reservation)?;
        self.check_jump(bid, offer.amount)?;
        let mut events = Vec::with_capacity(2);
        events.push(Event::BidAccepted {
            lot: self.number(),
            bidder: bid.bidder,
            paddle,
            amount: offer.amount,
            intent: bid.intent,
            at: bid.at,
            standing,
            post: bid.post.cloned(),
        });
        if self.terms.reserve_price().is_some() && !self.reserve_met() && self.terms.reserve_met(standing.price) {
            events.push(Event::ReserveMet { lot: self.number() });
        }
        match offer.kind {
            OfferKind::BuyNow => events.push(self.sale(&standing, now)),
            OfferKind::Exact | OfferKind::UpTo => events.extend(self.extension(bid.at, &standing)),
        }
        Ok(Judged { verdict: Verdict::Accepted { amount: offer.amount, all_in, standing }, events })
    }

    /// The hammer falls for `standing`.
    pub(crate) fn sale(&self, standing: &Standing, now: Timestamp) -> Event {
        Event::LotSold {
            lot: self.number(),
            round: self.round,
            bidder: standing.leader,
            paddle: standing.paddle,
            price: standing.price,
            all_in: self.terms.all_in(standing.price),
            at: now,
        }
    }

    /// Turns the intent into an amount that the house takes.
    fn resolve(&self, bid: Bid<'_>, paddle: Paddle, lot_seq: u64) -> Result<Offer, Refusal> {
        let amount = match bid.intent {
            Intent::Bid(amount) | Intent::MaxBid(amount) => amount,
            Intent::NextBid => self.minimum_bid(),
            Intent::BuyNow if self.terms.buy_now.is_none() => return Err(Refusal::BuyNowUnavailable),
            Intent::BuyNow => self.buy_now().ok_or(Refusal::BuyNowWithdrawn)?,
        };
        let offer =
            Offer { bidder: bid.bidder, paddle, amount, kind: OfferKind::of(bid.intent), step: self.step(), lot_seq };
        if amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        if amount > MAX_AMOUNT {
            return Err(Refusal::AmountTooLarge);
        }
        if let (OfferKind::Exact, Some(standing)) = (offer.kind, &self.standing)
            && standing.leader == bid.bidder
        {
            return Err(Refusal::AlreadyLeading { price: standing.price });
        }
        let rest = amount.above_tick(self.terms.tick);
        if rest.is_zero() {
            return Ok(offer);
        }
        let below = amount.saturating_sub(rest);
        Err(Refusal::OffTick { tick: self.terms.tick, below, above: below.saturating_add(self.terms.tick) })
    }

    /// A bid far above the reference price counts only when the same bidder repeats it.
    fn check_jump(&self, bid: Bid<'_>, amount: Wei) -> Result<(), Refusal> {
        match bid.intent {
            Intent::Bid(_) | Intent::MaxBid(_) => {}
            Intent::NextBid | Intent::BuyNow => return Ok(()),
        }
        let reference = self.standing.map_or(self.terms.opening_bid, |standing| standing.price);
        let factor = self.terms.jump_factor;
        if factor == 0 || amount <= reference.times(factor) {
            return Ok(());
        }
        let confirms = |at: Timestamp| {
            let since = bid.at - at;
            (Span::default()..=CONFIRMATION_WINDOW).contains(&since)
        };
        let repeated = self
            .unconfirmed
            .iter()
            .any(|jump| jump.bidder == bid.bidder && jump.intent == bid.intent && confirms(jump.at));
        if repeated { Ok(()) } else { Err(Refusal::JumpNeedsConfirmation { amount, reference, factor }) }
    }

    /// The soft close: a bid in the last `window` that changed the price or the leader moves the end, within the cap.
    fn extension(&self, at: Timestamp, after: &Standing) -> Option<Event> {
        let soft_close = &self.terms.soft_close;
        if !self.changes(after) || self.extensions >= soft_close.max_extensions || self.ends_at - at > soft_close.window
        {
            return None;
        }
        let ends_at = (at + soft_close.extension).min(self.scheduled_end + soft_close.cap);
        (ends_at > self.ends_at).then(|| Event::LotExtended {
            lot: self.number(),
            ends_at,
            extensions: self.extensions + 1,
        })
    }
}
