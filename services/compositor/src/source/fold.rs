//! What is known of the auction, from the engine's messages, and the view that it makes. Pure: `now` comes in.

mod choose;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use auction_core::{AuctionId, LotNumber, Timestamp};
use scene::{AuctionView, BidShown, Link, LotShown, Moment, Money};
use wire::rest::{self, AuctionState, BidLine, LotView};
use wire::socket::{Price, ReadRange, ReserveState, ServerMessage, Verdict};
use wire::{Amount, Time};

use choose::choose;

/// The only currency that the engine counts in.
const CURRENCY: &str = "ETH";

/// Bids kept of a lot: more than any scene shows.
const MAX_BIDS: usize = 20;

/// How far back the log is read for a lot that is met in the middle.
const LOOK_BACK: u64 = 60;

/// What is known.
#[derive(Debug)]
pub(super) struct Known {
    auction: AuctionId,
    brief: Option<rest::AuctionView>,
    /// The state and, when paused or cancelled, why.
    state: Option<(AuctionState, Option<String>)>,
    title: String,
    lots: BTreeMap<LotNumber, Lot>,
    heard: Moment,
    lost_since: Option<Moment>,
}

/// One lot.
#[derive(Debug)]
struct Lot {
    price: Price,
    price_since: Moment,
    /// When it was first seen sold or passed; `None` for what was over before we came.
    closed: Option<Moment>,
    terms: Option<LotView>,
    bids: BTreeMap<u64, BidShown>,
    /// The last row of the log that was read.
    read_to: u64,
}

/// What has to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    Lot(LotNumber),
    Bids(ReadRange),
}

impl Known {
    pub(super) fn new(auction: AuctionId) -> Self {
        let title = String::new();
        let (heard, lost_since) = (Moment::default(), None);
        Self { auction, brief: None, state: None, title, lots: BTreeMap::new(), heard, lost_since }
    }

    /// Takes the catalogue's entry.
    pub(super) fn brief(&mut self, brief: rest::AuctionView) {
        self.title.clone_from(&brief.title);
        self.brief = Some(brief);
    }

    /// Takes a lot's terms.
    pub(super) fn lot(&mut self, view: LotView) {
        if let Some(lot) = self.lots.get_mut(&view.price.lot) {
            lot.terms = Some(view);
        }
    }

    /// Takes a frame.
    pub(super) fn take(&mut self, message: ServerMessage, now: Moment) {
        self.heard = now;
        match message {
            ServerMessage::Snapshot(snapshot) if snapshot.auction == self.auction => {
                let first = self.state.is_none();
                self.lost_since = None;
                self.title = snapshot.title;
                self.state = Some((snapshot.state, snapshot.reason));
                let listed: BTreeSet<LotNumber> = snapshot.lots.iter().map(|price| price.lot).collect();
                self.lots.retain(|number, _| listed.contains(number));
                for price in snapshot.lots {
                    self.price(price, now, first);
                }
            }
            ServerMessage::Delta(price) if price.auction == self.auction => self.price(price, now, false),
            ServerMessage::Auction(news) if news.auction == self.auction => {
                self.state = Some((news.state, news.reason));
            }
            ServerMessage::Bids(bids) if bids.auction == self.auction => self.bids(bids.lot, bids.bids),
            // Of another auction, or of no use to a viewer.
            ServerMessage::Snapshot(_)
            | ServerMessage::Delta(_)
            | ServerMessage::Auction(_)
            | ServerMessage::Bids(_)
            | ServerMessage::Hello(_)
            | ServerMessage::Result(_)
            | ServerMessage::Error(_)
            | ServerMessage::Pong(_) => {}
        }
    }

    fn price(&mut self, price: Price, now: Moment, at_first: bool) {
        let is_over = choose::is_over(price.state);
        let seen = if at_first { None } else { Some(now) };
        let Some(lot) = self.lots.get_mut(&price.lot) else {
            let closed = seen.filter(|_| is_over);
            // A price that was there before us is no news.
            let price_since = seen.unwrap_or_default();
            let read_to = price.lot_seq.saturating_sub(LOOK_BACK);
            let lot = Lot { price_since, closed, terms: None, bids: BTreeMap::new(), read_to, price };
            self.lots.insert(lot.price.lot, lot);
            return;
        };
        if (price.epoch, price.seq) < (lot.price.epoch, lot.price.seq) {
            return;
        }
        if price.price_wei != lot.price.price_wei {
            lot.price_since = now;
            if let (Some(amount), Some(paddle)) = (price.price_wei, price.leader_paddle) {
                let bid = BidShown { lot_seq: price.lot_seq, paddle: paddle.0, amount: money(amount), by_post: false };
                lot.insert(bid);
            }
        }
        if price.round != lot.price.round {
            lot.bids.clear();
        }
        if is_over && !choose::is_over(lot.price.state) {
            lot.closed = Some(now);
        }
        lot.price = price;
    }

