//! A viewer of the drill, who writes down every price that it was shown.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use wire::socket::{Price, ServerMessage};

use super::bidder::Phase;
use super::cluster::Address;
use super::evidence::Sighting;

/// Before the next attempt to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Silence for so long means that the worker is paused or gone; another may serve.
const SILENCE: Duration = Duration::from_secs(1);

pub(super) struct Viewer {
    pub(super) number: u32,
    pub(super) auction: String,
    pub(super) addresses: watch::Receiver<Vec<Address>>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Viewer {
    /// Watches until the round is over.
    pub(super) async fn run(mut self) -> Vec<Sighting> {
        let mut seen = Vec::new();
        let mut newest = std::collections::BTreeMap::new();
        for turn in 0_usize.. {
            if *self.phase.borrow() == Phase::Over {
                break;
            }
            let addresses = self.addresses.borrow().clone();
            if let Some(address) = addresses.get((turn + self.index()) % addresses.len().max(1)) {
                let mut show = |price: &Price| {
                    // As a page does: what is older than what is shown is dropped.
                    let stamp = (price.epoch, price.seq);
                    let shown = newest.entry(price.lot).or_insert(stamp);
                    if let (true, Some(amount)) = (stamp >= *shown, price.price_wei) {
                        *shown = stamp;
                        let Price { lot, epoch, seq, .. } = *price;
                        seen.push(Sighting { viewer: self.number, lot, epoch, seq, price: amount.0 });
                    }
                };
                tokio::select! {
                    // A lost connection is what the round is about; the next attempt follows.
                    _ended = watch_prices(address, &self.auction, &mut show) => {}
                    _over = self.phase.wait_for(|phase| *phase == Phase::Over) => {}
                }
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        seen
    }

    fn index(&self) -> usize {
        usize::try_from(self.number).unwrap_or(0)
    }
}

async fn watch_prices(address: &Address, auction: &str, show: &mut impl FnMut(&Price)) -> anyhow::Result<()> {
    let tcp = tokio::time::timeout(SILENCE, TcpStream::connect(&address.socket)).await??;
    let url = format!("ws://{}/v1/ws", address.socket);
    let (mut stream, _) = tokio::time::timeout(SILENCE, tokio_tungstenite::client_async(url, tcp)).await??;
    let subscribe = serde_json::json!({"type": "subscribe", "auction": auction}).to_string();
    stream.send(Message::text(subscribe)).await?;
    while let Some(message) = tokio::time::timeout(SILENCE, stream.next()).await? {
        let Message::Text(text) = message? else { continue };
        match serde_json::from_str(text.as_str())? {
            ServerMessage::Snapshot(snapshot) => snapshot.lots.iter().for_each(&mut *show),
            ServerMessage::Delta(price) => show(&price),
            ServerMessage::Error(error) => anyhow::bail!("{}: {}", error.code, error.message),
            ServerMessage::Hello(_)
            | ServerMessage::Auction(_)
            | ServerMessage::Bids(_)
            | ServerMessage::Result(_)
            | ServerMessage::Pong(_) => {}
        }
    }
    Ok(())
}
