//! Deciding one command: who asks, of which lot, and what the rules say. Reads the state, changes nothing.

pub(crate) mod bid;
pub(crate) mod tick;

use crate::decision::Verdict;
use crate::terms::{AuctionTerms, BidderTerms};
use crate::{
    Action, AuctionId, Command, Decision, Event, Handle, Refusal, Shard, Subject, Timestamp, clerk, configure,
};
use bid::Asked;

impl Shard {
    /// Decides one command. Pure and total: the same state, command and `now` always give the same answer.
    ///
    /// Before each command the worker lets happen what is due: `while let Some(tick) = shard.due(now) { … }`. A `now` before
    /// [`Shard::clock`] counts as that.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Decision {
        let now = now.max(self.clock());
        match &command.action {
            Action::ConfigureAuction { auction, terms } => self.decide_terms(auction, terms),
            Action::RegisterBidder(terms) => self.decide_bidder(terms),
            Action::PlaceBid { auction, lot, bidder, intent, post } => self.decide_bid(
                auction,
                &Asked {
                    lot: *lot,
                    bidder: *bidder,
                    intent: *intent,
                    at: command.at,
                    post: post.as_ref(),
                    source: &command.source,
                },
                now,
            ),
            Action::RefusePost { auction, bidder, code, post } => {
                let subject = self.subject_of(auction, None, command.at);
                let known = self.auction(auction).is_some();
                let refusal =
                    if known { Refusal::NotUnderstood { code: code.clone() } } else { Refusal::UnknownAuction };
                let event = Event::BidRefused {
                    lot: subject.lot,
                    bidder: *bidder,
                    intent: None,
                    refusal: refusal.clone(),
                    at: command.at,
                    post: Some(post.clone()),
                };
                self.row(subject, Verdict::Refused(refusal), vec![event])
            }
            Action::AdvanceInbox { handle, seq, ignored } => self.decide_cursor(handle, *seq, *ignored),
            Action::RecordAudit { handle, through } => {
                let news = self.inbox(handle).audited_through.is_none_or(|known| known < *through);
                let event = news.then(|| Event::InboxAudited { handle: handle.clone(), through: *through });
                self.row(Subject::default(), Verdict::Done, event.into_iter().collect())
            }
            Action::Tick { auction } => self.decide_tick(auction, now),
            Action::Clerk { auction: id, clerk } => match self.auction(id) {
                None => self.refuse(Subject::default(), Refusal::UnknownAuction),
                Some(auction) => {
                    let lot = clerk.lot().filter(|&lot| auction.lot(lot).is_some());
                    let subject = Subject { auction: Some(id.clone()), lot };
                    self.answer(subject, clerk::decide(auction, self.bidders(), clerk, now))
                }
            },
        }
    }

    fn decide_terms(&self, id: &AuctionId, terms: &AuctionTerms) -> Decision {
        let subject = Subject { auction: Some(id.clone()), lot: None };
        let checked = configure::check(terms).and_then(|()| match self.auction(id) {
            Some(auction) if auction.terms() == terms => Ok(Vec::new()),
            Some(auction) => configure::check_change(auction, terms).map(|()| configured(terms)),
            None => Ok(configured(terms)),
        });
        let checked = checked.and_then(|events| self.check_handle(id, terms).map(|()| events));
        match checked {
            // An auction that does not exist has no chain.
            Err(refusal) if self.auction(id).is_none() => self.refuse(Subject::default(), refusal),
            other => self.answer(subject, other),
        }
    }

    /// One X handle serves one auction at a time, else a post could not be told to mean either.
    fn check_handle(&self, id: &AuctionId, terms: &AuctionTerms) -> Result<(), Refusal> {
        let Some(handle) = &terms.handle else { return Ok(()) };
        let other = self
            .auctions()
            .find(|other| other.id() != id && other.terms().handle.as_ref() == Some(handle) && !other.run().is_over());
        match other {
            None => Ok(()),
            Some(other) => Err(Refusal::HandleConflict { handle: handle.clone(), auction: other.id().clone() }),
        }
    }

    fn decide_bidder(&self, terms: &BidderTerms) -> Decision {
        let known = self.bidders().get(terms.bidder).is_some_and(|bidder| bidder.terms() == terms);
        let checked = self
            .bidders()
            .check_registration(terms)
            .map(|()| if known { Vec::new() } else { vec![Event::BidderRegistered(terms.clone())] });
        self.answer(Subject::default(), checked)
    }

    fn decide_cursor(&self, handle: &Handle, seq: u64, ignored: u64) -> Decision {
        let news = self.inbox(handle).seq < seq;
        let event = news.then(|| Event::InboxAdvanced { handle: handle.clone(), seq, ignored });
        self.row(Subject::default(), Verdict::Done, event.into_iter().collect())
    }

    fn answer(&self, subject: Subject, outcome: Result<Vec<Event>, Refusal>) -> Decision {
        match outcome {
            Ok(events) => self.row(subject, Verdict::Done, events),
            Err(refusal) => self.refuse(subject, refusal),
        }
    }

    fn refuse(&self, subject: Subject, refusal: Refusal) -> Decision {
        self.row(subject, Verdict::Refused(refusal), Vec::new())
    }

    /// The next row of a subject's chain.
    fn row(&self, subject: Subject, verdict: Verdict, events: Vec<Event>) -> Decision {
        let lot_seq = self.head_of(&subject).seq + 1;
        Decision { subject, lot_seq, verdict, events }
    }
}

fn configured(terms: &AuctionTerms) -> Vec<Event> {
    vec![Event::AuctionConfigured(Box::new(terms.clone()))]
}
