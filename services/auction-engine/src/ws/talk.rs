//! What is said on a connection: the greeting, and the answer to each kind of message.

use auction_core::AuctionId;
use wire::Time;
use wire::socket::{Bids, ClientMessage, Hello, MAX_RANGE, PROTOCOL, Pong, ReadRange, ServerMessage};

use super::commands::MAX_IN_FLIGHT;
use super::connection::Connection;
use super::hub::BEAT_EVERY;
use crate::history;

/// The first frame.
pub(super) fn hello(connection: &mut Connection) {
    let standing = connection.hub.engine().standing();
    let bidder = connection.bidder;
    let hello = Hello {
        protocol: PROTOCOL,
        shard: standing.shard.to_string(),
        epoch: standing.epoch.unwrap_or_default(),
        auctions: connection.hub.engine().views().iter().map(|view| view.auction.clone()).collect(),
        bidder: bidder.map(wire::XId),
        max_in_flight: bidder.map_or(0, |_| u32::try_from(MAX_IN_FLIGHT).expect("a small constant")),
        ping_seconds: u32::try_from(BEAT_EVERY.as_secs()).expect("a small constant"),
        server_time: now(connection),
    };
    connection.say(&ServerMessage::Hello(hello));
}

/// Acts on a message. A range of the bid log is handed back: it has to wait for the database.
pub(super) fn act(connection: &mut Connection, message: ClientMessage) -> Option<ReadRange> {
    match message {
        ClientMessage::Command(bid) => match connection.bidder {
            Some(bidder) => {
                let Time(at) = now(connection);
                let engine = connection.hub.engine().clone();
                if let Some(outcome) = connection.commands.submit(&engine, bidder, bid, at) {
                    connection.say(&ServerMessage::Result(outcome));
                }
            }
            None => connection.fault(
                "NotABidder",
                "this connection was opened without a bidder's token",
                "connect again with Authorization: Bearer and a token that has the role bidder",
            ),
        },
        ClientMessage::Subscribe(subscribe) => match connection.hub.follow(&subscribe.auction) {
            Some(editions) => connection.follow(editions),
            None => unknown_auction(connection, &subscribe.auction),
        },
        ClientMessage::Range(range) => return known(connection, range),
        ClientMessage::Ping => {
            let server_time = now(connection);
            connection.say(&ServerMessage::Pong(Pong { server_time }));
        }
    }
    None
}

/// The range, if it is of a lot that is there.
fn known(connection: &mut Connection, range: ReadRange) -> Option<ReadRange> {
    let Some(view) = connection.hub.engine().view(&range.auction) else {
        unknown_auction(connection, &range.auction);
        return None;
    };
    if view.lot(range.lot).is_none() {
        let message = format!("\"{}\" has no lot {}", range.auction, range.lot);
        connection.fault("UnknownLot", &message, "use the lot's number in its auction's catalogue, from 1");
        return None;
    }
    Some(range)
}

fn unknown_auction(connection: &mut Connection, auction: &AuctionId) {
    let message = format!("no auction \"{auction}\" is held here");
    connection.fault("UnknownAuction", &message, "use one of the auctions that hello names");
}

/// Answers with rows of the bid log.
pub(super) async fn range(connection: &mut Connection, range: ReadRange) {
    let ReadRange { auction, lot, after, limit } = range;
    let shard = connection.hub.engine().standing().shard;
    let limit = limit.clamp(1, MAX_RANGE);
    match history::read(connection.hub.pool(), &shard, (&auction, lot), after, limit).await {
        Ok(bids) => {
            let next_after = bids.last().filter(|_| bids.len() == usize::from(limit)).map(|line| line.lot_seq);
            connection.say(&ServerMessage::Bids(Bids { auction, lot, bids, next_after }));
        }
        Err(error) => {
            tracing::warn!(error = %bootstrap::chain(&error), "the bid log could not be read");
            connection.fault("LogUnavailable", "the bid log cannot be read now", "ask again in a second");
        }
    }
}

fn now(connection: &Connection) -> Time {
    Time(auction_core::Timestamp(connection.hub.clock().now_ms()))
}
