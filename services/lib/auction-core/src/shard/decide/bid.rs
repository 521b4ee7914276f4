//! A bid, from the asker to the verdict: auction, channel, bidder, lot, its own time; then the lot judges the amount.

use crate::auction::Auction;
use crate::command::{InboxPosition, Source};
use crate::decision::Verdict;
use crate::lot::judge::{Bid, Judged};
use crate::lot::{Lot, Parked, Phase};
use crate::{AuctionId, BidderId, Decision, Event, Intent, LotNumber, Refusal, Shard, Subject, Timestamp};

/// A bid as it arrives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) lot: Option<LotNumber>,
    pub(crate) bidder: BidderId,
    pub(crate) intent: Intent,
    pub(crate) at: Timestamp,
    pub(crate) post: Option<&'a InboxPosition>,
    pub(crate) source: &'a Source,
}

impl<'a> Asked<'a> {
    /// A parked bid, whose turn has come.
    pub(crate) fn again(lot: LotNumber, parked: &'a Parked) -> Self {
        let Parked { bidder, intent, at, source, post } = parked;
        Self { lot: Some(lot), bidder: *bidder, intent: *intent, at: *at, post: post.as_ref(), source }
    }
}

impl Shard {
    pub(super) fn decide_bid(&self, id: &AuctionId, asked: &Asked<'_>, now: Timestamp) -> Decision {
        let subject = self.subject_of(id, asked.lot, asked.at);
        let row = self.head_of(&subject).seq + 1;
        match self.hear(id, asked, row, now) {
            Ok(Judged { verdict, events }) => Decision { subject, lot_seq: row, verdict, events },
            Err(refusal) => {
                let event = refused(asked, subject.lot, &refusal);
                Decision { subject, lot_seq: row, verdict: Verdict::Refused(refusal), events: vec![event] }
            }
        }
    }

    /// The chain to which a bid belongs: the lot's that it means, else the auction's, else the shard's.
    pub(super) fn subject_of(&self, id: &AuctionId, lot: Option<LotNumber>, at: Timestamp) -> Subject {
        self.auction(id).map_or_else(Subject::default, |auction| Subject {
            auction: Some(auction.id().clone()),
            lot: auction.resolve(lot, at).ok().map(Lot::number),
        })
    }

    /// Everything but the amount, then the amount.
    pub(super) fn hear(&self, id: &AuctionId, asked: &Asked<'_>, row: u64, now: Timestamp) -> Result<Judged, Refusal> {
        let auction = self.auction(id).ok_or(Refusal::UnknownAuction)?;
        auction.check_channel(asked.source.kind)?;
        self.bidders().admitted(asked.bidder)?;
        auction.check_running(asked.at)?;
        let lot = auction.resolve(asked.lot, asked.at)?;
        match timing(auction, lot, asked.at)? {
            Timing::InTime => {
                let bid = Bid { bidder: asked.bidder, intent: asked.intent, at: asked.at, post: asked.post };
                lot.judge(bid, self.bidders(), row, now)
            }
            Timing::AfterTheEnd if !lot.has_room_to_park(asked.bidder) => Err(Refusal::DrainFull { lot: lot.number() }),
            Timing::AfterTheEnd => Ok(Judged { verdict: Verdict::Parked, events: vec![parked(lot, asked)] }),
        }
    }
}

enum Timing {
    InTime,
    AfterTheEnd,
}

/// Whether the lot takes bids, and where the bid's own time lies.
fn timing(auction: &Auction, lot: &Lot, at: Timestamp) -> Result<Timing, Refusal> {
    let number = lot.number();
    match lot.phase() {
        Phase::Open | Phase::Draining { .. } | Phase::AuditOverdue { .. } => {}
        Phase::Held { .. } => return Err(Refusal::LotHeld { lot: number }),
        Phase::Upcoming if !auction.has_started() => {
            return Err(Refusal::AuctionNotStarted { starts_at: auction.terms().starts_at });
        }
        Phase::Upcoming | Phase::Skipped { .. } => return Err(Refusal::LotNotOpen { lot: number }),
        Phase::Withdrawn { .. } => return Err(Refusal::LotWithdrawn { lot: number }),
        Phase::Sold { .. } | Phase::Passed { .. } if at > lot.end() => {
            return Err(Refusal::TooLate { lot: number, ended_at: lot.end() });
        }
        Phase::Sold { .. } | Phase::Passed { .. } => return Err(Refusal::LotClosed { lot: number }),
    }
    if let Some(opened_at) = lot.opened_at().filter(|&opened_at| at < opened_at) {
        return Err(Refusal::TooEarly { lot: number, opened_at });
    }
    if lot.was_held_at(at) {
        return Err(Refusal::LotHeld { lot: number });
    }
    Ok(if at <= lot.end() { Timing::InTime } else { Timing::AfterTheEnd })
}

pub(super) fn refused(asked: &Asked<'_>, lot: Option<LotNumber>, refusal: &Refusal) -> Event {
    Event::BidRefused {
        lot,
        bidder: asked.bidder,
        intent: Some(asked.intent),
        refusal: refusal.clone(),
        at: asked.at,
        post: asked.post.cloned(),
    }
}

fn parked(lot: &Lot, asked: &Asked<'_>) -> Event {
    Event::BidParked {
        lot: lot.number(),
        bidder: asked.bidder,
        intent: asked.intent,
        at: asked.at,
        source: asked.source.clone(),
        post: asked.post.cloned(),
    }
}
