//! The fold of an auction's own events, and what its lots' events mean for their order.

use crate::auction::{Auction, Run};
use crate::lot::{Interval, Lot};
use crate::reservation::Bidders;
use crate::terms::AuctionTerms;
use crate::{Event, LotNumber, Timestamp};

impl Auction {
    /// Folds an event that names a lot.
    pub(crate) fn fold_lot(&mut self, number: LotNumber, event: &Event, row: u64, bidders: &mut Bidders) {
        let Some(lot) = self.lots.get_mut(&number) else { return };
        lot.fold(event, row, bidders);
        match event {
            Event::LotOpened { .. } | Event::LotReopened { .. } => {
                self.queue.retain(|&queued| queued != number);
                self.running.insert(number);
                self.started = true;
                self.run = Run::Live;
            }
            Event::LotSold { at, .. }
            | Event::LotPassed { at, .. }
            | Event::LotWithdrawn { at, .. }
            | Event::LotSkipped { at, .. } => self.end_lot(number, *at),
            Event::LotReoffered { .. } => {
                self.queue.push(number);
                self.revive();
            }
            Event::BidAccepted { .. }
            | Event::BidRefused { .. }
            | Event::BidParked { .. }
            | Event::BidUnparked { .. }
            | Event::BidVoided { .. }
            | Event::LotExtended { .. }
            | Event::LotDraining { .. }
            | Event::LotHeld { .. }
            | Event::LotReleased { .. }
            | Event::ReserveMet { .. }
            | Event::IncrementHalved { .. }
            | Event::AuctionConfigured(_)
            | Event::AuctionPaused { .. }
            | Event::AuctionResumed { .. }
            | Event::AuctionCancelled { .. }
            | Event::AuctionCompleted
            | Event::BidderRegistered(_)
            | Event::InboxAdvanced { .. }
            | Event::InboxAudited { .. } => {}
        }
    }

    /// Folds an event of the auction itself.
    pub(crate) fn fold(&mut self, event: &Event) {
        match event {
            Event::AuctionConfigured(terms) => self.configure(terms),
            Event::AuctionPaused { reason, at } => self.run = Run::Paused { reason: reason.clone(), since: *at },
            Event::AuctionResumed { at } => self.resume(*at),
            Event::AuctionCancelled { reason, at } => {
                self.run = Run::Cancelled { reason: reason.clone(), at: *at };
            }
            Event::AuctionCompleted => self.run = Run::Completed,
            // Not an auction's.
            Event::BidderRegistered(_)
            | Event::InboxAdvanced { .. }
            | Event::InboxAudited { .. }
            | Event::LotOpened { .. }
            | Event::BidAccepted { .. }
            | Event::BidRefused { .. }
            | Event::BidParked { .. }
            | Event::BidUnparked { .. }
            | Event::LotExtended { .. }
            | Event::ReserveMet { .. }
            | Event::LotDraining { .. }
            | Event::LotHeld { .. }
            | Event::LotReleased { .. }
            | Event::LotSkipped { .. }
            | Event::LotWithdrawn { .. }
            | Event::LotReoffered { .. }
            | Event::LotSold { .. }
            | Event::LotPassed { .. }
            | Event::BidVoided { .. }
            | Event::LotReopened { .. }
            | Event::IncrementHalved { .. } => {}
        }
    }

    /// Replaces the terms; lots that have begun keep theirs.
    fn configure(&mut self, terms: &AuctionTerms) {
        self.terms = terms.clone();
        for lot in &terms.lots {
            match self.lots.get_mut(&lot.number) {
                Some(known) if known.is_upcoming() => known.replace_terms(lot.clone(), &terms.uid),
                Some(_) => {}
                None => {
                    self.lots.insert(lot.number, Lot::new(lot.clone(), &terms.uid));
                }
            }
        }
        let kept: std::collections::BTreeSet<LotNumber> = terms.lots.iter().map(|lot| lot.number).collect();
        self.lots.retain(|number, lot| !lot.may_vanish() || kept.contains(number));
        let offered_again = |number: LotNumber| self.lots.get(&number).is_some_and(|lot| lot.round().0 > 1);
        let upcoming = |number: LotNumber| self.lots.get(&number).is_some_and(Lot::is_upcoming);
        let first = terms.lots.iter().map(|lot| lot.number).filter(|&number| !offered_again(number));
        let again = self.queue.iter().copied().filter(|&number| offered_again(number));
        self.queue = first.chain(again).filter(|&number| upcoming(number)).collect();
        if !self.queue.is_empty() {
            self.revive();
        }
    }

    /// Ends a pause: the clocks of all lots go on where they stood.
    fn resume(&mut self, at: Timestamp) {
        let Run::Paused { since, .. } = self.run else { return };
        for number in &self.running {
            if let Some(lot) = self.lots.get_mut(number) {
                lot.shift(at - since);
            }
        }
        self.last_pause = Some(Interval { from: since, to: at });
        self.run = self.active();
    }

    fn end_lot(&mut self, number: LotNumber, at: Timestamp) {
        self.queue.retain(|&queued| queued != number);
        self.running.remove(&number);
        self.last_ended_at = Some(at);
    }

    /// A completed auction has something to do again.
    fn revive(&mut self) {
        if self.run == Run::Completed {
            self.run = self.active();
        }
    }

    fn active(&self) -> Run {
        if self.started { Run::Live } else { Run::Scheduled }
    }
}
