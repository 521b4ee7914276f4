//! What a post is to the shard: a bid, a refusal by the grammar, or nothing. Pure.

use std::sync::Arc;

use auction_core::command::InboxPosition;
use auction_core::{Action, AuctionId, Handle, Intent, LotNumber, Wei};
use bid_grammar::{Post, Reading, Reference};
use store::inbox::{InboxPost, PostReference};

use crate::engine::{AuctionState, AuctionView};

/// The result for one post.
pub(super) enum Checked {
    Command(Box<Action>),
    /// Not a bid, or deleted, or no auction is there to take it.
    Ignored,
}

/// Reads a post addressed to `handle`, whose auctions these are.
pub(super) fn check(post: &InboxPost, handle: &Handle, auctions: &[Arc<AuctionView>]) -> Checked {
    let (Some(text), Some(auction)) = (&post.text, meant(auctions)) else { return Checked::Ignored };
    let reference = match post.reference {
        PostReference::None => Reference::None,
        PostReference::Reply => Reference::Reply,
        PostReference::Quote => Reference::Quote,
        PostReference::Repost => Reference::Repost,
    };
    let position = InboxPosition { handle: handle.clone(), seq: post.seq };
    let bidder = post.author;
    let bid = |intent, lot: Option<u32>| {
        let (auction, lot) = (auction.clone(), lot.map(LotNumber));
        Action::PlaceBid { auction, lot, bidder, intent, post: Some(position.clone()) }
    };
    let asked = match bid_grammar::read(&Post { text, reference }, handle.as_str()) {
        Reading::Bid { amount_wei, lot } => bid(Intent::Bid(Wei(amount_wei)), lot),
        Reading::MaxBid { amount_wei, lot } => bid(Intent::MaxBid(Wei(amount_wei)), lot),
        Reading::NextBid { lot } => bid(Intent::NextBid, lot),
        Reading::BuyNow { lot } => bid(Intent::BuyNow, lot),
        Reading::Refused(explanation) => {
            let code = explanation.code.to_string();
            Action::RefusePost { auction: auction.clone(), bidder, code, post: position }
        }
        Reading::NotABid(_explanation) => return Checked::Ignored,
    };
    Checked::Command(Box::new(asked))
}

/// The auction that a post to the handle means: the one that runs, else the next one, else the one that ended last.
fn meant(auctions: &[Arc<AuctionView>]) -> Option<&AuctionId> {
    let rank = |view: &Arc<AuctionView>| match view.state {
        AuctionState::Live | AuctionState::Paused => (0, view.terms.starts_at.0),
        AuctionState::Scheduled => (1, view.terms.starts_at.0),
        AuctionState::Completed | AuctionState::Cancelled => (2, -view.terms.starts_at.0),
    };
    auctions.iter().min_by_key(|view| rank(view)).map(|view| &view.auction)
}
