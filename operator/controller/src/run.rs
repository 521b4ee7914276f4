//! Puts the operator together, and takes it apart in order: no new keys, what is under way ends, the lease is given back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::MachineIssuer;
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http::{listen, serve_operations};
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use bootstrap::ports::{self, Ports, Service};
use kube::{Client, Config};
use operator_plan::Stage;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::act::Actor;
use crate::args::RunArgs;
use crate::ask::Asker;
use crate::backoff::Backoff;
use crate::cache::Cache;
use crate::definitions;
use crate::events::Events;
use crate::leader::Leader;
use crate::observe::Observe;
use crate::operator::{Memory, Operator, Pace};
use crate::queue::Queue;
use crate::render::Context;
use crate::watch::Watches;

/// A stop takes at most this long: the longest call, and the lease's return.
const GRACE: Duration = Duration::from_secs(15);
/// How often the watches are looked at while they are not complete.
const LOOK_AT_WATCHES: Duration = Duration::from_millis(50);
/// How often the API server is asked whether it is there.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// A probe that needs longer has failed.
const PROBE_DEADLINE: Duration = Duration::from_secs(5);
/// A connection that carries nothing for so long is as good as cut: the process begins anew with fresh ones.
const LONGEST_SILENCE: Duration = Duration::from_mins(3);

/// Runs the operator until it is asked to stop.
pub async fn run(args: RunArgs) -> anyhow::Result<()> {
    bootstrap::install_crypto();
    let (life, health, registry) = (Lifecycle::new(), Health::new(), Registry::new());
    let observe = Observe::new(&registry);
    let wanted = ports::ports_from_env(Service::Operator)?;
    let (metrics, metrics_port) = listen(args.common.bind, wanted.metrics, "OPERATOR_METRICS_PORT").await?;
    let (alive, health_port) = listen(args.common.bind, wanted.health, "OPERATOR_HEALTH_PORT").await?;
    serve_operations(&life, (metrics, &registry), (alive, &health));
    if let Some(file) = &args.common.ports_file {
        let bound = Ports { api: 0, ws: 0, metrics: metrics_port, health: health_port };
        ports::publish(file, &bound).context("the ports file cannot be written")?;
    }
    let config =
        Config::infer().await.context("no cluster is configured: neither a service account nor a kubeconfig")?;
    let client = crate::client::connect(config, &observe).context("the API server cannot be reached")?;
    let parts = Parts { settings: settings(&args)?, client, life: life.clone(), health, observe };
    parts.start(args).await?;
    life.until_stopped().await?;
    life.drained(GRACE).await?;
    Ok(())
}

/// What follows from the arguments and does not need a cluster.
pub struct Settings {
    pub context: Context,
    pub issuer: Option<MachineIssuer>,
    pub pace: Pace,
}

pub(crate) fn settings(args: &RunArgs) -> anyhow::Result<Settings> {
    let issuer = args.machine_key_file.as_deref().map(|path| MachineIssuer::open(path, Clock::System)).transpose()?;
    if issuer.is_none() {
        tracing::warn!("no machine key: workloads run, and cannot be told anything; name one with --machine-key-file");
    }
    let mut tokens = args.tokens.clone();
    tokens.machine_jwks = issuer.as_ref().map(|issuer| issuer.jwks().to_owned()).unwrap_or_default();
    let context = Context {
        stage: if args.rehearsal { Stage::Rehearsal } else { Stage::Air },
        images: args.images.clone(),
        secrets: args.secrets.clone(),
        tokens,
        proxy: args.proxy.clone(),
        neighbours: args.neighbours.clone(),
    };
    Ok(Settings { context, issuer, pace: Pace(100) })
}

struct Parts {
    settings: Settings,
    client: Client,
    life: Lifecycle,
    health: Health,
    observe: Observe,
}

impl Parts {
    async fn start(self, args: RunArgs) -> anyhow::Result<()> {
        let Self { settings, client, life, health, observe } = self;
        let identity = format!("{}_{}", args.identity, uuid_of_process());
        definitions::check(&client).await?;
        let gates = (health.gate("watches"), health.gate("api_server"));
        let assembled = assemble(client.clone(), settings, Clock::System, &observe)?;
        let watches = assembled.watches(args.watch_namespace);
        watches.start(&life);
        let (leads, led) = watch::channel(false);
        life.spawn("probe", probe(client.clone(), health.clone(), gates.1, life.stopping()));
        let stopping = life.stopping();
        while !watches.are_synced() {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_AT_WATCHES) => {}
            }
        }
        gates.0.open();
        health.started();
        let gauges = crate::gauges::keep(assembled.cache.clone(), observe.clone(), stopping.clone());
        life.spawn("gauges", async move {
            gauges.await;
            Ok(())
        });
        let drained = CancellationToken::new();
        let leader = Leader {
            client,
            namespace: args.lease_namespace,
            name: operator_api::labels::LEADER_LEASE.to_owned(),
            identity,
            clock: Clock::System,
            observe: observe.clone(),
        };
        assembled.start(&life, args.concurrency, &led, drained.clone());
        life.spawn("leader", async move {
            leader.run(leads, stopping, drained).await;
            Ok(())
        });
        Ok(())
    }
}

/// An operator over a client, with empty caches; its watches and reconcilers are not started yet.
pub fn assemble(client: Client, settings: Settings, clock: Clock, observe: &Observe) -> anyhow::Result<Arc<Operator>> {
    let Settings { context, issuer, pace } = settings;
    Ok(Arc::new(Operator {
        actor: Actor::new(client.clone()),
        asker: Asker::new(issuer).context("no HTTP client")?,
        backoff: Backoff::new(u64::try_from(clock.now_ms()).unwrap_or(0)),
        cache: Cache::default(),
        clock,
        context,
        events: Events::new(client, crate::object::MANAGER, observe.clone()),
        memory: Memory::default(),
        observe: observe.clone(),
        pace,
        queue: Arc::new(Queue::default()),
    }))
}

impl Operator {
    /// The watches that fill this operator's caches and wake its keys.
    pub fn watches(&self, namespace: Option<String>) -> Watches {
        Watches {
            client: self.actor.client().clone(),
            namespace,
            cache: self.cache.clone(),
            queue: self.queue.clone(),
            observe: self.observe.clone(),
        }
    }
}

/// Distinguishes two lives of one pod: a container that was started again does not hold what the one before held.
fn uuid_of_process() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Asks for the API server's version now and then: shuts readiness while nobody answers, and after a long silence says by
/// its pulse that the process should begin anew.
async fn probe(
    client: Client,
    health: Health,
    gate: bootstrap::health::Gate,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let pulse = health.pulse("api_server", LONGEST_SILENCE);
    loop {
        match tokio::time::timeout(PROBE_DEADLINE, client.apiserver_version()).await {
            Ok(Ok(_)) => {
                pulse.beat();
                gate.open();
            }
            Ok(Err(error)) => gate.shut(bootstrap::chain(&error).to_string()),
            Err(_) => gate.shut("the API server does not answer"),
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = tokio::time::sleep(PROBE_EVERY) => {}
        }
    }
}
