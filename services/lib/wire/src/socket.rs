//! The WebSocket protocol: JSON text frames, told apart by `type`.
//!
//! A viewer sends `subscribe` and gets one `snapshot`, then `delta` frames, and an `auction` frame when the auction
//! itself is paused, resumed or over; each stands for itself, so a gap is harmless and a newer one replaces an older. The bid log is read by `range`. A bidder sends `command` frames, many at a
//! time, and gets one `result` each (two when the bid was parked). Either side may `ping`.

mod client;
mod price;
mod server;

pub use client::{BadFrame, BidKind, ClientMessage, PlaceBid, ReadRange, Subscribe};
pub use price::{LotState, Price, ReserveState};
pub use server::{AuctionNews, Bids, Hello, Outcome, Pong, Refused, ServerMessage, Snapshot, SocketError, Verdict};

/// The version of the protocol that `hello` names.
pub const PROTOCOL: u32 = 1;

/// The largest frame that a client may send, in bytes: a command is below 400.
pub const MAX_CLIENT_FRAME: usize = 4096;

/// Most rows of the bid log in one answer.
pub const MAX_RANGE: u16 = 500;