    fn bids(&mut self, number: LotNumber, lines: Vec<BidLine>) {
        let Some(lot) = self.lots.get_mut(&number) else { return };
        for line in lines {
            lot.read_to = lot.read_to.max(line.lot_seq);
            let accepted = line.verdict == Verdict::Accepted;
            if let (true, Some(paddle), Some(amount)) = (accepted, line.paddle, line.amount_wei) {
                let by_post = line.post_id.is_some();
                lot.insert(BidShown { lot_seq: line.lot_seq, paddle: paddle.0, amount: money(amount), by_post });
            }
        }
    }

    /// What should be asked for now: terms of lots that may come on screen, and the log of the one that is.
    pub(super) fn needs(&self) -> Vec<Need> {
        let missing = self.lots.values().filter(|lot| lot.terms.is_none()).map(|lot| Need::Lot(lot.price.lot));
        let unread = self.lots.values().filter(|lot| choose::takes_bids(lot.price.state));
        let unread = unread.filter(|lot| lot.read_to < lot.price.lot_seq).map(|lot| {
            let (auction, lot, after) = (self.auction.clone(), lot.price.lot, lot.read_to);
            Need::Bids(ReadRange { auction, lot, after, limit: 100 })
        });
        missing.chain(unread).collect()
    }

    /// The engine has been lost.
    pub(super) fn lost(&mut self, now: Moment) {
        self.lost_since.get_or_insert(now);
    }

    /// Whether the engine speaks.
    pub(super) fn is_fresh(&self) -> bool {
        self.state.is_some() && self.lost_since.is_none()
    }

    /// How long the engine has not been heard.
    pub(super) fn age(&self, now: Moment) -> Duration {
        let since = if self.heard == Moment::default() { 0 } else { now.since(self.heard) };
        Duration::from_millis(u64::try_from(since).unwrap_or(0))
    }

    /// What there is to see.
    pub(super) fn view(&self, now: Moment) -> AuctionView {
        let link = self.lost_since.map_or(Link::Fresh, |since| Link::Lost { since });
        let Some((state, reason)) = &self.state else { return AuctionView { link, ..AuctionView::empty() } };
        let (phase, lot) = choose(*state, &self.lots, now);
        AuctionView {
            title: self.title.clone(),
            handle: self.brief.as_ref().and_then(|brief| brief.handle.clone()),
            phase,
            reason: reason.clone(),
            starts_at: self.brief.as_ref().map(|brief| moment(brief.starts_at)),
            lot: lot.and_then(|number| self.lots.get(&number)).map(|lot| self.shown(lot)),
            link,
        }
    }

    fn shown(&self, lot: &Lot) -> LotShown {
        let Lot { price, price_since, closed: _, terms, bids, read_to: _ } = lot;
        let seconds = terms.as_ref().map_or(60, |terms| terms.duration_seconds);
        LotShown {
            number: price.lot.0,
            count: u32::try_from(self.lots.len()).unwrap_or(u32::MAX),
            title: terms.as_ref().map_or_else(|| price.lot_id.to_string(), |terms| terms.title.clone()),
            price: price.price_wei.map(money),
            price_since: *price_since,
            next: money(price.min_next_wei),
            leader: price.leader_paddle.map(|paddle| paddle.0),
            bids: price.bids,
            extensions: price.extensions,
            reserve_met: match price.reserve {
                ReserveState::None => None,
                ReserveState::Met => Some(true),
                ReserveState::NotMet => Some(false),
            },
            ends_at: price.ends_at.map(moment),
            length_ms: i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX),
            recent: bids.values().rev().cloned().collect(),
        }
    }
}

impl Lot {
    fn insert(&mut self, bid: BidShown) {
        self.bids.insert(bid.lot_seq, bid);
        while self.bids.len() > MAX_BIDS {
            self.bids.pop_first();
        }
    }
}

fn money(amount: Amount) -> Money {
    Money { amount: amount.0.main_units(), currency: CURRENCY.to_owned() }
}

fn moment(Time(Timestamp(at)): Time) -> Moment {
    Moment(at)
}

#[cfg(test)]
mod tests;
