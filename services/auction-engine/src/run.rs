//! Wiring: listeners, database, bus, the shard's worker, the routes; then wait for the stop.
//!
//! Soft stop: readiness off → stop accepting → drain the shard → flush the relay → release the lease.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http::{listen, serve_operations};
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use bootstrap::ports::{self, Ports, Service};
use k256::ecdsa::SigningKey;
use secrecy::ExposeSecret as _;
use store::PgPool;
use store::lease::Claimant;

use crate::args::WorkerArgs;
use crate::engine::EngineHandle;
use crate::observe::Observe;
use crate::receipt_key_file::{self, Missing};
use crate::serve::{self, Behind};
use crate::shard::signer::Signer;
use crate::worker::Worker;

/// Longer than the shard's own deadlines for closing and flushing, shorter than a pod's grace period.
const STOP_GRACE: Duration = Duration::from_secs(15);

/// How long the database may take to come up when the worker starts; migrations wait for each other.
const MIGRATE_DEADLINE: Duration = Duration::from_mins(1);

/// Runs a worker until it is told to stop.
pub async fn worker(args: WorkerArgs) -> anyhow::Result<()> {
    bootstrap::install_crypto();
    let telemetry =
        bootstrap::telemetry::init(&args.common.telemetry, Service::AuctionEngine.name(), env!("CARGO_PKG_VERSION"))?;
    let life = Lifecycle::new();
    let (health, registry) = (Health::new(), Registry::new());
    let wanted = ports::ports_from_env(Service::AuctionEngine)?;
    let (metrics_listener, metrics) = listen(args.common.bind, wanted.metrics, "AUCTION_ENGINE_METRICS_PORT").await?;
    let (health_listener, health_port) = listen(args.common.bind, wanted.health, "AUCTION_ENGINE_HEALTH_PORT").await?;
    let (api_listener, api) = listen(args.common.bind, wanted.api, "AUCTION_ENGINE_PORT").await?;
    let (ws_listener, ws) = listen(args.common.bind, wanted.ws, "AUCTION_ENGINE_WS_PORT").await?;
    serve_operations(&life, (metrics_listener, &registry), (health_listener, &health));

    let key = receipt_key(&args)?;
    let shard: Arc<str> = Arc::from(args.shard.as_str());
    let signer = Arc::new(Signer::new(shard.clone(), key));
    let database = store::Database::new(args.database.database_url.expose_secret(), Service::AuctionEngine.name())?;
    let pool = database.pool();
    // The first process of a container has no other way to be stopped while it waits.
    tokio::select! {
        prepared = prepare(&pool, &shard, &signer) => prepared?,
        stopped = life.until_stopped() => return Ok(stopped?),
    }

    let bus = bus::Bus::new(args.redis.redis_url.expose_secret())?;
    let observe = Observe::new(&registry, &health);
    let engine = EngineHandle::new(&shard);
    let verifier = Verifier::new(&args.auth, args.common.bind, Clock::System).await?;
    bootstrap::operations::believe(verifier.clone());
    let behind = Behind {
        engine: engine.clone(),
        pool: pool.clone(),
        public: database.public_pool(),
        verifier,
        clock: Clock::System,
        origins: args.allow_origin,
        sockets: observe.sockets.clone(),
    };
    let address = args.advertise.clone().unwrap_or_else(|| format!("{}:{api}", args.common.bind));
    let worker = Worker {
        shard,
        database,
        pool,
        bus,
        clock: Clock::System,
        engine,
        signer,
        claimant: Claimant::new(address),
        observe,
        life: life.clone(),
    };
    serve::open(&life, behind, api_listener, ws_listener);
    life.spawn("shard", worker.run());
    if let Some(file) = &args.common.ports_file {
        ports::publish(file, &Ports { api, ws, metrics, health: health_port })
            .context("the ports file cannot be written")?;
    }
    health.started();
    life.until_stopped().await?;
    life.drained(STOP_GRACE).await?;
    drop(telemetry);
    Ok(())
}

fn receipt_key(args: &WorkerArgs) -> anyhow::Result<SigningKey> {
    let missing = if args.create_receipt_key { Missing::Create } else { Missing::Refuse };
    Ok(receipt_key_file::load(&args.receipt_key, missing)?)
}

/// Brings the schema up to date and publishes the receipt key.
async fn prepare(pool: &PgPool, shard: &str, signer: &Signer) -> anyhow::Result<()> {
    let migrated = tokio::time::timeout(MIGRATE_DEADLINE, store::migrate(pool)).await;
    migrated.context("the database did not come up")??;
    store::receipt_key::publish(pool, shard, signer.address().into()).await?;
    Ok(())
}
