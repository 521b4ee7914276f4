//! Frames that a client sends. Reading takes two passes (first the type, then that type's fields), so that an error
//! names what is wrong instead of "no variant matched".

use auction_core::{AuctionId, LotNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::{BadJson, Tree};
use crate::{Amount, CommandKey};

/// A frame from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    Subscribe(Subscribe),
    Range(ReadRange),
    Command(PlaceBid),
    Ping,
}

/// Asks for one auction's prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    #[schema(value_type = String)]
    pub auction: AuctionId,
}

/// Asks for rows of a lot's bid log after `after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRange {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    #[schema(value_type = u32)]
    pub lot: LotNumber,
    /// The last `lot_seq` that the client has; 0 for the beginning.
    #[serde(default)]
    pub after: u64,
    /// At most 500; the default is 100.
    #[serde(default = "default_limit")]
    pub limit: u16,
}

fn default_limit() -> u16 {
    100
}

/// A bid. `amount_wei` is needed for `bid` and `max_bid` and refused for `next_bid` and `buy_now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBid {
    /// The idempotency key.
    pub id: CommandKey,
    #[schema(value_type = String)]
    pub auction: AuctionId,
    /// `None` means the only open lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub lot: Option<LotNumber>,
    pub kind: BidKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Amount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BidKind {
    /// Exactly this amount.
    Bid,
    /// As little as needed, up to this amount.
    MaxBid,
    /// The next step of the ladder.
    NextBid,
    /// The buy-now price.
    BuyNow,
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    #[error("the frame cannot be read: {0}")]
    MalformedJson(String),
    #[error("the frame names no type: \"type\" is missing or not a text")]
    TypeMissing,
    #[error("\"{0}\" is not a type of frame")]
    UnknownType(String),
    #[error("the {frame} frame cannot be read: {problem}")]
    InvalidField { frame: &'static str, problem: String },
}

impl BadFrame {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedJson(_) => "MalformedJson",
            Self::TypeMissing => "TypeMissing",
            Self::UnknownType(_) => "UnknownType",
            Self::InvalidField { .. } => "InvalidField",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::MalformedJson(_) => "send one JSON object in one text frame",
            Self::TypeMissing | Self::UnknownType(_) => "set \"type\" to subscribe, range, command or ping",
            Self::InvalidField { .. } => "correct the field that is named; unknown fields are not allowed",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandFrame {
    #[serde(rename = "type")]
    _kind: serde::de::IgnoredAny,
    id: CommandKey,
    auction: AuctionId,
    #[serde(default)]
    lot: Option<LotNumber>,
    kind: BidKind,
    #[serde(default)]
    amount_wei: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscribeFrame {
    #[serde(rename = "type")]
    _kind: serde::de::IgnoredAny,
    auction: AuctionId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeFrame {
    #[serde(rename = "type")]
    _kind: serde::de::IgnoredAny,
    auction: AuctionId,
    lot: LotNumber,
    #[serde(default)]
    after: u64,
    #[serde(default = "default_limit")]
    limit: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PingFrame {
    #[serde(rename = "type")]
    _kind: serde::de::IgnoredAny,
}

impl ClientMessage {
    /// Reads one text frame.
    pub fn read(frame: &str) -> Result<Self, BadFrame> {
        let tree = Tree::parse(frame.as_bytes()).map_err(|bad| BadFrame::MalformedJson(shown(&bad)))?;
        match tree.text("type") {
            None => Err(BadFrame::TypeMissing),
            Some("command") => fields("command", tree).map(|f: CommandFrame| {
                Self::Command(PlaceBid {
                    id: f.id,
                    auction: f.auction,
                    lot: f.lot,
                    kind: f.kind,
                    amount_wei: f.amount_wei,
                })
            }),
            Some("subscribe") => {
                fields("subscribe", tree).map(|f: SubscribeFrame| Self::Subscribe(Subscribe { auction: f.auction }))
            }
            Some("range") => fields("range", tree).map(|f: RangeFrame| {
                Self::Range(ReadRange { auction: f.auction, lot: f.lot, after: f.after, limit: f.limit })
            }),
            Some("ping") => fields("ping", tree).map(|_: PingFrame| Self::Ping),
            Some(other) => Err(BadFrame::UnknownType(other.chars().take(40).collect())),
        }
    }
}

fn fields<'a, T: Deserialize<'a>>(kind: &'static str, tree: Tree<'a>) -> Result<T, BadFrame> {
    tree.read().map_err(|bad| BadFrame::InvalidField { frame: kind, problem: shown(&bad) })
}

/// A bounded length: an error may quote what the client sent.
fn shown(bad: &BadJson) -> String {
    bad.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_back_as_it_was_written() {
        let command = ClientMessage::Command(PlaceBid {
            id: CommandKey::new("k-1").unwrap(),
            auction: AuctionId::new("spring").unwrap(),
            lot: Some(LotNumber(1)),
            kind: BidKind::Bid,
            amount_wei: Some(Amount(1_500_000_000_000_000_000_u128.into())),
        });
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(
            text,
            r#"{"type":"command","id":"k-1","auction":"spring","lot":1,"kind":"bid","amount_wei":"1500000000000000000"}"#
        );
        assert_eq!(ClientMessage::read(&text), Ok(command));
    }

    #[test]
    fn every_client_message_reads_back_as_it_was_written() {
        let auction = AuctionId::new("spring").unwrap();
        for message in [
            ClientMessage::Ping,
            ClientMessage::Subscribe(Subscribe { auction: auction.clone() }),
            ClientMessage::Range(ReadRange { auction, lot: LotNumber(2), after: 7, limit: 5 }),
        ] {
            assert_eq!(ClientMessage::read(&serde_json::to_string(&message).unwrap()), Ok(message));
        }
    }

    #[test]
    fn bad_frames_have_codes() {
        let long = format!(r#"{{"type":"command","id":"{}","auction":"a","kind":"next_bid"}}"#, "k".repeat(65));
        for (frame, code) in [
            ("{", "MalformedJson"),
            ("[]", "MalformedJson"),
            (r#"["ping"]"#, "MalformedJson"),
            (r#"{"type":["ping"]}"#, "TypeMissing"),
            (r#"{"type":"ping","type":"ping"}"#, "InvalidField"),
            ("{}", "TypeMissing"),
            (r#"{"type":"shout"}"#, "UnknownType"),
            (r#"{"type":"ping","x":1}"#, "InvalidField"),
            (r#"{"type":"subscribe"}"#, "InvalidField"),
            (r#"{"type":"subscribe","auction":"NOT A LABEL"}"#, "InvalidField"),
            (r#"{"type":"command","id":"k","auction":"a","kind":"bid","amount_wei":1.5}"#, "InvalidField"),
            (r#"{"type":"command","id":"k","auction":"a","kind":"bid","amount_wei":"1e3"}"#, "InvalidField"),
            (r#"{"type":"command","id":"k","auction":"a","kind":"steal"}"#, "InvalidField"),
            (r#"{"type":"command","id":"k","id":"k","auction":"a","kind":"next_bid"}"#, "InvalidField"),
            (r#"{"type":"range","auction":"a","lot":-1}"#, "InvalidField"),
            (&long, "InvalidField"),
            (r#"{"type":"command","id":"","auction":"a","kind":"next_bid"}"#, "InvalidField"),
            (r#"{"type":"command","id":"a\tb","auction":"a","kind":"next_bid"}"#, "InvalidField"),
        ] {
            assert_eq!(ClientMessage::read(frame).unwrap_err().code(), code, "{frame}");
        }
    }
}
