//! Prints one auction's prices and its own state: each is framed once, and its bytes are shared by every viewer.
//!
//! A viewer keeps one number, the edition it has seen. When it can take more, it gets the newest frame of every lot that
//! changed since; what lay between is never sent. So a slow viewer costs no queue and a fast one no copy.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use wire::socket::{AuctionNews, ServerMessage, Snapshot};

use super::frame;
use crate::engine::{AuctionView, LotView};
use crate::public;

/// The least time between two editions: more than fifty prices a second nobody can see, and each wakes every viewer.
pub(super) const EDITION_GAP: Duration = Duration::from_millis(20);

/// All prices of an auction at one moment, framed.
pub(super) struct Edition {
    /// Counts up from 1.
    number: u64,
    view: Arc<AuctionView>,
    /// The auction's own state.
    news: News,
    lots: Vec<Printed>,
    snapshot: OnceLock<Bytes>,
}

#[derive(Clone)]
struct Printed {
    lot: Arc<LotView>,
    /// The edition in which it changed last.
    changed_in: u64,
    frame: Bytes,
}

#[derive(Clone)]
struct News {
    changed_in: u64,
    frame: Bytes,
}

impl Edition {
    /// The first edition of an auction.
    pub(super) fn first(view: Arc<AuctionView>) -> Self {
        let lots = view.lots.iter().map(|lot| print(&view, lot, 1)).collect();
        let news = News { changed_in: 1, frame: encode_news(&view) };
        Self { number: 1, view, news, lots, snapshot: OnceLock::new() }
    }

    /// The edition after this one; only what changed is framed anew.
    fn next(&self, view: Arc<AuctionView>) -> Self {
        let number = self.number + 1;
        let line = |(index, lot): (usize, &Arc<LotView>)| match self.lots.get(index) {
            Some(printed) if printed.lot == *lot => printed.clone(),
            Some(_) | None => print(&view, lot, number),
        };
        let lots = view.lots.iter().enumerate().map(line).collect();
        let news = if (self.view.state, &self.view.reason) == (view.state, &view.reason) {
            self.news.clone()
        } else {
            News { changed_in: number, frame: encode_news(&view) }
        };
        Self { number, view, news, lots, snapshot: OnceLock::new() }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The frame for somebody who joins; made when first asked for, so that a storm of joins shares it.
    pub(super) fn snapshot(&self) -> Bytes {
        self.snapshot.get_or_init(|| encode_snapshot(&self.view)).clone()
    }

    /// The newest frames of the auction and the lots that changed after the edition `seen`.
    pub(super) fn since(&self, seen: u64) -> impl Iterator<Item = Bytes> + '_ {
        let news = (self.news.changed_in > seen).then(|| self.news.frame.clone());
        let lots = self.lots.iter().filter(move |printed| printed.changed_in > seen);
        news.into_iter().chain(lots.map(|printed| printed.frame.clone()))
    }
}

fn print(view: &AuctionView, lot: &Arc<LotView>, changed_in: u64) -> Printed {
    let delta = ServerMessage::Delta(public::price(view, lot));
    Printed { lot: lot.clone(), changed_in, frame: encode(&delta) }
}

fn encode_news(view: &AuctionView) -> Bytes {
    encode(&ServerMessage::Auction(AuctionNews {
        auction: view.auction.clone(),
        epoch: view.epoch,
        seq: view.seq,
        state: public::auction_state(view.state),
        reason: reason(view),
    }))
}

fn reason(view: &AuctionView) -> Option<String> {
    view.reason.as_deref().map(str::to_owned)
}

fn encode_snapshot(view: &AuctionView) -> Bytes {
    encode(&ServerMessage::Snapshot(Snapshot {
        auction: view.auction.clone(),
        epoch: view.epoch,
        seq: view.seq,
        state: public::auction_state(view.state),
        reason: reason(view),
        title: view.terms.title.clone(),
        lots: view.lots.iter().map(|lot| public::price(view, lot)).collect(),
    }))
}

fn encode(message: &ServerMessage) -> Bytes {
    frame::text(&serde_json::to_vec(message).expect("plain data always encodes"))
}

/// Prints an edition for each committed change until the engine gives the auction up.
pub(super) async fn run(mut views: watch::Receiver<Arc<AuctionView>>, editions: watch::Sender<Arc<Edition>>) {
    while views.changed().await.is_ok() {
        let view = views.borrow_and_update().clone();
        editions.send_modify(|edition| *edition = Arc::new(edition.next(view)));
        tokio::time::sleep(EDITION_GAP).await;
    }
}

#[cfg(test)]
mod tests;
