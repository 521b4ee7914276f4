//! Given, when, then: a small auction house for the rules' own tests.

use crate::command::InboxPosition;
use crate::decision::Verdict;
use crate::terms::{
    AuctionTerms, AuditPolicy, BidderStatus, BidderTerms, Channel, Channels, Ladder, LotOrder, LotTerms, Reserve,
    SoftClose,
};
use crate::{
    Action, AuctionId, BidderId, Clerk, Command, Decision, Entry, Event, Handle, Hash, Intent, Lot, LotId, LotNumber,
    Paddle, Refusal, Shard, Source, SourceKind, Span, Timestamp, Wei,
};

/// When the auction of these tests starts.
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) fn eth(text: &str) -> Wei {
    Wei::from_main_units(text, 18).unwrap()
}

/// `seconds` after the start.
pub(crate) fn at(seconds: i64) -> Timestamp {
    START + Span::from_secs(seconds)
}

pub(crate) fn lot_terms(number: u32) -> LotTerms {
    LotTerms {
        number: LotNumber(number),
        id: LotId::new(&format!("lot-{number}")).unwrap(),
        title: format!("Lot {number}"),
        opening_bid: eth("0.1"),
        reserve: Reserve::None,
        ladder: Ladder::default_v1(),
        tick: eth("0.001"),
        duration: Span::from_secs(60),
        soft_close: SoftClose {
            window: Span::from_secs(10),
            extension: Span::from_secs(15),
            max_extensions: 3,
            cap: Span::from_secs(30),
        },
        buy_now: None,
        jump_factor: 10,
        premium_bps: 0,
    }
}

pub(crate) fn auction_terms(lots: u32) -> AuctionTerms {
    AuctionTerms {
        uid: "7b0c3f0e".to_owned(),
        generation: 1,
        title: "Evening sale".to_owned(),
        handle: Some(Handle::new("house").unwrap()),
        starts_at: START,
        order: LotOrder::Sequential { pause: Span::from_secs(5) },
        channels: Channels { x: Channel::Open, web: Channel::Open },
        drain: Span::from_secs(10),
        audit: AuditPolicy::NotNeeded,
        lots: (1..=lots).map(lot_terms).collect(),
    }
}

pub(crate) fn bidder_terms(bidder: u64) -> BidderTerms {
    BidderTerms {
        bidder: BidderId(bidder),
        paddle: Paddle(u32::try_from(bidder).unwrap() + 100),
        limit: None,
        status: BidderStatus::Active,
    }
}

pub(crate) fn house_handle() -> Handle {
    Handle::new("house").unwrap()
}

pub(crate) fn auction_id() -> AuctionId {
    AuctionId::new("evening-sale").unwrap()
}

/// A shard with the journal that made it.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) shard: Shard,
    pub(crate) journal: Vec<(Vec<u8>, Hash)>,
    /// Whether each decision is checked against the state that it met.
    pub(crate) watch: bool,
    now: Timestamp,
    keys: u64,
}

impl House {
    /// An auction of these terms with bidders 1 to 5, before its start.
    pub(crate) fn before(terms: AuctionTerms) -> Self {
        let mut house = Self {
            shard: Shard::default(),
            journal: Vec::new(),
            watch: false,
            now: START + Span::from_secs(-60),
            keys: 0,
        };
        for bidder in 1..=5 {
            house.when(SourceKind::House, Action::RegisterBidder(bidder_terms(bidder)));
        }
        house.when(SourceKind::House, Action::ConfigureAuction { auction: auction_id(), terms });
        house
    }

    /// The same at its start: the first lot, or all of them, are open.
    pub(crate) fn open(terms: AuctionTerms) -> Self {
        let mut house = Self::before(terms);
        house.at(0);
        house
    }

    /// One open lot of these terms.
    pub(crate) fn with_lot(change: impl FnOnce(&mut LotTerms)) -> Self {
        let mut terms = auction_terms(1);
        change(&mut terms.lots[0]);
        Self::open(terms)
    }

    pub(crate) fn lot(&self, number: u32) -> &Lot {
        self.shard.auction(&auction_id()).unwrap().lot(LotNumber(number)).unwrap()
    }

