//! A worker in a test: one auction, some bidders.

use std::ops::RangeInclusive;
use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auction_core::terms::{
    AuctionTerms, AuditPolicy, BidderStatus, BidderTerms, Channel, Channels, Ladder, LadderKind, LotOrder, LotTerms,
    Reserve, SoftClose,
};
use auction_core::{
    Action, AuctionId, BidderId, Command, Handle, Intent, LotId, LotNumber, Paddle, Source, SourceKind, Span,
    Timestamp, Wei,
};
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use k256::ecdsa::SigningKey;
use store::bidder::Bidder;
use store::lease::Claimant;
use store::{Database, PgPool};

use crate::engine::{EngineHandle, Outcome, SubmitError};
use crate::observe::Observe;
use crate::shard::signer::Signer;
use crate::worker::Worker;

/// Tests of one process share a Redis: a shard of its own gives each a stream of its own.
static HOUSES: AtomicU32 = AtomicU32::new(0);
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A running worker with what tests look at.
pub(super) struct House {
    pub(super) shard: String,
    pub(super) engine: EngineHandle,
    pub(super) pool: PgPool,
    pub(super) url: String,
    pub(super) redis: String,
    life: Lifecycle,
}

impl House {
    /// On a fresh database, with one lot open and eight bidders.
    pub(super) async fn open() -> Self {
        Self::open_with(testkit::redis().await.unwrap()).await
    }

    /// With a Redis of its own.
    pub(super) async fn open_with(redis: String) -> Self {
        let url = testkit::postgres().await.unwrap();
        let shard = format!("shard-{}", HOUSES.fetch_add(1, Ordering::Relaxed));
        let house = Self::on(&shard, &url, &redis).await;
        house.configure(1).await;
        house.register(1..=8).await;
        house
    }

    /// On a database that may have a journal already.
    pub(super) async fn on(shard: &str, url: &str, redis: &str) -> Self {
        let house = Self::start(shard, url, redis);
        house.until(|engine| engine.standing().epoch.is_some()).await;
        house
    }

    /// Does not wait for the lease.
    pub(super) fn start(shard: &str, url: &str, redis: &str) -> Self {
        let database = Database::new(url, "worker-test").unwrap();
        let (health, life) = (Health::new(), Lifecycle::new());
        let engine = EngineHandle::new(shard);
        let shard: Arc<str> = Arc::from(shard);
        let worker = Worker {
            shard: shard.clone(),
            pool: database.pool(),
            database,
            bus: bus::Bus::new(redis).unwrap(),
            clock: Clock::System,
            engine: engine.clone(),
            signer: Arc::new(Signer::new(shard, SigningKey::from_slice(&[7; 32]).unwrap())),
            claimant: Claimant::new("127.0.0.1:4400".to_owned()),
            observe: Observe::new(&Registry::new(), &health),
            life: life.clone(),
        };
        let (pool, shard) = (worker.pool.clone(), worker.shard.as_ref().to_owned());
        life.spawn("shard", worker.run());
        Self { shard, engine, pool, url: url.to_owned(), redis: redis.to_owned(), life }
    }

    /// Another worker for the same shard, once it has the lease.
    pub(super) async fn reopen(&self) -> Self {
        Self::on(&self.shard, &self.url, &self.redis).await
    }

    /// An orderly stop.
    pub(super) async fn close(&self) {
        self.life.stop();
        self.life.drained(PATIENCE).await.unwrap();
    }

    pub(super) async fn until(&self, done: impl Fn(&EngineHandle) -> bool) {
        let waiting = async {
            while !done(&self.engine) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("it happens in time");
    }

    pub(super) async fn configure(&self, lots: u32) {
        let source = Source { kind: SourceKind::House, key: "configure:sale:1".to_owned() };
        let action = Action::ConfigureAuction { auction: sale(), terms: terms(lots) };
        self.submit(Command { source, at: now(), action, trace: None }).await.unwrap();
        let opened = |engine: &EngineHandle| {
            engine.view(&sale()).is_some_and(|view| view.lots.iter().all(|lot| lot.ends_at.is_some()))
        };
        self.until(opened).await;
    }

    pub(super) async fn register(&self, bidders: RangeInclusive<u64>) {
        let last = *bidders.end();
        let bidders: Vec<_> = bidders.map(bidder).collect();
        store::bidder::put(&self.pool, &bidders).await.unwrap();
        self.engine.note_bidders();
        let known = async {
            for attempt in 0.. {
                let probe = self.bid(last, &format!("probe-{last}-{attempt}"), Intent::Bid(Wei::ZERO)).await.unwrap();
                let auction_core::Verdict::Refused(refusal) = &probe.decision.verdict else { panic!("zero is no bid") };
                if refusal.code() != "UnknownBidder" {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, known).await.expect("bidders are registered in time");
    }

    pub(super) async fn submit(&self, command: Command) -> Result<Outcome, SubmitError> {
        let pending = self.engine.submit(command)?;
        tokio::time::timeout(PATIENCE, pending).await.expect("an answer comes in time")
    }

    pub(super) async fn bid(&self, bidder: u64, key: &str, intent: Intent) -> Result<Outcome, SubmitError> {
        self.submit(bid(1, bidder, key, intent)).await
    }

    /// Does what no program of ours does to this database.
    pub(super) fn meddle(&self, sql: &str) -> String {
        let output =
            Process::new("psql").args(["-qtA", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url]).output().unwrap();
        assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

pub(super) fn sale() -> AuctionId {
    AuctionId::new("evening-sale").unwrap()
}

pub(super) fn now() -> Timestamp {
    Timestamp(Clock::System.now_ms())
}

pub(super) fn bid(lot: u32, bidder: u64, key: &str, intent: Intent) -> Command {
    let source = Source { kind: SourceKind::Web, key: key.to_owned() };
    let lot = Some(LotNumber(lot));
    let action = Action::PlaceBid { auction: sale(), lot, bidder: BidderId(bidder), intent, post: None };
    Command { source, at: now(), action, trace: None }
}

fn bidder(id: u64) -> Bidder {
    let terms = BidderTerms {
        bidder: BidderId(id),
        paddle: Paddle(u32::try_from(id).unwrap() + 100),
        limit: None,
        status: BidderStatus::Active,
    };
    Bidder { terms, handle: Handle::new(&format!("bidder_{id}")).unwrap(), subject: None }
}

fn terms(lots: u32) -> AuctionTerms {
    let soft_close = SoftClose {
        window: Span::from_secs(10),
        extension: Span::from_secs(10),
        max_extensions: 3,
        cap: Span::from_secs(30),
    };
    let lot = |number| LotTerms {
        number: LotNumber(number),
        id: LotId::new(&format!("lot-{number}")).unwrap(),
        title: format!("Lot {number}"),
        opening_bid: Wei::from(1_000),
        reserve: Reserve::None,
        ladder: Ladder { version: "test/v1".to_owned(), kind: LadderKind::Fixed(Wei::from(10)) },
        tick: Wei::ZERO,
        duration: Span::from_secs(3_600),
        soft_close,
        buy_now: None,
        jump_factor: 1_000,
        premium_bps: 250,
    };
    AuctionTerms {
        uid: "7b0c3f0e".to_owned(),
        generation: 1,
        title: "Evening sale".to_owned(),
        handle: None,
        starts_at: Timestamp(now().0 - 1_000),
        order: LotOrder::Concurrent,
        channels: Channels { x: Channel::Open, web: Channel::Open },
        drain: Span::from_secs(1),
        audit: AuditPolicy::NotNeeded,
        lots: (1..=lots).map(lot).collect(),
    }
}
