//! What a post is to the shard: a bid, a refusal by the grammar, or nothing. Pure.

use std::sync::Arc;

use auction_core::command::InboxPosition;
use auction_core::{Action, AuctionId, Handle, Intent, LotNumber, Wei};
use bid_grammar::{Post, Reading, Reference};
use store::inbox::InboxPost;
use store::social::Reference as PostReference;

use crate::engine::{AuctionState, AuctionView};

/// The result for one post.
pub(super) enum Checked {
    Command(Box<Action>),
    /// Not a bid, or deleted, or no auction is there to take it.
    Ignored,
}

impl Checked {
    /// The name in traces.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Command(action) if matches!(**action, Action::RefusePost { .. }) => "refused",
            Self::Command(_) => "bid",
            Self::Ignored => "not_a_bid",
        }
    }
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

#[cfg(test)]
mod tests {
    use auction_core::{BidderId, Timestamp};

    use super::*;
    use crate::public::testing;

    fn post(text: Option<&str>, reference: PostReference) -> InboxPost {
        InboxPost {
            seq: 5,
            id: "1712345678901234567".to_owned(),
            author: BidderId(42),
            text: text.map(str::to_owned),
            reference,
            created_at: Timestamp(1_000),
            received_at: Timestamp(2_000),
            trace: None,
        }
    }

    fn auction(name: &str, state: AuctionState) -> Arc<AuctionView> {
        let auction = AuctionId::new(name).unwrap();
        Arc::new(AuctionView { auction, state, ..AuctionView::clone(&testing::view(1, &[10])) })
    }

    fn checked(post: &InboxPost, auctions: &[Arc<AuctionView>]) -> Option<Action> {
        match check(post, &Handle::new("house").unwrap(), auctions) {
            Checked::Command(action) => Some(*action),
            Checked::Ignored => None,
        }
    }

    #[test]
    fn a_bid_goes_to_the_auction_that_runs_with_its_place_in_the_inbox() {
        let auctions = [auction("over", AuctionState::Completed), auction("now", AuctionState::Live)];
        let expected = Action::PlaceBid {
            auction: AuctionId::new("now").unwrap(),
            lot: None,
            bidder: BidderId(42),
            intent: Intent::Bid(Wei::from(1_500_000_000_000_000_000)),
            post: Some(InboxPosition { handle: Handle::new("house").unwrap(), seq: 5 }),
        };
        assert_eq!(checked(&post(Some("@house bid 1.5 ETH"), PostReference::None), &auctions), Some(expected));
    }

    #[test]
    fn chat_reposts_deleted_posts_and_posts_without_an_auction_are_passed_over() {
        let live = [auction("now", AuctionState::Live)];
        assert_eq!(checked(&post(Some("@house what a night"), PostReference::None), &live), None);
        assert_eq!(checked(&post(Some("@house bid 1.5 ETH"), PostReference::Repost), &live), None);
        assert_eq!(checked(&post(None, PostReference::None), &live), None);
        assert_eq!(checked(&post(Some("@house bid 1.5 ETH"), PostReference::None), &[]), None);
    }

    #[test]
    fn a_bid_that_is_not_wholly_understood_is_refused_by_the_grammars_code() {
        let live = [auction("now", AuctionState::Live)];
        let action = checked(&post(Some("@house bid 1.5 ETH or maybe 2 ETH"), PostReference::None), &live);
        assert!(matches!(&action, Some(Action::RefusePost { code, .. }) if !code.is_empty()), "{action:?}");
    }
}
