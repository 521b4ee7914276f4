//! A house whose rows are decided by the rules, for what only a real state can show.

use auction_core::terms::{
    AuctionTerms, AuditPolicy, BidderStatus, BidderTerms, Channel, Channels, Ladder, LadderKind, LotOrder, LotTerms,
    Reserve, SoftClose,
};
use auction_core::{Hash, LotId, Shard};

use super::*;

/// One running lot of a minute with a hidden reserve of 9999444330 wei. Bidder 42 has a limit of 1233210000 wei.
pub(super) struct House {
    shard: Shard,
    now: Timestamp,
    pub(super) rows: Vec<Entry>,
}

impl House {
    pub(super) fn open() -> Self {
        let mut house = Self { shard: Shard::default(), now: NOW, rows: Vec::new() };
        for (bidder, limit) in [(42, Some(1_233_210_000_u128)), (43, None), (44, None)] {
            let terms = BidderTerms {
                bidder: BidderId(bidder),
                paddle: Paddle(u32::try_from(bidder).unwrap()),
                limit: limit.map(Wei::from),
                status: BidderStatus::Active,
            };
            house.give(SourceKind::House, NOW, Action::RegisterBidder(terms));
        }
        house.give(SourceKind::House, NOW, Action::ConfigureAuction { auction: sale(), terms: terms() });
        house.wait(0);
        house
    }

    /// Lets time pass and whatever is due happen.
    pub(super) fn wait(&mut self, seconds: i64) {
        self.now = self.now + Span::from_secs(seconds);
        while let Some(tick) = self.shard.due(self.now) {
            self.commit(tick);
        }
    }

    pub(super) fn bid(&mut self, bidder: u64, intent: Intent) {
        self.bid_timed(bidder, intent, 0);
    }

    /// A web bid made `seconds` after now.
    pub(super) fn bid_timed(&mut self, bidder: u64, intent: Intent, seconds: i64) {
        let (bidder, lot) = (BidderId(bidder), Some(LotNumber(1)));
        let at = self.now + Span::from_secs(seconds);
        self.give(SourceKind::Web, at, Action::PlaceBid { auction: sale(), lot, bidder, intent, post: None });
    }

    fn give(&mut self, kind: SourceKind, at: Timestamp, action: Action) {
        let source = Source { kind, key: format!("k{}", self.rows.len()) };
        self.commit(Command { source, at, action, trace: None });
    }

    fn commit(&mut self, command: Command) {
        let decision = self.shard.decide(&command, self.now);
        let entry = Entry { command, now: self.now, decision };
        self.shard.apply(&entry, Hash::default());
        self.rows.push(entry);
    }
}

fn sale() -> AuctionId {
    AuctionId::new("evening-sale").unwrap()
}

fn terms() -> AuctionTerms {
    let lot = LotTerms {
        number: LotNumber(1),
        id: LotId::new("lot-1").unwrap(),
        title: "One".into(),
        opening_bid: Wei::from(1_000),
        reserve: Reserve::Hidden { amount: Wei::from(9_999_444_330), salt: [9; 32], commitment: [8; 32] },
        ladder: Ladder { version: "test/v1".into(), kind: LadderKind::Fixed(Wei::from(100)) },
        tick: Wei::from(10),
        duration: Span::from_secs(60),
        soft_close: SoftClose {
            window: Span::from_secs(10),
            extension: Span::from_secs(15),
            max_extensions: 1,
            cap: Span::from_secs(15),
        },
        buy_now: None,
        jump_factor: 8,
        premium_bps: 0,
    };
    AuctionTerms {
        uid: "u".into(),
        generation: 1,
        title: "Evening sale".into(),
        handle: None,
        starts_at: NOW,
        order: LotOrder::Concurrent,
        channels: Channels { x: Channel::Shut, web: Channel::Open },
        drain: Span::from_secs(30),
        audit: AuditPolicy::NotNeeded,
        lots: vec![lot],
    }
}
