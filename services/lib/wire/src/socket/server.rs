//! Frames that the server sends.

use auction_core::{AuctionId, LotNumber, Paddle};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::Price;
use crate::rest::{AuctionState, BidLine};
use crate::{Amount, Time, XId};

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    Hello(Hello),
    Snapshot(Snapshot),
    Delta(Price),
    Auction(AuctionNews),
    Bids(Bids),
    Result(Outcome),
    Error(SocketError),
    Pong(Pong),
}

/// The first frame on every connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    pub protocol: u32,
    pub shard: String,
    pub epoch: u64,
    /// The auctions that can be subscribed here.
    #[schema(value_type = Vec<String>)]
    pub auctions: Vec<AuctionId>,
    /// Who the token speaks for; `None` for a viewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bidder: Option<XId>,
    /// Commands that may be in flight on this connection; 0 for a viewer.
    pub max_in_flight: u32,
    /// How often the server pings; a client that stays silent for two of them is dropped.
    pub ping_seconds: u32,
    pub server_time: Time,
}

/// All prices of an auction at one `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    pub epoch: u64,
    pub seq: u64,
    pub state: AuctionState,
    /// Why it is paused or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub title: String,
    pub lots: Vec<Price>,
}

/// The auction itself was started, paused, resumed, cancelled or completed. Stands for itself, as a price does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuctionNews {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    pub epoch: u64,
    pub seq: u64,
    pub state: AuctionState,
    /// Why it is paused or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Rows of a lot's bid log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bids {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    #[schema(value_type = u32)]
    pub lot: LotNumber,
    pub bids: Vec<BidLine>,
    /// Where to go on; `None` at the end.
    pub next_after: Option<u64>,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// The command's own id.
    pub id: String,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub lot: Option<LotNumber>,
    /// The worker's epoch and journal row; absent with `busy` and `in_doubt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot_seq: Option<u64>,
    /// What the bidder's words came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Amount>,
    /// The price after this command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_wei: Option<Amount>,
    /// Whether the bidder leads after this command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leading: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub leader_paddle: Option<Paddle>,
    /// Why not; with `refused`, `busy` and `in_doubt` only.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = perhaps_refused)]
    pub refused: Option<Refused>,
}

/// The members of [`Refused`]: none of them is there when nothing was refused.
fn perhaps_refused() -> RefOr<Schema> {
    let mut schema = Refused::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.required.clear();
    }
    schema
}

/// The coded reason of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    pub code: String,
    pub message: String,
    pub remedy: String,
    /// When to try again, with `busy` and `in_doubt` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    Refused,
    /// Timed after the end; a second `result` follows.
    Parked,
    /// Not taken in; nothing was journaled. The same id may be sent again.
    Busy,
    /// It may or may not have counted: the worker was interrupted. The same id asked again gets the truth.
    InDoubt,
    /// A clerk's command was carried out.
    Done,
}

/// A frame of the client was wrong. The connection stays open unless the WebSocket itself was violated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketError {
    pub code: String,
    pub message: String,
    pub remedy: String,
}

/// The answer to a `ping` frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pong {
    pub server_time: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_holds_only_what_it_knows() {
        let outcome = Outcome {
            id: "k".into(),
            verdict: Verdict::Busy,
            lot: None,
            epoch: None,
            seq: None,
            lot_seq: None,
            amount_wei: None,
            price_wei: None,
            leading: None,
            leader_paddle: None,
            refused: Some(Refused {
                code: "Busy".into(),
                message: "m".into(),
                remedy: "r".into(),
                retry_after_ms: Some(50),
            }),
        };
        let text = serde_json::to_string(&ServerMessage::Result(outcome.clone())).unwrap();
        assert_eq!(
            text,
            r#"{"type":"result","id":"k","verdict":"busy","code":"Busy","message":"m","remedy":"r","retry_after_ms":50}"#
        );
        assert_eq!(serde_json::from_str::<ServerMessage>(&text).unwrap(), ServerMessage::Result(outcome));
    }
}
