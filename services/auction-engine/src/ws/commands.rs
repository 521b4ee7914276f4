//! A bidder's commands in flight: bounded, answered in the order in which they were sent.
//!
//! The engine decides and commits in order, so waiting for the oldest is waiting for all. A parked bid is answered twice;
//! its second wait leaves the order.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use auction_core::{Action, AuctionId, BidderId, Command, Intent, LotNumber, Source, SourceKind, Timestamp};
use wire::Amount;
use wire::socket::{BidKind, Outcome, PlaceBid, Refused, Verdict};

use crate::answer::{self, KeyReused};
use crate::engine::{EngineHandle, Pending};

/// Commands of one connection that may wait for their COMMIT at once.
pub(super) const MAX_IN_FLIGHT: usize = 64;

/// When to come back with a command that found [`MAX_IN_FLIGHT`] before it: about one commit.
const IN_FLIGHT_RETRY_MS: u64 = 20;

/// What one connection waits for.
#[derive(Default)]
pub(super) struct Commands {
    in_order: VecDeque<Waiting>,
    /// Parked bids until they are judged.
    parked: Vec<Waiting>,
}

struct Waiting {
    id: String,
    bidder: BidderId,
    intent: Intent,
    auction: AuctionId,
    lot: Option<LotNumber>,
    pending: Pending,
}

impl Commands {
    pub(super) fn is_empty(&self) -> bool {
        self.in_order.is_empty() && self.parked.is_empty()
    }

    /// Sends a bid to the engine. An answer comes back at once only when it was not taken.
    pub(super) fn submit(
        &mut self,
        engine: &EngineHandle,
        bidder: BidderId,
        bid: PlaceBid,
        now: Timestamp,
    ) -> Option<Outcome> {
        let id = bid.id.into_string();
        if self.in_order.len() + self.parked.len() >= MAX_IN_FLIGHT {
            return Some(busy(id));
        }
        let intent = match intent(bid.kind, bid.amount_wei) {
            Ok(intent) => intent,
            Err(wrong) => return Some(answer::not_journaled(id, Verdict::Refused, wrong)),
        };
        let command = Command {
            source: Source { kind: SourceKind::Web, key: key_of(bidder, &id) },
            at: now,
            action: Action::PlaceBid { auction: bid.auction.clone(), lot: bid.lot, bidder, intent, post: None },
            trace: None,
        };
        match engine.submit(command) {
            Ok(pending) => {
                self.in_order.push_back(Waiting { id, bidder, intent, auction: bid.auction, lot: bid.lot, pending });
                None
            }
            Err(error) => Some(answer::not_taken(id, &error)),
        }
    }

    /// Waits for the next answer. Waits for ever while nothing is in flight.
    pub(super) async fn answered(&mut self) -> Outcome {
        poll_fn(|context| self.poll_answered(context)).await
    }

    /// The next answer that is there already.
    pub(super) fn answered_now(&mut self) -> Option<Outcome> {
        match self.poll_answered(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    fn poll_answered(&mut self, context: &mut Context<'_>) -> Poll<Outcome> {
        if let Some(oldest) = self.in_order.front_mut()
            && let Poll::Ready(result) = Pin::new(&mut oldest.pending).poll(context)
        {
            let oldest = self.in_order.pop_front().expect("it was there a line ago");
            return Poll::Ready(self.answer(oldest, result));
        }
        for index in 0..self.parked.len() {
            if let Poll::Ready(result) = Pin::new(&mut self.parked[index].pending).poll(context) {
                let judged = self.parked.swap_remove(index);
                return Poll::Ready(self.answer(judged, result));
            }
        }
        Poll::Pending
    }

    fn answer(
        &mut self,
        waiting: Waiting,
        result: Result<crate::engine::Outcome, crate::engine::SubmitError>,
    ) -> Outcome {
        let Waiting { id, bidder, intent, auction, lot, .. } = waiting;
        match result {
            Ok(mut outcome) => {
                if let Err(reused) = answer::check_target(&outcome, &auction, lot) {
                    return answer::not_journaled(id, Verdict::Refused, reused_key(reused));
                }
                if let Some(pending) = outcome.judged.take() {
                    self.parked.push(Waiting { id: id.clone(), bidder, intent, auction, lot, pending });
                }
                answer::committed(id, bidder, intent, &outcome)
            }
            Err(error) => answer::not_taken(id, &error),
        }
    }
}

/// Keys of web bids are their bidder's own: two bidders may use the same one.
pub(crate) fn key_of(bidder: BidderId, key: &str) -> String {
    format!("{bidder}:{key}")
}

/// What the bidder wants, if kind and amount go together.
pub(crate) fn intent(kind: BidKind, amount: Option<Amount>) -> Result<Intent, Refused> {
    match (kind, amount) {
        (BidKind::Bid, Some(Amount(amount))) => Ok(Intent::Bid(amount)),
        (BidKind::MaxBid, Some(Amount(amount))) => Ok(Intent::MaxBid(amount)),
        (BidKind::NextBid, None) => Ok(Intent::NextBid),
        (BidKind::BuyNow, None) => Ok(Intent::BuyNow),
        (BidKind::Bid | BidKind::MaxBid, None) => Err(Refused {
            code: "AmountMissing".into(),
            message: "a bid or maximum bid needs an amount".into(),
            remedy: "set amount_wei to whole wei as a decimal string".into(),
            retry_after_ms: None,
        }),
        (BidKind::NextBid | BidKind::BuyNow, Some(_)) => Err(Refused {
            code: "AmountNotAllowed".into(),
            message: "next_bid and buy_now take their amount from the lot".into(),
            remedy: "leave amount_wei out, or use kind bid".into(),
            retry_after_ms: None,
        }),
    }
}

fn reused_key(reused: KeyReused) -> Refused {
    Refused {
        code: KeyReused::CODE.into(),
        message: reused.to_string(),
        remedy: KeyReused::REMEDY.into(),
        retry_after_ms: None,
    }
}

fn busy(id: String) -> Outcome {
    let why = Refused {
        code: "Busy".into(),
        message: format!("{MAX_IN_FLIGHT} commands of this connection wait for their answer"),
        remedy: "wait for results before sending more; the same id may be sent again".into(),
        retry_after_ms: Some(IN_FLIGHT_RETRY_MS),
    };
    answer::not_journaled(id, Verdict::Busy, why)
}
