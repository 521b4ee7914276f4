//! What an event of the engine says to the author of a post. Pure; unknown events say nothing.

use auction_core::BidderId;
use bid_grammar::{Explanation, Post, Reference};
use events::catalogue::{BID_ACCEPTED, BID_REFUSED, BID_VOIDED, LOT_PASSED, LOT_SOLD, LOT_WITHDRAWN};
use serde_json::Value;
use store::said::Said;
use store::social::ReplyLot;

/// Something that a bidder could be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A bid by post counts.
    Accepted { post: u64, bidder: BidderId, bid: Bid },
    /// A bid by post was refused.
    Refused { post: u64, bidder: BidderId, code: String, message: String, remedy: String },
    /// The hammer fell for somebody.
    Sold { lot: ReplyLot, bidder: BidderId, paddle: u64, price_wei: String },
    /// The lot ended without a buyer, or nobody leads any more.
    NotSold { lot: ReplyLot },
}

/// An accepted bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bid {
    pub lot: ReplyLot,
    pub paddle: u64,
    /// `None` for a maximum, which stays with its bidder.
    pub amount_wei: Option<String>,
    pub price_wei: String,
    pub leading: bool,
}

/// Everything in one event, in order.
pub fn facts(event: &Value) -> Vec<Fact> {
    let data = &event["data"];
    let Some(auction) = data["auction"].as_str() else { return Vec::new() };
    let happened = data["happened"].as_array().map(Vec::as_slice).unwrap_or_default();
    own(auction, data).into_iter().chain(happened.iter().filter_map(|one| listed(auction, one))).collect()
}

/// The verdict about the row's own command.
fn own(auction: &str, data: &Value) -> Option<Fact> {
    match data["verdict"].as_str()? {
        "accepted" => accepted(auction, &data["source"], data, data["leading"].as_bool()?),
        "refused" => refused(&data["source"], data),
        _ => None,
    }
}

/// What else the row lists: the hammer, and parked bids that it judges, each with the source of its own command.
fn listed(auction: &str, one: &Value) -> Option<Fact> {
    let lot = || Some(ReplyLot { auction: auction.to_owned(), lot: number(&one["lot"])? });
    match one["type"].as_str()? {
        BID_ACCEPTED if !one["source"].is_null() => {
            accepted(auction, &one["source"], one, one["leader_paddle"] == one["paddle"])
        }
        BID_REFUSED if !one["source"].is_null() => refused(&one["source"], one),
        LOT_SOLD => Some(Fact::Sold {
            lot: lot()?,
            bidder: bidder(one)?,
            paddle: one["paddle"].as_u64()?,
            price_wei: one["price_wei"].as_str()?.to_owned(),
        }),
        // Somebody still leads, and is told when the hammer falls.
        BID_VOIDED if !one["leader_paddle"].is_null() => None,
        LOT_PASSED | LOT_WITHDRAWN | BID_VOIDED => Some(Fact::NotSold { lot: lot()? }),
        _ => None,
    }
}

fn accepted(auction: &str, source: &Value, data: &Value, leading: bool) -> Option<Fact> {
    let bid = Bid {
        lot: ReplyLot { auction: auction.to_owned(), lot: number(&data["lot"])? },
        paddle: data["paddle"].as_u64()?,
        amount_wei: data["amount_wei"].as_str().map(str::to_owned),
        price_wei: data["price_wei"].as_str()?.to_owned(),
        leading,
    };
    Some(Fact::Accepted { post: post(source)?, bidder: bidder(data)?, bid })
}

fn refused(source: &Value, data: &Value) -> Option<Fact> {
    let text = |key: &str| data["refusal"][key].as_str().map(str::to_owned);
    Some(Fact::Refused {
        post: post(source)?,
        bidder: bidder(data)?,
        code: text("code")?,
        message: text("message")?,
        remedy: text("remedy")?,
    })
}

/// The post's id, if the command came by post.
fn post(source: &Value) -> Option<u64> {
    if source["kind"] == "post" { source["key"].as_str()?.parse().ok() } else { None }
}

fn bidder(data: &Value) -> Option<BidderId> {
    data["bidder"].as_str()?.parse().ok()
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The fact with the grammar's own sentence about the post that it refused.
pub fn said_again(fact: &Fact, said: Option<&Said>, house: &str) -> Fact {
    let Fact::Refused { post, bidder, code, .. } = fact else { return fact.clone() };
    let text = said.and_then(|said| Some(Post { text: &said.text, reference: Reference::named(&said.reference)? }));
    match bid_grammar::explain_again(code, text.as_ref(), house) {
        Some(Explanation { code: _, message, remedy }) => {
            Fact::Refused { post: *post, bidder: *bidder, code: code.clone(), message, remedy }
        }
        None => fact.clone(),
    }
}

#[cfg(test)]
mod tests;
