//! The engine's WebSocket, as a viewer's.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wire::socket::{ClientMessage, PROTOCOL, ReadRange, ServerMessage, Subscribe};

use crate::program::SourcePlan;

/// For connecting and for the first frame.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

/// A snapshot of a thousand lots is below half a megabyte.
const MAX_FRAME: usize = 4 * 1024 * 1024;

/// The engine pings every few seconds; silence of this many of its own periods is a dead peer.
const SILENT_PERIODS: u32 = 3;

pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    patience: Duration,
}

impl Socket {
    /// Connects and subscribes.
    pub(super) async fn connect(plan: &SourcePlan) -> anyhow::Result<Self> {
        let mut url = plan.engine.join("v1/ws")?;
        ensure!(url.set_scheme("ws").is_ok(), "the engine's URL cannot be one of a WebSocket");
        let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
        let connecting = tokio_tungstenite::connect_async_with_config(url.as_str(), Some(config), true);
        let (stream, _) = tokio::time::timeout(CONNECT_DEADLINE, connecting).await.context("no answer in time")??;
        let mut socket = Self { stream, patience: CONNECT_DEADLINE };
        match socket.next().await? {
            ServerMessage::Hello(hello) => {
                ensure!(hello.protocol == PROTOCOL, "the engine speaks version {} of the protocol", hello.protocol);
                ensure!(hello.auctions.contains(&plan.auction), "auction {} is not held there", plan.auction);
                socket.patience = Duration::from_secs(hello.ping_seconds.into()) * SILENT_PERIODS;
            }
            other => bail!("the first frame was no hello: {other:?}"),
        }
        socket.say(&ClientMessage::Subscribe(Subscribe { auction: plan.auction.clone() })).await?;
        Ok(socket)
    }

    /// The next frame.
    pub(super) async fn next(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            let frame =
                tokio::time::timeout(self.patience, self.stream.next()).await.context("the engine is silent")?;
            match frame.context("the engine closed the connection")?? {
                Message::Text(text) => return serde_json::from_str(&text).context("the frame cannot be read"),
                Message::Close(_) => bail!("the engine said good-bye"),
                // The library answers pings by itself.
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Asks for rows of a bid log; they come as a frame.
    pub(super) async fn ask(&mut self, range: ReadRange) -> anyhow::Result<()> {
        self.say(&ClientMessage::Range(range)).await
    }

    async fn say(&mut self, message: &ClientMessage) -> anyhow::Result<()> {
        let text = serde_json::to_string(message).expect("plain data always encodes");
        let sent = self.stream.send(Message::text(text));
        tokio::time::timeout(CONNECT_DEADLINE, sent).await.context("the engine takes nothing")??;
        Ok(())
    }
}