    pub(crate) fn run(&self) -> &'static str {
        self.shard.auction(&auction_id()).unwrap().run().name()
    }

    /// Price and leader of lot 1, for comparison.
    pub(crate) fn standing(&self, lot: u32) -> Option<(String, u64)> {
        self.lot(lot).standing().map(|standing| (standing.price.main_units(), standing.leader.0))
    }

    /// Lets time pass to `seconds` after the start, and whatever is due happen when it is due.
    pub(crate) fn at(&mut self, seconds: i64) -> Vec<Decision> {
        self.until(at(seconds))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets this many milliseconds pass.
    pub(crate) fn wait(&mut self, ms: i64) -> Vec<Decision> {
        self.until(self.now + Span(ms))
    }

    fn until(&mut self, until: Timestamp) -> Vec<Decision> {
        let mut decisions = Vec::new();
        while let Some((_, due)) = self.shard.next_deadline().filter(|&(_, due)| due <= until) {
            self.now = self.now.max(due);
            let tick = self.shard.due(self.now).expect("something is due");
            decisions.push(self.commit(&tick));
        }
        self.now = self.now.max(until);
        decisions
    }

    pub(crate) fn when(&mut self, kind: SourceKind, action: Action) -> Decision {
        let at = self.now;
        self.when_timed(kind, action, at)
    }

    pub(crate) fn when_timed(&mut self, kind: SourceKind, action: Action, at: Timestamp) -> Decision {
        self.keys += 1;
        let command = Command { source: Source { kind, key: format!("k{}", self.keys) }, at, action, trace: None };
        let decision = self.commit(&command);
        while let Some(tick) = self.shard.due(self.now) {
            self.commit(&tick);
        }
        decision
    }

    /// Decides, folds and journals, as a worker does.
    pub(crate) fn commit(&mut self, command: &Command) -> Decision {
        let decision = self.shard.decide(command, self.now);
        let before = self.watch.then(|| self.shard.clone());
        if !decision.is_idle() {
            let entry = Entry { command: command.clone(), now: self.now, decision: decision.clone() };
            let bytes = entry.encode();
            let hash = self.shard.head(&decision.subject).chain(&bytes);
            self.shard.apply(&entry, hash);
            self.journal.push((bytes, hash));
        }
        if let Some(before) = before {
            crate::tests::properties::assert_lawful(&before, &self.shard, &decision);
        }
        decision
    }

    /// A web bid at this moment.
    pub(crate) fn bid(&mut self, bidder: u64, intent: Intent) -> Decision {
        self.when(SourceKind::Web, place(None, bidder, intent))
    }

    pub(crate) fn bid_on(&mut self, lot: u32, bidder: u64, intent: Intent) -> Decision {
        self.when(SourceKind::Web, place(Some(lot), bidder, intent))
    }

    /// A post of `seconds` after the start that arrives at this moment.
    pub(crate) fn post(&mut self, bidder: u64, intent: Intent, seconds: i64) -> Decision {
        let seq = self.shard.inbox(&house_handle()).seq + 1;
        let mut action = place(None, bidder, intent);
        if let Action::PlaceBid { post, .. } = &mut action {
            *post = Some(InboxPosition { handle: house_handle(), seq });
        }
        self.when_timed(SourceKind::Post, action, at(seconds))
    }

    pub(crate) fn clerk(&mut self, clerk: Clerk) -> Decision {
        self.when(SourceKind::Clerk, Action::Clerk { auction: auction_id(), clerk })
    }

    pub(crate) fn audit(&mut self, seconds: i64) -> Decision {
        self.when(SourceKind::House, Action::RecordAudit { handle: house_handle(), through: at(seconds) })
    }

    pub(crate) fn configure(&mut self, terms: AuctionTerms) -> Decision {
        self.when(SourceKind::House, Action::ConfigureAuction { auction: auction_id(), terms })
    }
}

fn place(lot: Option<u32>, bidder: u64, intent: Intent) -> Action {
    Action::PlaceBid { auction: auction_id(), lot: lot.map(LotNumber), bidder: BidderId(bidder), intent, post: None }
}

pub(crate) fn bid(amount: &str) -> Intent {
    Intent::Bid(eth(amount))
}

pub(crate) fn max(amount: &str) -> Intent {
    Intent::MaxBid(eth(amount))
}

/// The refusal of a decision that must be one.
#[track_caller]
pub(crate) fn refusal(decision: &Decision) -> &Refusal {
    match &decision.verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_accepted(decision: &Decision) {
    assert!(matches!(decision.verdict, Verdict::Accepted { .. }), "expected acceptance, got {:?}", decision.verdict);
}

#[track_caller]
pub(crate) fn assert_done(decision: &Decision) {
    assert_eq!(decision.verdict, Verdict::Done);
}

/// The names of a decision's events, for comparison.
pub(crate) fn names(decision: &Decision) -> Vec<String> {
    let name = |event: &Event| format!("{event:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    decision.events.iter().map(name).collect()
}
