//! One client's connection, whatever it speaks: a bid goes out, its answer comes back.

use super::{LoadArgs, Protocol, http, redis, websocket};

/// What was answered to one bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Accepted,
    Refused(String),
    Busy(String),
    Failed(String),
}

pub(super) enum Connection {
    Http(http::Bidder),
    WebSocket(Box<websocket::Bidder>),
    Redis(redis::Bidder),
}

impl Connection {
    pub(super) async fn open(args: &LoadArgs, secret: &str) -> anyhow::Result<Self> {
        Ok(match args.protocol {
            Protocol::Http => Self::Http(http::Bidder::connect(&args.address, &args.auction, secret).await?),
            Protocol::WebSocket => {
                Self::WebSocket(Box::new(websocket::Bidder::connect(&args.address, &args.auction, secret).await?))
            }
            Protocol::Redis => Self::Redis(redis::Bidder::connect(&args.address, &args.auction, secret).await?),
        })
    }

    /// Sends one bid for the next step of the lot's ladder and waits for its answer.
    pub(super) async fn bid(&mut self, lot: u32, key: &str) -> anyhow::Result<Reply> {
        match self {
            Self::Http(bidder) => bidder.bid(lot, key).await,
            Self::WebSocket(bidder) => bidder.bid(lot, key).await,
            Self::Redis(bidder) => bidder.bid(lot, key).await,
        }
    }
}

/// Whether an answer's text says that the bid was accepted.
pub(super) fn says_accepted(text: &[u8]) -> bool {
    contains(text, br#""verdict":"accepted""#)
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
