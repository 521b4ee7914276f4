//! A private engine with its servers, for benchmarks and drills: real processes, real sockets, real tokens.
//!
//! Everything lives in one temporary directory and dies with this process.

mod show;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use private_servers::{Postgres, Redis};
use tempfile::TempDir;

pub use show::{Bidders, STEP_WEI, Show};
pub use worker::{Worker, engine_beside_us};

/// The shard that the rig's workers serve.
pub const SHARD: &str = "drill";
/// Longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// PostgreSQL, Redis and an issuer of tokens, without an engine yet.
pub struct Rig {
    pub postgres: Postgres,
    pub redis: Redis,
    pub issuer: LocalIssuer,
    /// Makes the API calls of the house.
    pub http: reqwest::Client,
    owner: String,
    engine: PathBuf,
    // Dropped last: the servers still write into it while they die.
    directory: TempDir,
}

impl Rig {
    /// Starts the servers and brings the schema up to date. `settings` are PostgreSQL's.
    pub async fn start(engine: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sothebais-").tempdir()?;
        let postgres = Postgres::start_with(&directory.path().join("postgres"), settings).await?;
        let redis = Redis::start(&directory.path().join("redis")).await?;
        let database = store::Database::new(&postgres.url(), "sothebais")?;
        store::migrate(&database.pool()).await?;
        let issuer = LocalIssuer::open(&directory.path().join("issuer"), Clock::System)?;
        let owner = issuer.token("owner", None, &[Role::Owner, Role::Auctioneer], TOKEN_LIFETIME)?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { postgres, redis, issuer, http, owner, engine: engine.to_owned(), directory })
    }

    /// Starts a worker that wants the shard; it may have to wait for the lease.
    pub async fn start_worker(&self, name: &str) -> anyhow::Result<Worker> {
        self.start_worker_from(&self.engine, name).await
    }

    async fn start_worker_from(&self, engine: &Path, name: &str) -> anyhow::Result<Worker> {
        let variables = [
            ("DATABASE_URL", self.postgres.url()),
            ("REDIS_URL", self.redis.url()),
            ("AUTH_JWKS", self.issuer.jwks().display().to_string()),
            ("AUTH_ISSUER", self.issuer.issuer().to_owned()),
            ("AUTH_AZP", self.issuer.party().to_owned()),
        ];
        Worker::start(engine, name, self.directory.path(), &variables).await
    }

    /// Where the rig's files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Registers the bidders and puts the shows on; returns when every lot is open.
    pub async fn open(&self, worker: &Worker, shows: &[Show], bidders: Bidders) -> anyhow::Result<()> {
        let house = show::House { http: &self.http, api: worker.api(), token: &self.owner };
        house.register(bidders).await.context("the bidders were not registered")?;
        house.put_on(shows).await.context("the show was not put on")
    }

    /// A token for each bidder, in their order.
    pub fn tokens(&self, bidders: Bidders) -> anyhow::Result<Vec<String>> {
        bidders.ids().map(|id| Ok(self.issuer.bidder_token(id, TOKEN_LIFETIME)?)).collect()
    }
}
