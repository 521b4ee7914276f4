//! Puts the gateway together, and takes it apart in order: sources stop, what they brought becomes durable, the lease is
//! given back, the spending is stored.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http::{listen, serve, serve_operations};
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use bootstrap::ports::{self, Ports, Service};
use bootstrap::secret::ExposeSecret as _;
use bus::Bus;
use store::social::Lease;
use store::{Database, PgPool};
use tokio::sync::{Notify, mpsc, watch};

use crate::args::Args;
use crate::board::Board;
use crate::http::{Api, Running};
use crate::inbox::Writer;
use crate::ingest::audit::Auditor;
use crate::ingest::retention::Retention;
use crate::ingest::source::{Kind, Source};
use crate::ingest::sweep::Sweep;
use crate::ingest::watch::Watch;
use crate::ingest::{Arrival, House};
use crate::ledger::{Account, Ledger};
use crate::observe::Observe;
use crate::reply::reader::Reader;
use crate::reply::sender::Sender;
use crate::spend::Item;
use crate::x::model::User;
use crate::x::{Client, identity};

/// A stop takes at most this long; orchestrators kill after 30 s.
const GRACE: Duration = Duration::from_secs(20);
/// Posts on their way to the writer. A full queue holds the streams back, X cuts them, the audit fills the gap.
const ARRIVALS: usize = 8_192;
/// The writer goes round every half second; a commit may wait for a database that is being restarted.
const WRITER_PULSE: Duration = Duration::from_mins(1);

/// What the tasks share.
struct Parts {
    args: Args,
    life: Lifecycle,
    clock: Clock,
    board: Board,
    observe: Observe,
    health: Health,
    pool: PgPool,
    bus: Bus,
    client: Arc<Client>,
    house: House,
    ledger: Ledger,
}

/// Runs the gateway until it is asked to stop.
pub async fn run(args: Args) -> anyhow::Result<()> {
    bootstrap::install_crypto();
    let credentials = args.credentials()?;
    let (life, clock, health, registry) = (Lifecycle::new(), Clock::System, Health::new(), Registry::new());
    let observe = Observe::new(&registry);
    let pool = Database::new(args.database.database_url.expose_secret(), "social-gateway")?.pool();
    let bus = Bus::new(args.redis.redis_url.expose_secret())?;
    let client = Arc::new(Client::new(&args.x_api_url, credentials, clock.clone(), observe.clone())?);

    let verifier = Verifier::new(&args.auth, args.common.bind, clock.clone()).await?;

    let wanted = ports::ports_from_env(Service::SocialGateway)?;
    let bind = args.common.bind;
    let (api, api_port) = listen(bind, wanted.api, "SOCIAL_GATEWAY_PORT").await?;
    let (metrics, metrics_port) = listen(bind, wanted.metrics, "SOCIAL_GATEWAY_METRICS_PORT").await?;
    let (alive, health_port) = listen(bind, wanted.health, "SOCIAL_GATEWAY_HEALTH_PORT").await?;
    serve_operations(&life, (metrics, &registry), (alive, &health));
    if let Some(file) = &args.common.ports_file {
        let bound = Ports { api: api_port, ws: 0, metrics: metrics_port, health: health_port };
        ports::publish(file, &bound).context("the ports file cannot be written")?;
    }

    let board = Board::default();
    let running = Arc::new(OnceLock::new());
    let shown = Api {
        handle: args.handle.clone(),
        board: board.clone(),
        client: client.clone(),
        pool: pool.clone(),
        verifier,
        running: running.clone(),
    };
    serve(&life, "api", api, crate::http::router(shown));

    let account = Account { handle: args.handle.clone(), show: args.show.clone(), ceiling: args.spend_ceiling };
    let stopping = life.stopping();
    let account_known = health.gate("x_account");
    let start = async {
        let User { id, username } =
            identity::wait(&client, &args.handle, args.backoff_percent, |problem| board.account_problem(problem))
                .await?;
        tracing::info!(user = %id, username, "x knows us");
        account_known.open();
        let ledger = Ledger::resume(&pool, account, clock.clone(), observe.clone()).await?;
        // Asking who we are is charged for.
        ledger.charge(Item::UserRead, None);
        anyhow::Ok((House { id: id.0, handle: args.handle.clone() }, ledger))
    };
    let started = tokio::select! {
        started = start => Some(started?),
        stopped = life.until_stopped() => { stopped?; None }
    };
    if let Some((house, ledger)) = started {
        let parts = Parts { args, life: life.clone(), clock, board, observe, health, pool, bus, client, house, ledger };
        running.get_or_init(|| Running { user_id: parts.house.id, ledger: parts.ledger.clone() });
        parts.spawn();
        parts.health.started();
        drop(parts);
        if !stopping.is_cancelled() {
            life.until_stopped().await?;
        }
    }
    life.drained(GRACE).await?;
    Ok(())
}

