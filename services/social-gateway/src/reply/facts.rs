//! What an event of the engine says to the author of a post. Pure; unknown events say nothing.

use auction_core::BidderId;
use serde_json::Value;
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
    /// The lot ended without a buyer, or the bid that led is gone.
    NotSold { lot: ReplyLot },
}

/// An accepted bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bid {
    pub lot: ReplyLot,
    pub paddle: u64,
    pub amount_wei: String,
    pub price_wei: String,
    pub leading: bool,
}

/// Everything in one event, in order.
pub fn facts(event: &Value) -> Vec<Fact> {
    let data = &event["data"];
    let Some(auction) = data["auction"].as_str() else { return Vec::new() };
    let mut facts = Vec::new();
    // A row that judges parked bids lists each with the source of its own command.
    let happened = data["happened"].as_array().map(Vec::as_slice).unwrap_or_default();
    if happened.iter().all(|one| one["source"].is_null()) {
        facts.extend(own(auction, data));
    }
    facts.extend(happened.iter().filter_map(|one| listed(auction, one)));
    facts
}

/// The verdict about the row's own command.
fn own(auction: &str, data: &Value) -> Option<Fact> {
    match data["verdict"].as_str()? {
        "accepted" => accepted(auction, &data["source"], data, data["leading"].as_bool()?),
        "refused" => refused(&data["source"], data),
        _ => None,
    }
}

fn listed(auction: &str, one: &Value) -> Option<Fact> {
    let lot = || Some(ReplyLot { auction: auction.to_owned(), lot: number(&one["lot"])? });
    match one["type"].as_str()? {
        "io.sothebais.auction.bid.accepted.v1" if !one["source"].is_null() => {
            accepted(auction, &one["source"], one, one["leader_paddle"] == one["paddle"])
        }
        "io.sothebais.auction.bid.refused.v1" if !one["source"].is_null() => refused(&one["source"], one),
        "io.sothebais.auction.lot.sold.v1" => Some(Fact::Sold {
            lot: lot()?,
            bidder: bidder(one)?,
            paddle: one["paddle"].as_u64()?,
            price_wei: one["price_wei"].as_str()?.to_owned(),
        }),
        "io.sothebais.auction.lot.passed.v1"
        | "io.sothebais.auction.lot.withdrawn.v1"
        | "io.sothebais.auction.bid.voided.v1" => Some(Fact::NotSold { lot: lot()? }),
        _ => None,
    }
}

fn accepted(auction: &str, source: &Value, data: &Value, leading: bool) -> Option<Fact> {
    let bid = Bid {
        lot: ReplyLot { auction: auction.to_owned(), lot: number(&data["lot"])? },
        paddle: data["paddle"].as_u64()?,
        amount_wei: data["amount_wei"].as_str()?.to_owned(),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lot() -> ReplyLot {
        ReplyLot { auction: "friday".into(), lot: 2 }
    }

    #[test]
    fn an_accepted_post_is_told_with_its_place() {
        let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": "accepted", "bidder": "7", "paddle": 12,
            "source": {"kind": "post", "key": "99"}, "amount_wei": "5", "price_wei": "4", "leading": false}});
        let bid = Bid { lot: lot(), paddle: 12, amount_wei: "5".into(), price_wei: "4".into(), leading: false };
        assert_eq!(facts(&event), [Fact::Accepted { post: 99, bidder: BidderId(7), bid }]);
    }

    #[test]
    fn a_refusal_carries_code_sentence_and_remedy() {
        let event = json!({"data": {"auction": "friday", "verdict": "refused", "bidder": "7",
            "source": {"kind": "post", "key": "99"}, "refusal": {"code": "below_increment", "message": "m", "remedy": "r"}}});
        let told = Fact::Refused {
            post: 99,
            bidder: BidderId(7),
            code: "below_increment".into(),
            message: "m".into(),
            remedy: "r".into(),
        };
        assert_eq!(facts(&event), [told]);
    }

    #[test]
    fn a_web_bid_and_a_parked_bid_are_not_answered() {
        for (kind, verdict) in [("web", "accepted"), ("post", "parked"), ("clerk", "done")] {
            let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": verdict, "bidder": "7", "paddle": 12,
                "source": {"kind": kind, "key": "99"}, "amount_wei": "5", "price_wei": "4", "leading": true}});
            assert_eq!(facts(&event), [], "{kind} {verdict}");
        }
    }

    #[test]
    fn the_hammer_is_told_to_the_winner_and_parked_bids_are_judged_with_it() {
        let event = json!({"data": {"auction": "friday", "lot": 2, "verdict": "done", "source": {"kind": "house", "key": "t"},
        "happened": [
            {"type": "io.sothebais.auction.bid.unparked.v1", "lot": 2},
            {"type": "io.sothebais.auction.bid.refused.v1", "lot": 2, "bidder": "8",
             "source": {"kind": "post", "key": "77"}, "refusal": {"code": "too_late", "message": "m", "remedy": "r"}},
            {"type": "io.sothebais.auction.lot.sold.v1", "lot": 2, "bidder": "7", "paddle": 12, "price_wei": "4"},
        ]}});
        let facts = facts(&event);
        assert!(matches!(&facts[0], Fact::Refused { post: 77, bidder: BidderId(8), code, .. } if code == "too_late"));
        assert_eq!(facts[1], Fact::Sold { lot: lot(), bidder: BidderId(7), paddle: 12, price_wei: "4".into() });
    }

    #[test]
    fn nonsense_says_nothing() {
        for event in [json!(null), json!([]), json!({"data": {"auction": "a", "verdict": 1, "happened": "x"}})] {
            assert_eq!(facts(&event), []);
        }
    }
}
