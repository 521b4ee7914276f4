//! The bidders' WebSocket: command frames out, result frames in.

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::connection::{Reply, contains, says_accepted};

/// A thousand clients share two cores' caches with the engine; frames are some hundred bytes.
const READ_BUFFER: usize = 1024;

pub(super) struct Bidder {
    socket: WebSocketStream<TcpStream>,
    /// `","auction":"…","lot":`, the same in every frame.
    middle: String,
}

impl Bidder {
    pub(super) async fn connect(address: &str, auction: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}/v1/ws").into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self { socket, middle: format!(r#"","auction":"{auction}","lot":"#) })
    }

    pub(super) async fn bid(&mut self, lot: u32, key: &str) -> anyhow::Result<Reply> {
        let frame = format!(r#"{{"type":"command","id":"{key}{}{lot},"kind":"next_bid"}}"#, self.middle);
        self.socket.send(Message::text(frame)).await?;
        while let Some(message) = self.socket.next().await {
            if let Message::Text(text) = message?
                && let Some(reply) = reply(text.as_str())
            {
                return Ok(reply);
            }
        }
        bail!("the connection was closed before the answer")
    }
}

/// Reads a result frame; `None` for any other frame.
fn reply(text: &str) -> Option<Reply> {
    let bytes = text.as_bytes();
    if contains(bytes, br#""type":"error""#) {
        return Some(Reply::Failed(text.to_owned()));
    }
    if !contains(bytes, br#""type":"result""#) {
        return None;
    }
    Some(if says_accepted(bytes) {
        Reply::Accepted
    } else if contains(bytes, br#""verdict":"refused""#) {
        Reply::Refused(text.to_owned())
    } else if contains(bytes, br#""verdict":"busy""#) {
        Reply::Busy(text.to_owned())
    } else {
        Reply::Failed(text.to_owned())
    })
}