impl Parts {
    fn spawn(&self) {
        let (arrivals, arriving) = mpsc::channel(ARRIVALS);
        let holding = watch::Sender::new(None);
        let connected = Arc::new(Notify::new());
        for kind in [Kind::Activity, Kind::Filtered] {
            let source = self.source(kind, &arrivals, &holding, &connected);
            self.life.spawn("source", source.run(self.life.stopping()));
        }
        self.life.spawn("watch", self.watch(&holding).run(self.life.stopping()));
        self.life.spawn("sweep", self.sweep(&arrivals, &holding).run(self.life.stopping()));
        self.life.spawn("retention", self.retention(&holding).run(self.life.stopping()));
        let auditor = self.auditor(arrivals, &holding, connected);
        self.life.spawn("audit", auditor.run(self.life.stopping()));
        self.life.spawn("reply reader", self.reply_reader(&holding).run(self.life.stopping()));
        self.life.spawn("reply sender", self.reply_sender(&holding).run(self.life.stopping()));
        self.life.spawn("writer", self.writer(arriving, holding).run(self.life.stopping()));
        self.life.spawn("ledger", self.ledger.clone().keep(self.pool.clone(), self.life.stopping()));
    }

    fn writer(&self, arrivals: mpsc::Receiver<Arrival>, holding: watch::Sender<Option<Lease>>) -> Writer {
        Writer {
            pool: self.pool.clone(),
            bus: self.bus.clone(),
            handle: self.house.handle.clone(),
            owner: uuid::Uuid::now_v7().to_string(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            observe: self.observe.clone(),
            arrivals,
            holding,
            ready: self.health.gate("inbox"),
            pulse: self.health.pulse("writer", WRITER_PULSE),
        }
    }

    fn source(
        &self,
        kind: Kind,
        arrivals: &mpsc::Sender<Arrival>,
        holding: &watch::Sender<Option<Lease>>,
        connected: &Arc<Notify>,
    ) -> Source {
        Source {
            kind,
            client: self.client.clone(),
            pool: self.pool.clone(),
            house: self.house.clone(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            observe: self.observe.clone(),
            ledger: self.ledger.clone(),
            arrivals: arrivals.clone(),
            holding: holding.subscribe(),
            level: self.ledger.level(),
            connected: connected.clone(),
            backoff_percent: self.args.backoff_percent,
            silence: self.args.silence(),
        }
    }

    fn watch(&self, holding: &watch::Sender<Option<Lease>>) -> Watch {
        Watch {
            client: self.client.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            holding: holding.subscribe(),
            level: self.ledger.level(),
        }
    }

    fn sweep(&self, arrivals: &mpsc::Sender<Arrival>, holding: &watch::Sender<Option<Lease>>) -> Sweep {
        Sweep {
            client: self.client.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            arrivals: arrivals.clone(),
            holding: holding.subscribe(),
            level: self.ledger.level(),
            every: self.args.sweep_every(),
            keep: self.args.keep_text(),
        }
    }

    fn retention(&self, holding: &watch::Sender<Option<Lease>>) -> Retention {
        Retention {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            holding: holding.subscribe(),
            keep: self.args.keep_text(),
        }
    }

    fn auditor(
        &self,
        arrivals: mpsc::Sender<Arrival>,
        holding: &watch::Sender<Option<Lease>>,
        connected: Arc<Notify>,
    ) -> Auditor {
        Auditor {
            client: self.client.clone(),
            pool: self.pool.clone(),
            bus: self.bus.clone(),
            house: self.house.clone(),
            timing: self.args.timing(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            observe: self.observe.clone(),
            ledger: self.ledger.clone(),
            arrivals,
            holding: holding.subscribe(),
            connected,
        }
    }

    fn reply_reader(&self, holding: &watch::Sender<Option<Lease>>) -> Reader {
        Reader {
            pool: self.pool.clone(),
            bus: self.bus.clone(),
            handle: self.house.handle.clone(),
            mode: self.args.replies,
            clock: self.clock.clone(),
            observe: self.observe.clone(),
            holding: holding.subscribe(),
        }
    }

    fn reply_sender(&self, holding: &watch::Sender<Option<Lease>>) -> Sender {
        Sender {
            client: self.client.clone(),
            pool: self.pool.clone(),
            handle: self.house.handle.clone(),
            clock: self.clock.clone(),
            observe: self.observe.clone(),
            ledger: self.ledger.clone(),
            holding: holding.subscribe(),
            level: self.ledger.level(),
        }
    }
}
