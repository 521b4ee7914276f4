//! What the crowd sees of the show: the lots with their times and the least that the next bid must be. Either a plan
//! from the command line, or the engine's public WebSocket, read as any viewer reads it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use wire::Amount;
use wire::socket::{ClientMessage, LotState, Price, ServerMessage, Subscribe};

use super::phrase::MILLI;

/// Wait between attempts to reach the engine; it starts after the stand-in.
const RETRY: Duration = Duration::from_millis(500);

/// How long a connection may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// The engine pings every twenty seconds; a connection that brings nothing for so long is dead.
const SILENCE: Duration = Duration::from_mins(1);

/// How long a lot is taken to be open that the plan does not know.
const DEFAULT_OPEN_MS: i64 = 30_000;

/// A lot as a viewer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotView {
    /// Its number, from 1.
    pub number: u32,
    /// When it opens or opened, in milliseconds since the Unix epoch; not known before if it is watched.
    pub opens_ms: i64,
    /// When it ends as far as is known, in milliseconds since the Unix epoch.
    pub ends_ms: i64,
    /// The price in thousandths of an ether; nothing before the first bid.
    pub price_milli: Option<u128>,
    /// The least that the next bid must be, in thousandths of an ether; nothing if only the opening bid is known.
    pub least_milli: Option<u128>,
}

/// A lot of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// How long it is open, in milliseconds.
    pub open_ms: i64,
    /// The time before it, in milliseconds.
    pub pause_ms: i64,
    /// The opening bid in thousandths of an ether.
    pub opening_milli: u128,
}

/// What is known of the show. Clones share it.
#[derive(Debug, Clone)]
pub struct Board {
    planned: Arc<Vec<Planned>>,
    seen: Arc<Mutex<Vec<LotView>>>,
}

impl Board {
    /// A board that knows the plan.
    pub fn new(planned: Vec<Planned>) -> Self {
        Self { planned: Arc::new(planned), seen: Arc::new(Mutex::new(Vec::new())) }
    }

    /// The lots: as seen if anything was seen, else as planned from the show's start.
    pub fn lots(&self, start_ms: i64) -> Vec<LotView> {
        let mut lots = planned(&self.planned, start_ms);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for lot in seen {
            match lots.iter_mut().find(|l| l.number == lot.number) {
                Some(planned) => *planned = lot,
                None => lots.push(lot),
            }
        }
        lots.sort_by_key(|l| l.number);
        shift_later(&mut lots, &self.planned);
        lots
    }

    /// Follows the engine at `url` until the process stops; a lost connection is made again.
    pub async fn follow(self, url: String, auction: String, stopping: CancellationToken) -> anyhow::Result<()> {
        let auction = auction_core::AuctionId::new(&auction)?;
        loop {
            let watched = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                watched = self.watch(&url, &auction) => watched,
            };
            if let Err(error) = watched {
                tracing::debug!(%error, url, "the engine's prices are not to be seen yet");
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn watch(&self, url: &str, auction: &auction_core::AuctionId) -> anyhow::Result<()> {
        let (mut socket, _) = tokio::time::timeout(CONNECT_DEADLINE, connect_async(url)).await??;
        let subscribe = ClientMessage::Subscribe(Subscribe { auction: auction.clone() });
        socket.send(Message::text(serde_json::to_string(&subscribe)?)).await?;
        while let Some(message) = tokio::time::timeout(SILENCE, socket.next()).await? {
            let Message::Text(text) = message? else { continue };
            match serde_json::from_str::<ServerMessage>(&text)? {
                ServerMessage::Snapshot(snapshot) => snapshot.lots.iter().for_each(|price| self.note(price)),
                ServerMessage::Delta(price) => self.note(&price),
                ServerMessage::Error(error) => anyhow::bail!("the engine says {error:?}"),
                ServerMessage::Hello(_)
                | ServerMessage::Auction(_)
                | ServerMessage::Bids(_)
                | ServerMessage::Result(_)
                | ServerMessage::Pong(_) => {}
            }
        }
        Ok(())
    }

    fn note(&self, price: &Price) {
        let Some(ends_at) = price.ends_at else { return };
        let number = price.lot.0;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.iter().find(|l| l.number == number).copied();
        let length = self.planned.get(number as usize - 1).map_or(DEFAULT_OPEN_MS, |p| p.open_ms);
        let mut lot = LotView {
            number,
            opens_ms: known.map_or(ends_at.0.0 - length, |l| l.opens_ms),
            ends_ms: ends_at.0.0,
            price_milli: price.price_wei.map(milli),
            least_milli: Some(milli(price.min_next_wei)),
        };
        if price.state != LotState::Open {
            lot.ends_ms = lot.ends_ms.min(known.map_or(i64::MAX, |l| l.ends_ms));
        }
        seen.retain(|l| l.number != number);
        seen.push(lot);
    }
}

/// An amount in thousandths of an ether, rounded up.
fn milli(amount: Amount) -> u128 {
    u128::try_from(amount.0.0).unwrap_or(u128::MAX).div_ceil(MILLI)
}

fn planned(lots: &[Planned], start_ms: i64) -> Vec<LotView> {
    let mut at = start_ms;
    let mut number = 0;
    lots.iter()
        .map(|lot| {
            number += 1;
            let opens_ms = at + lot.pause_ms;
            at = opens_ms + lot.open_ms;
            LotView { number, opens_ms, ends_ms: at, price_milli: None, least_milli: None }
        })
        .collect()
}

/// A lot cannot open before the one before it has ended: extensions move the plan of the later ones.
fn shift_later(lots: &mut [LotView], planned: &[Planned]) {
    for later in 1..lots.len() {
        let pause = planned.get(later).map_or(0, |p| p.pause_ms);
        let earliest = lots[later - 1].ends_ms + pause;
        let late = earliest - lots[later].opens_ms;
        if late > 0 && lots[later].least_milli.is_none() {
            lots[later].opens_ms += late;
            lots[later].ends_ms += late;
        }
    }
}

#[cfg(test)]
mod tests;
