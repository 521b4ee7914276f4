//! How a bidder reaches a worker: one request at a time, over HTTP or the bidders' WebSocket.

use anyhow::{Context as _, bail};
use auction_core::Wei;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wire::Amount;
use wire::problem::Problem;
use wire::rest::{BidAnswer, BidRequest};
use wire::socket::{BidKind, ServerMessage, Verdict};

use crate::drill::cluster::Address;
use crate::drill::evidence::{Ask, Call, Place, Said};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drill) enum Channel {
    Http,
    WebSocket,
}

pub(super) struct Link {
    token: String,
    auction: String,
    way: Way,
}

enum Way {
    Http(reqwest::Client),
    WebSocket(Option<Box<Socket>>),
}

struct Socket {
    address: String,
    stream: WebSocketStream<TcpStream>,
}

impl Link {
    pub(super) fn new(channel: Channel, token: String, auction: String) -> Self {
        let way = match channel {
            Channel::Http => Way::Http(reqwest::Client::new()),
            Channel::WebSocket => Way::WebSocket(None),
        };
        Self { token, auction, way }
    }

    /// Sends the bid once. An error means that it is not known whether it counts.
    pub(super) async fn ask(&mut self, address: &Address, call: &Call) -> anyhow::Result<(Option<Place>, Said)> {
        match &mut self.way {
            Way::Http(client) => {
                let url = format!("{}/v1/auctions/{}/bids", address.api, self.auction);
                let request = client.post(url).bearer_auth(&self.token).header("idempotency-key", &call.key);
                read_http(request.json(&body(call)).send().await?).await
            }
            Way::WebSocket(socket) => {
                let socket = match socket {
                    Some(socket) if socket.address == address.socket => socket,
                    other => other.insert(Box::new(connect(address, &self.token).await?)),
                };
                ask_socket(&mut socket.stream, &self.auction, call).await
            }
        }
    }

    /// Drops a connection that failed: the answer of a given-up attempt may still be in it.
    pub(super) fn break_off(&mut self) {
        match &mut self.way {
            // The pool drops what was cancelled by itself.
            Way::Http(_) => {}
            Way::WebSocket(socket) => *socket = None,
        }
    }
}

fn kind(call: &Call) -> (BidKind, Option<Amount>) {
    match call.ask {
        Ask::Amount(amount) => (BidKind::Bid, Some(Amount(amount))),
        Ask::NextBid => (BidKind::NextBid, None),
    }
}

fn body(call: &Call) -> BidRequest {
    let (kind, amount_wei) = kind(call);
    BidRequest { lot: Some(call.lot), kind, amount_wei }
}

async fn read_http(answer: reqwest::Response) -> anyhow::Result<(Option<Place>, Said)> {
    let status = answer.status().as_u16();
    match status {
        200 | 202 => {
            let BidAnswer { verdict, epoch, seq, lot_seq, price_wei, .. } = answer.json().await?;
            Ok((Some(Place { epoch, seq, lot_seq }), said(verdict, price_wei.map(|amount| amount.0), None)?))
        }
        409 | 422 => {
            let problem: Problem = answer.json().await?;
            Ok((None, Said::Refused { code: problem.code }))
        }
        _ => bail!("{status}: {}", answer.text().await?),
    }
}

async fn connect(address: &Address, token: &str) -> anyhow::Result<Socket> {
    let tcp = TcpStream::connect(&address.socket).await?;
    tcp.set_nodelay(true)?;
    let mut request = format!("ws://{}/v1/ws", address.socket).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let (stream, _) = tokio_tungstenite::client_async(request, tcp).await?;
    Ok(Socket { address: address.socket.clone(), stream })
}

async fn ask_socket(
    stream: &mut WebSocketStream<TcpStream>,
    auction: &str,
    call: &Call,
) -> anyhow::Result<(Option<Place>, Said)> {
    let (kind, amount_wei) = kind(call);
    let mut frame = serde_json::json!({
        "type": "command", "id": call.key, "auction": auction, "lot": call.lot, "kind": kind,
    });
    if let Some(amount) = amount_wei {
        frame["amount_wei"] = serde_json::to_value(amount)?;
    }
    stream.send(Message::text(frame.to_string())).await?;
    while let Some(message) = stream.next().await {
        let Message::Text(text) = message? else { continue };
        match serde_json::from_str(text.as_str())? {
            ServerMessage::Result(outcome) if outcome.id == call.key => {
                let place = outcome.epoch.zip(outcome.seq).zip(outcome.lot_seq);
                let place = place.map(|((epoch, seq), lot_seq)| Place { epoch, seq, lot_seq });
                let code = outcome.refused.map(|refused| refused.code);
                return Ok((place, said(outcome.verdict, outcome.price_wei.map(|amount| amount.0), code)?));
            }
            ServerMessage::Error(error) => bail!("{}: {}", error.code, error.message),
            ServerMessage::Result(_)
            | ServerMessage::Hello(_)
            | ServerMessage::Snapshot(_)
            | ServerMessage::Delta(_)
            | ServerMessage::Auction(_)
            | ServerMessage::Bids(_)
            | ServerMessage::Pong(_) => {}
        }
    }
    bail!("the connection was closed before the answer")
}

fn said(verdict: Verdict, price: Option<Wei>, code: Option<String>) -> anyhow::Result<Said> {
    match verdict {
        Verdict::Accepted => Ok(Said::Accepted { price: price.context("an acceptance without its price")? }),
        Verdict::Refused => Ok(Said::Refused { code: code.context("a refusal without its code")? }),
        Verdict::Parked => Ok(Said::Parked),
        Verdict::Busy => bail!("busy"),
        Verdict::InDoubt => bail!("in doubt"),
        Verdict::Done => bail!("a bid was answered like a clerk's command"),
    }
}
