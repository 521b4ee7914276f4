//! What time brings: one step a tick. Opening, the parked bids, the drain, the audit, the hammer, the end of the auction.

use crate::auction::Auction;
use crate::auction::schedule::{AuctionStep, LotStep};
use crate::clerk::opened;
use crate::decision::Verdict;
use crate::event::{HoldReason, PassReason};
use crate::lot::judge::Judged;
use crate::lot::{Lot, Phase};
use crate::shard::decide::bid::{Asked, refused};
use crate::{AuctionId, Decision, Event, LotNumber, Refusal, Shard, Subject, Timestamp};

impl Shard {
    pub(super) fn decide_tick(&self, id: &AuctionId, now: Timestamp) -> Decision {
        let step = self.auction(id).and_then(|auction| {
            let due = self.agenda.first_of(id, now)?;
            match due.lot {
                None => self.step_auction(auction, now),
                Some(lot) => self.step_lot(auction, auction.lot(lot)?, now),
            }
        });
        step.unwrap_or_else(|| self.row(Subject::default(), Verdict::Done, Vec::new()))
    }

    fn step_auction(&self, auction: &Auction, now: Timestamp) -> Option<Decision> {
        let (at, step) = auction.next_step()?;
        if at > now {
            return None;
        }
        Some(match step {
            AuctionStep::Open(number) => {
                let event = opened(auction.lot(number)?, now);
                self.row(subject(auction, Some(number)), Verdict::Done, vec![event])
            }
            AuctionStep::Complete => self.row(subject(auction, None), Verdict::Done, vec![Event::AuctionCompleted]),
        })
    }

    fn step_lot(&self, auction: &Auction, lot: &Lot, now: Timestamp) -> Option<Decision> {
        let (at, step) = self.step_of(auction, lot)?;
        if at > now {
            return None;
        }
        let number = lot.number();
        let done = |events| Some(self.row(subject(auction, Some(number)), Verdict::Done, events));
        match step {
            LotStep::JudgeParked(index) => self.judge_parked(auction, lot, index, now),
            LotStep::RefuseParked => self.refuse_parked(auction, lot),
            LotStep::Drain => {
                let until = lot.end() + auction.terms().drain;
                done(vec![Event::LotDraining { lot: number, ends_at: lot.end(), until }])
            }
            LotStep::HoldForAudit => {
                done(vec![Event::LotHeld { lot: number, reason: HoldReason::AuditOverdue, at: now }])
            }
            LotStep::Hammer => match lot.phase() {
                Phase::AuditOverdue { .. } => {
                    done(vec![Event::LotReleased { lot: number, at: now, ends_at: lot.end() }, lot.hammer(now)])
                }
                Phase::Upcoming
                | Phase::Open
                | Phase::Draining { .. }
                | Phase::Held { .. }
                | Phase::Sold { .. }
                | Phase::Passed { .. }
                | Phase::Skipped { .. }
                | Phase::Withdrawn { .. } => done(vec![lot.hammer(now)]),
            },
            LotStep::Pass => done(vec![lot.passed(PassReason::Cancelled, now)]),
        }
    }

    /// The end has moved past a parked bid: it is judged as if it came now. The row's verdict is the bid's.
    fn judge_parked(&self, auction: &Auction, lot: &Lot, index: usize, now: Timestamp) -> Option<Decision> {
        let parked = lot.parked_at(index)?;
        let asked = Asked::again(lot.number(), parked);
        let row = lot.head().seq + 1;
        let (verdict, events) = match self.hear(auction.id(), &asked, row, now) {
            Ok(Judged { verdict, events }) => (verdict, events),
            Err(refusal) => {
                let event = refused(&asked, Some(lot.number()), &refusal);
                (Verdict::Refused(refusal), vec![event])
            }
        };
        Some(self.unparked(auction, lot, &asked, verdict, events))
    }

    fn refuse_parked(&self, auction: &Auction, lot: &Lot) -> Option<Decision> {
        let asked = Asked::again(lot.number(), lot.parked_at(0)?);
        let refusal = Refusal::TooLate { lot: lot.number(), ended_at: lot.end() };
        let event = refused(&asked, Some(lot.number()), &refusal);
        Some(self.unparked(auction, lot, &asked, Verdict::Refused(refusal), vec![event]))
    }

    fn unparked(
        &self,
        auction: &Auction,
        lot: &Lot,
        asked: &Asked<'_>,
        verdict: Verdict,
        judged: Vec<Event>,
    ) -> Decision {
        let mut events = vec![Event::BidUnparked { lot: lot.number(), source: asked.source.clone() }];
        events.extend(judged);
        self.row(subject(auction, Some(lot.number())), verdict, events)
    }
}

impl Lot {
    /// The hammer: sold to the leader if the reserve is met, else passed.
    pub(crate) fn hammer(&self, now: Timestamp) -> Event {
        match self.standing() {
            Some(standing) if self.reserve_met() => self.sale(standing, now),
            Some(_) => self.passed(PassReason::ReserveNotMet, now),
            None => self.passed(PassReason::NoBids, now),
        }
    }

    fn passed(&self, reason: PassReason, now: Timestamp) -> Event {
        Event::LotPassed { lot: self.number(), round: self.round(), reason, at: now }
    }
}

fn subject(auction: &Auction, lot: Option<LotNumber>) -> Subject {
    Subject { auction: Some(auction.id().clone()), lot }
}
