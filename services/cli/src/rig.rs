//! A private engine with its servers, for benchmarks and drills: real processes, real sockets, real tokens.
//!
//! Everything lives in one temporary directory and dies with this process.

mod house;
mod show;
mod worker;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use private_servers::{Postgres, Redis};
use tempfile::TempDir;

pub use house::House;
pub use show::{Bidders, STEP_WEI, Show};
pub use worker::{Worker, engine_beside_us};

/// Longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// A thousand bidders are a few commits.
const REGISTERED_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// PostgreSQL, Redis and an issuer of tokens, without an engine yet.
pub struct Rig {
    pub postgres: Postgres,
    pub redis: Redis,
    pub issuer: LocalIssuer,
    /// Makes the API calls of the house.
    pub http: reqwest::Client,
    owner: String,
    // Dropped last: the servers still write into it while they die.
    directory: TempDir,
}

impl Rig {
    /// Starts the servers and brings the schema up to date. `settings` are PostgreSQL's.
    pub async fn start(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sothebais-").tempdir()?;
        let postgres = Postgres::start_with(&directory.path().join("postgres"), settings).await?;
        let redis = Redis::start(&directory.path().join("redis")).await?;
        store::migrate(&store::Database::new(&postgres.url(), "sothebais")?.pool()).await?;
        let issuer = LocalIssuer::open(&directory.path().join("issuer"), Clock::System)?;
        let owner = issuer.token("owner", None, &[Role::Owner, Role::Auctioneer], TOKEN_LIFETIME)?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { postgres, redis, issuer, http, owner, directory })
    }

    /// Starts a worker that wants the shard; it may have to wait for the lease. `name` names its files.
    pub async fn start_worker(&self, engine: &Path, shard: &str, name: &str) -> anyhow::Result<Worker> {
        let variables = [
            ("DATABASE_URL", self.postgres.url()),
            ("REDIS_URL", self.redis.url()),
            ("AUTH_JWKS", self.issuer.jwks().display().to_string()),
            ("AUTH_ISSUER", self.issuer.issuer().to_owned()),
            ("AUTH_AZP", self.issuer.party().to_owned()),
            ("RECEIPT_KEY_FILE", self.directory.path().join("receipt.key").display().to_string()),
            ("CREATE_RECEIPT_KEY", "true".to_owned()),
        ];
        Worker::start(engine, (shard, name), self.directory.path(), &variables).await
    }

    /// The journal's database.
    pub fn pool(&self) -> anyhow::Result<store::PgPool> {
        Ok(store::Database::new(&self.postgres.url(), "sothebais")?.pool())
    }

    /// Where the rig's files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Registers the bidders and puts the shows on; returns when every lot is open.
    pub async fn open(&self, worker: &Worker, shows: &[Show], bidders: Bidders) -> anyhow::Result<()> {
        let house = self.house(worker);
        house.wait_serving().await?;
        house.register(bidders).await.context("the bidders were not registered")?;
        house.put_on(shows).await.context("the show was not put on")?;
        self.wait_registered(worker, bidders).await
    }

    /// The worker learns of the registry's bidders by itself; each is a row of its journal.
    async fn wait_registered(&self, worker: &Worker, bidders: Bidders) -> anyhow::Result<()> {
        let pool = self.pool()?;
        let begun = Instant::now();
        while begun.elapsed() < REGISTERED_DEADLINE {
            let shards = store::journal::shards(&pool).await?;
            let rows = shards.iter().find(|shard| shard.shard == worker.shard()).map_or(0, |shard| shard.last_seq);
            if rows > u64::from(bidders.0) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("the worker did not take in {} bidders within {} s", bidders.0, REGISTERED_DEADLINE.as_secs())
    }

    /// The house's way to a worker's API.
    pub fn house(&self, worker: &Worker) -> House<'_> {
        House { http: &self.http, api: worker.api(), token: &self.owner }
    }

    /// A token for each bidder, in their order.
    pub fn tokens(&self, bidders: Bidders) -> anyhow::Result<Vec<String>> {
        bidders.ids().map(|id| Ok(self.issuer.bidder_token(id, TOKEN_LIFETIME)?)).collect()
    }
}
