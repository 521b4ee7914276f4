//! The process: arguments → telemetry → world → ports → crowd → serve until it is asked to stop.

mod crowd;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http::{listen, serve, serve_operations};
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use bootstrap::ports::{Ports, Service, ports_from_env, publish};
use tokio::io::AsyncWriteExt;

use crate::args::{Arguments, Cast, Command, Serve, ShowStart};
use crate::emulator::Emulator;
use crate::http::router;
use crate::observe::Metrics;
use crate::user::{Kind, User};
use crate::world::World;

/// How long a stop may take: streams end at once, requests are short.
const GRACE: Duration = Duration::from_secs(10);

/// Runs what the arguments ask for.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Some(Command::Authors(cast)) => print_authors(&cast).await,
        Some(Command::Serve(arguments)) => serve_until_stopped(&arguments).await,
        None => serve_until_stopped(&arguments.serve).await,
    }
}

async fn serve_until_stopped(arguments: &Serve) -> anyhow::Result<()> {
    let _telemetry =
        bootstrap::telemetry::init(&arguments.common.telemetry, Service::XEmulator.name(), env!("CARGO_PKG_VERSION"))?;
    let (life, health, registry) = (Lifecycle::new(), Health::new(), Registry::new());
    let emulator = Arc::new(emulator(arguments, &registry)?);
    // Before anything is served: a bad file of posts stops the start, and whoever can ask finds everybody registered.
    let company = crowd::cast(&arguments.cast).await?;
    crowd::register(&company, &emulator)?;
    let serving = health.gate("serving");
    let bound = listen_all(arguments, &life, &health, &registry, &emulator).await?;
    let carrier = Arc::clone(&emulator);
    let stopping = life.stopping();
    life.spawn("carrier", async move {
        carrier.carry(stopping).await;
        Ok(())
    });
    crowd::bring(company, arguments, &life, &emulator, bound.api)?;
    begin_show(arguments, &emulator);
    serving.open();
    health.started();
    tracing::info!(port = bound.api, house = arguments.house, "x-emulator serves");
    life.until_stopped().await?;
    serving.shut("stopping");
    life.drained(GRACE).await?;
    Ok(())
}

fn emulator(arguments: &Serve, registry: &Registry) -> anyhow::Result<Emulator> {
    let clock = Clock::System;
    let house = User {
        id: arguments.house_id(),
        handle: arguments.house.clone(),
        name: arguments.house.clone(),
        kind: Kind::House,
        created_ms: clock.now_ms(),
        posts: 0,
    };
    let world = World::new(arguments.nature(), house);
    let emulator = Emulator::new(world, arguments.settings(), clock, Metrics::new(registry));
    for fault in &arguments.habits.faults {
        emulator.core().fault(fault).with_context(|| format!("--fault {fault:?}"))?;
    }
    Ok(emulator)
}

async fn listen_all(
    arguments: &Serve,
    life: &Lifecycle,
    health: &Health,
    registry: &Registry,
    emulator: &Arc<Emulator>,
) -> anyhow::Result<Ports> {
    let wanted = ports(arguments)?;
    let bind = arguments.common.bind;
    let (api, api_port) = listen(bind, wanted.api, "X_EMULATOR_PORT").await?;
    let (metrics, metrics_port) = listen(bind, wanted.metrics, "X_EMULATOR_METRICS_PORT").await?;
    let (checks, health_port) = listen(bind, wanted.health, "X_EMULATOR_HEALTH_PORT").await?;
    // The stand-in has no WebSocket; 0 says so in the ports file.
    let bound = Ports { api: api_port, ws: 0, metrics: metrics_port, health: health_port };
    serve(life, "api", api, router(Arc::clone(emulator)));
    serve_operations(life, (metrics, registry), (checks, health));
    if let Some(file) = &arguments.common.ports_file {
        publish(file, &bound).with_context(|| format!("the ports file {} cannot be written", file.display()))?;
    }
    Ok(bound)
}

/// `--port` moves the API port and with it the others, unless the environment names them.
fn ports(arguments: &Serve) -> anyhow::Result<Ports> {
    let from_env = ports_from_env(Service::XEmulator)?;
    let Some(port) = arguments.port else { return Ok(from_env) };
    Ok(bootstrap::ports::ports(Service::XEmulator, |name| (name == "X_EMULATOR_PORT").then(|| port.to_string()))?)
}

async fn print_authors(cast: &Cast) -> anyhow::Result<()> {
    let mut out = tokio::io::stdout();
    for person in crowd::cast(cast).await?.people() {
        out.write_all(format!("{}\n", serde_json::to_string(&person)?).as_bytes()).await?;
    }
    Ok(out.flush().await?)
}

fn begin_show(arguments: &Serve, emulator: &Emulator) {
    let starts_at = match arguments.show_start {
        Some(ShowStart::Now) => Some(emulator.clock.now_ms()),
        Some(ShowStart::At(at_ms)) => Some(at_ms),
        None => None,
    };
    if starts_at.is_some() {
        emulator.show.send_replace(starts_at);
    }
}
