//! Wiring: ports, permit, stage, director, routes; then wait for the stop.
//!
//! Soft stop: readiness off → flush the encoder → outputs finish and say good-bye → give the lease back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http::{listen, serve, serve_operations};
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use bootstrap::ports::{self, Ports, Service};
use scene::AuctionView;
use tokio_util::sync::CancellationToken;

use crate::args::{Publisher, Serve};
use crate::board::Board;
use crate::director::Director;
use crate::lease::Keeper;
use crate::observe::Observe;
use crate::permit::{Permit, Standing};
use crate::routes::{self, Api};
use crate::stage::{FontFiles, Shared, Stage, orders};

/// Longer than the director's own deadlines, shorter than the shortest grace period of a Stream's pod (60 s).
const STOP_GRACE: Duration = Duration::from_secs(15);

/// How often gauges are brought up to date.
const OBSERVE_EVERY: Duration = Duration::from_secs(1);

/// Runs a compositor until it is told to stop.
pub async fn run(args: Serve) -> anyhow::Result<()> {
    bootstrap::install_crypto();
    let program = Service::Compositor.name();
    let telemetry = bootstrap::telemetry::init(&args.common.telemetry, program, env!("CARGO_PKG_VERSION"))?;
    let (life, health, registry, clock) = (Lifecycle::new(), Health::new(), Registry::new(), Clock::System);
    let wanted = ports::ports_from_env(Service::Compositor)?;
    let (metrics_listener, metrics) = listen(args.common.bind, wanted.metrics, "COMPOSITOR_METRICS_PORT").await?;
    let (health_listener, health_port) = listen(args.common.bind, wanted.health, "COMPOSITOR_HEALTH_PORT").await?;
    let (api_listener, api) = listen(args.common.bind, wanted.api, "COMPOSITOR_PORT").await?;
    serve_operations(&life, (metrics_listener, &registry), (health_listener, &health));

    let verifier = Verifier::new(&args.auth, args.common.bind, clock.clone()).await?;
    bootstrap::operations::believe(verifier.clone());
    let observe = Observe::new(&registry, &health);
    let air_ended = CancellationToken::new();
    let permit = permit(&args, &life, &clock, air_ended.clone()).await?;
    let shared = Shared {
        view: Arc::new(ArcSwap::from_pointee(AuctionView::empty())),
        info: Arc::new(ArcSwap::from_pointee(None)),
        keyframe_wanted: Arc::default(),
        board: Arc::new(Board::default()),
        observe: observe.clone(),
        clock: clock.clone(),
    };
    let (ordering, ear) = orders();
    let stage = Stage::new(shared.clone(), ear, FontFiles(args.fonts.clone()));
    life.spawn("stage", async move { Ok(tokio::task::spawn_blocking(move || stage.run()).await??) });
    let director = Arc::new(Director::new(life.clone(), shared, ordering, permit));
    let shown = Api::new(director.clone(), verifier, args.stream_keys.clone(), args.recordings.clone());
    serve(&life, "API port", api_listener, routes::router(shown));
    watch(&life, director.clone());
    if let Some(file) = &args.common.ports_file {
        let bound = Ports { api, ws: 0, metrics, health: health_port };
        ports::publish(file, &bound).context("the ports file cannot be written")?;
    }
    health.started();
    tracing::info!(stream = args.stream, port = api, "the compositor waits for its spec");
    life.until_stopped().await?;
    observe.picture.shut("the compositor stops");
    director.drain().await;
    air_ended.cancel();
    life.drained(STOP_GRACE).await?;
    drop(telemetry);
    Ok(())
}

/// Starts to keep the lease, if there is one to keep.
async fn permit(
    args: &Serve,
    life: &Lifecycle,
    clock: &Clock,
    ended: CancellationToken,
) -> anyhow::Result<Arc<Permit>> {
    match &args.publisher {
        Publisher::Sole => Ok(Arc::new(Permit::new(Standing::Sole))),
        Publisher::Lease(name) => {
            anyhow::ensure!(!args.pod_name.is_empty(), "--publisher lease:… needs --pod-name (POD_NAME)");
            let client = kube::Client::try_default().await.context("no way to the API server")?;
            let permit = Arc::new(Permit::new(Standing::Unknown));
            let leases = kube::Api::namespaced(client, &args.namespace);
            let keeper = Keeper::new(leases, name.clone(), args.pod_name.clone(), permit.clone(), clock.clone());
            life.spawn("publisher lease", keeper.run(ended));
            Ok(permit)
        }
    }
}

fn watch(life: &Lifecycle, director: Arc<Director>) {
    let stopping = life.stopping();
    life.spawn("gauges", async move {
        let mut beat = tokio::time::interval(OBSERVE_EVERY);
        while stopping.run_until_cancelled(beat.tick()).await.is_some() {
            director.observe();
        }
        Ok(())
    });
}
