//! The fold of a lot's events. Total: an event that cannot follow is folded as it says, never a panic.

use crate::event::{HoldReason, Standing};
use crate::ladder::Step;
use crate::lot::trail::Trail;
use crate::lot::{HalfCut, Interval, Lot, MAX_UNCONFIRMED, Parked, Phase, Unconfirmed};
use crate::proxy::{Offer, OfferKind};
use crate::reservation::{Bidders, Reservation};
use crate::{Event, Refusal, Round, Span, Timestamp};

impl Lot {
    /// Folds one event that names this lot. `row` is the number of the row that it is part of.
    pub(crate) fn fold(&mut self, event: &Event, row: u64, bidders: &mut Bidders) {
        match event {
            Event::BidAccepted { bidder, paddle, amount, intent, standing, .. } => {
                let (kind, step) = (OfferKind::of(*intent), self.spend_half_cut(standing));
                let offer = Offer { bidder: *bidder, paddle: *paddle, amount: *amount, kind, step, lot_seq: row };
                self.accept(offer, *standing, bidders);
            }
            Event::IncrementHalved { .. } => self.half_cut = HalfCut::Standing,
            Event::BidRefused { bidder, intent, refusal, at, .. } => {
                self.counts.refuse(refusal.code());
                if let (Some(intent), Refusal::JumpNeedsConfirmation { .. }) = (intent, refusal) {
                    self.await_confirmation(Unconfirmed { bidder: *bidder, intent: *intent, at: *at });
                }
            }
            Event::BidParked { bidder, intent, at, source, post, .. } => self.parked.push_back(Parked {
                bidder: *bidder,
                intent: *intent,
                at: *at,
                source: source.clone(),
                post: post.clone(),
            }),
            Event::BidUnparked { source, .. } => {
                if let Some(index) = self.parked.iter().position(|parked| parked.source == *source) {
                    self.parked.remove(index);
                }
            }
            Event::BidVoided { lot_seq, standing, .. } => self.void(*lot_seq, *standing, bidders),
            Event::LotExtended { ends_at, extensions, .. } => {
                self.ends_at = *ends_at;
                self.extensions = *extensions;
                self.phase = Phase::Open;
            }
            Event::LotSold { bidder, paddle, price, all_in, at, .. } => {
                let kept = Reservation { bidder: *bidder, amount: *all_in };
                bidders.replace(&mut self.reservation, Some(kept));
                self.phase = Phase::Sold { bidder: *bidder, paddle: *paddle, price: *price, all_in: *all_in, at: *at };
            }
            Event::LotOpened { .. }
            | Event::LotDraining { .. }
            | Event::LotHeld { .. }
            | Event::LotReleased { .. }
            | Event::LotSkipped { .. }
            | Event::LotWithdrawn { .. }
            | Event::LotReoffered { .. }
            | Event::LotPassed { .. }
            | Event::LotReopened { .. } => self.fold_phase(event, bidders),
            // `ReserveMet` is told, not kept: it follows from the price. The others are not a lot's.
            Event::ReserveMet { .. }
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

    /// The events that move a lot from phase to phase.
    fn fold_phase(&mut self, event: &Event, bidders: &mut Bidders) {
        match event {
            Event::LotOpened { round, at, ends_at, .. } => {
                self.round = *round;
                self.begin(*at, *ends_at);
            }
            Event::LotDraining { ends_at, until, .. } => {
                self.ends_at = *ends_at;
                self.phase = Phase::Draining { until: *until };
            }
            Event::LotHeld { reason: HoldReason::Clerk(reason), at, .. } => {
                self.phase = Phase::Held { reason: reason.clone(), since: *at };
            }
            Event::LotHeld { reason: HoldReason::AuditOverdue, at, .. } => {
                self.phase = Phase::AuditOverdue { since: *at };
            }
            Event::LotReleased { at, ends_at, .. } => self.release(*at, *ends_at),
            Event::LotSkipped { at, .. } => self.phase = Phase::Skipped { at: *at },
            Event::LotWithdrawn { reason, at, .. } => {
                bidders.replace(&mut self.reservation, None);
                self.phase = Phase::Withdrawn { reason: reason.clone(), at: *at };
            }
            Event::LotPassed { reason, at, .. } => {
                bidders.replace(&mut self.reservation, None);
                self.phase = Phase::Passed { reason: *reason, at: *at };
            }
            Event::LotReoffered { round, .. } => self.offer_again(*round, bidders),
            Event::LotReopened { at, ends_at, standing, .. } => {
                self.begin(*at, *ends_at);
                self.stand(*standing, bidders);
            }
            // Folded by the caller, or not a lot's.
            Event::BidAccepted { .. }
            | Event::BidRefused { .. }
            | Event::BidParked { .. }
            | Event::BidUnparked { .. }
            | Event::BidVoided { .. }
            | Event::LotExtended { .. }
            | Event::LotSold { .. }
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

    fn accept(&mut self, offer: Offer, standing: Standing, bidders: &mut Bidders) {
        self.trail.push(offer, standing);
        self.stand(Some(standing), bidders);
        self.unconfirmed.retain(|jump| jump.bidder != offer.bidder);
        self.counts.accepted += 1;
    }

    /// By which step the bid that leads to `after` had to rise; the one that changes price or leader uses up the cut. A
    /// leader that quietly raises its maximum does not: it could take the cut away from everybody else.
    fn spend_half_cut(&mut self, after: &Standing) -> Step {
        if self.half_cut == HalfCut::Standing && self.changes(after) {
            self.half_cut = HalfCut::Used;
            return Step::Half;
        }
        Step::Whole
    }

    /// A cut that nobody has used lapses, and may be given again.
    fn lapse_half_cut(&mut self) {
        if self.half_cut == HalfCut::Standing {
            self.half_cut = HalfCut::Unused;
        }
    }

    fn await_confirmation(&mut self, jump: Unconfirmed) {
        self.unconfirmed.retain(|known| known.bidder != jump.bidder);
        self.unconfirmed.push_back(jump);
        if self.unconfirmed.len() > MAX_UNCONFIRMED {
            self.unconfirmed.pop_front();
        }
    }

    fn void(&mut self, lot_seq: u64, standing: Option<Standing>, bidders: &mut Bidders) {
        self.trail.remove(lot_seq, &self.terms);
        self.counts.voided += 1;
        self.lapse_half_cut();
        if self.phase.is_running() {
            self.stand(standing, bidders);
        } else {
            self.standing = standing;
        }
    }

    fn release(&mut self, at: Timestamp, ends_at: Timestamp) {
        if let Phase::Held { since, .. } = self.phase {
            self.last_hold = Some(Interval { from: since, to: at });
        }
        self.scheduled_end = self.scheduled_end + (ends_at - self.ends_at);
        self.ends_at = ends_at;
        self.phase = Phase::Open;
    }

    fn offer_again(&mut self, round: Round, bidders: &mut Bidders) {
        bidders.replace(&mut self.reservation, None);
        self.round = round;
        self.phase = Phase::Upcoming;
        self.opened_at = None;
        self.standing = None;
        self.extensions = 0;
        self.half_cut = HalfCut::Unused;
        self.trail = Trail::default();
        self.unconfirmed.clear();
        self.last_hold = None;
    }

    /// The auction's clock stood still for `pause`: what is still to come moves by it.
    pub(crate) fn shift(&mut self, pause: Span) {
        match &mut self.phase {
            Phase::Open => {
                self.ends_at = self.ends_at + pause;
                self.scheduled_end = self.scheduled_end + pause;
            }
            Phase::Draining { until } => *until = *until + pause,
            // A held lot's own clock stands still already; the others have none.
            Phase::Held { .. }
            | Phase::AuditOverdue { .. }
            | Phase::Upcoming
            | Phase::Sold { .. }
            | Phase::Passed { .. }
            | Phase::Skipped { .. }
            | Phase::Withdrawn { .. } => {}
        }
    }

    fn begin(&mut self, at: Timestamp, ends_at: Timestamp) {
        self.phase = Phase::Open;
        self.opened_at = Some(at);
        self.scheduled_end = ends_at;
        self.ends_at = ends_at;
        self.extensions = 0;
        self.last_hold = None;
        self.lapse_half_cut();
    }

    /// The standing bid is now `standing`, and what the lot reserves with it.
    fn stand(&mut self, standing: Option<Standing>, bidders: &mut Bidders) {
        let kept = standing.map(|standing| Reservation { bidder: standing.leader, amount: standing.reserved });
        bidders.replace(&mut self.reservation, kept);
        self.standing = standing;
    }
}
