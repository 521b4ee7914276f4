//! One machine: a private PostgreSQL and Redis, the local keys, and the planned workloads as child processes.
//!
//! Started by `up`, `demo`, `drill` and `bench`. Whatever it starts dies with this process, and [`Machine::stop`] ends it
//! in order: ingest first, then the engine, then the servers.

pub mod backoff;
pub mod child;
pub mod data_dir;
pub mod engine;
mod log_view;
mod ready;
mod render;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bootstrap::auth::LocalIssuer;
use bootstrap::clock::Clock;
use operator_plan::{Plan, Role, Stage, Workload};
use private_servers::{Postgres, Redis};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::progress::Progress;
use crate::verify;
use child::{Child, Seen};
use data_dir::DataDir;
use engine::Engine;
use log_view::LogView;

/// A child that ends this often soon after its start will not get better by itself.
const HOPELESS_AFTER: u32 = 8;

/// How a machine is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its data lives; a temporary directory when absent.
    pub data: Option<PathBuf>,
    pub stage: Stage,
    /// Where the services' binaries are: normally beside our own.
    pub programs: PathBuf,
    pub logs: Logs,
    /// Arguments added to every workload of a role, such as the emulator's crowd.
    pub arguments: Vec<(Role, Vec<String>)>,
    /// Settings added to PostgreSQL's (`name`, `value`).
    pub postgres: Vec<(String, String)>,
}

/// Whether the children's logs are also shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    InFilesOnly,
    /// Copied to standard error, each line with its service in front.
    Shown,
}

/// A running machine.
pub struct Machine {
    options: Options,
    progress: Progress,
    issuer: LocalIssuer,
    children: Vec<(Workload, Child)>,
    log_view: LogView,
    jitter: SmallRng,
    pub clock: Clock,
    pub redis: Redis,
    pub postgres: Postgres,
    // Last: what lives in the directory must have ended before it is removed.
    pub data: DataDir,
}

impl Machine {
    /// Starts the servers, makes the keys and brings the schema up to date. No workload runs yet.
    pub async fn start(options: Options, progress: Progress, clock: Clock) -> anyhow::Result<Self> {
        let data = DataDir::open(options.data.as_deref())?;
        data.prepare()?;
        progress.done(&format!("data directory {}", data.root().display()));
        let settings: Vec<_> = options.postgres.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let postgres = Postgres::start_with(&data.postgres(), &settings).await.map_err(ready::servers)?;
        progress.done(&format!("PostgreSQL on 127.0.0.1:{}", postgres.port()));
        let redis = Redis::start(&data.redis()).await.map_err(ready::servers)?;
        progress.done(&format!("Redis on 127.0.0.1:{}", redis.port()));
        crate::migrate::bring_up_to_date(&postgres.url()).await?;
        progress.done("database schema is up to date");
        let issuer = LocalIssuer::open(&data.keys(), clock.clone()).context("the local issuer has no keys")?;
        let jitter = SmallRng::seed_from_u64(u64::from(std::process::id()));
        let log_view = LogView::new(options.logs);
        Ok(Self { options, progress, issuer, children: Vec::new(), log_view, jitter, clock, redis, postgres, data })
    }

    /// Brings the children in line with the plan: starts what is missing in its order, stops what is not wanted any more.
    /// Returns when everything that was started is ready.
    pub async fn apply(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let wanted = |name: &str| plan.workloads.iter().any(|workload| workload.name == name);
        let (stay, go): (Vec<_>, Vec<_>) = self.children.drain(..).partition(|(_, child)| wanted(child.name()));
        self.children = stay;
        for (_, mut child) in go.into_iter().rev() {
            child.stop().await;
            self.progress.done(&format!("{} stopped", child.name()));
        }
        for workload in &plan.workloads {
            if self.children.iter().all(|(_, child)| child.name() != workload.name) {
                self.add(workload).await?;
            }
        }
        Ok(())
    }

    /// Adds arguments to every workload of a role that is started from now on.
    pub fn add_arguments(&mut self, role: Role, arguments: Vec<String>) {
        self.options.arguments.push((role, arguments));
    }

    /// Starts one workload and waits until it is ready.
    async fn add(&mut self, workload: &Workload) -> anyhow::Result<()> {
        let recipe = render::recipe(workload, self)?;
        self.log_view.follow(&recipe.name, &recipe.log);
        let mut child = Child::start(recipe)?;
        let readiness = ready::wait(&mut child).await;
        self.log_view.show();
        let ports = readiness?;
        self.progress.done(&format!("{} ready, API on 127.0.0.1:{}", child.name(), ports.api));
        self.children.push((workload.clone(), child));
        match workload.role {
            Role::EngineWorker => self.pin_receipt_keys().await,
            Role::XEmulator | Role::SocialGateway | Role::Compositor => Ok(()),
        }
    }

    /// Pins the receipt keys of a first start, so that a journal rewritten whole with another key is found out.
    async fn pin_receipt_keys(&self) -> anyhow::Result<()> {
        for key in verify::pin_published_keys(self.data.root(), &self.postgres.url()).await? {
            self.progress.note(&format!("receipt key {key} is not pinned: verify will not trust it by itself"));
        }
        Ok(())
    }

    /// Looks at every child once: what has ended is started again after its pause. Call it several times a second.
    pub fn tend(&mut self) -> anyhow::Result<()> {
        self.log_view.show();
        for (_, child) in &mut self.children {
            match child.tend(Instant::now(), self.jitter.random::<f64>())? {
                Seen::Unchanged => {}
                Seen::StartedAgain => self.progress.note(&format!("{} started again", child.name())),
                Seen::Ended { status, pause, quick_ends } => {
                    if quick_ends >= HOPELESS_AFTER {
                        return Err(ready::hopeless(child, quick_ends).into());
                    }
                    let pause = pause.as_secs_f64();
                    self.progress.note(&format!("{} ended ({status}); again in {pause:.1} s", child.name()));
                }
            }
        }
        Ok(())
    }

    /// Tends the children for ever; for a `select!` beside the show.
    pub async fn tend_always(&mut self) -> anyhow::Result<()> {
        /// Often enough that a restart is not noticed, seldom enough to cost nothing.
        const LOOK_EVERY: Duration = Duration::from_millis(100);
        loop {
            self.tend()?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends everything in order and removes a temporary directory. Servers that were stopped hard are reported.
    pub async fn stop(mut self) {
        for (_, child) in self.children.iter_mut().rev() {
            if child.stop().await {
                self.progress.done(&format!("{} stopped", child.name()));
            } else {
                self.progress.note(&format!("{} did not stop in time and was killed", child.name()));
            }
        }
        self.log_view.show();
        self.redis.stop().await;
        self.postgres.stop().await;
        self.progress.done("servers stopped");
    }

    /// The child of a role: the first by start. A drill pauses, kills and starts it again.
    pub fn child(&mut self, role: Role) -> Option<&mut Child> {
        self.children.iter_mut().find(|(workload, _)| workload.role == role).map(|(_, child)| child)
    }

    /// A way to ask the worker of `shard`, with the owner's token.
    pub async fn engine(&self, shard: &str) -> anyhow::Result<Engine> {
        let name = render::worker_name(shard);
        let child = self.children.iter().map(|(_, child)| child).find(|child| child.name() == name);
        let child = child.with_context(|| format!("no worker of shard {shard} runs"))?;
        let ports = ready::ports(child).await?;
        let at = |port| format!("127.0.0.1:{port}");
        Engine::new(at(ports.api), at(ports.ws), self.owner_token()?)
    }

    /// The address of the emulator's API, while it runs.
    pub async fn emulator_url(&self) -> anyhow::Result<Option<String>> {
        let emulator = self.children.iter().find(|(workload, _)| workload.role == Role::XEmulator);
        let Some((_, child)) = emulator else { return Ok(None) };
        Ok(Some(format!("http://127.0.0.1:{}", ready::ports(child).await?.api)))
    }

    pub fn stage(&self) -> Stage {
        self.options.stage
    }

    /// The local issuer: tokens for tests, tools and curl.
    pub fn issuer(&self) -> &LocalIssuer {
        &self.issuer
    }

    fn owner_token(&self) -> anyhow::Result<String> {
        /// Longer than any one machine's show.
        const LIFETIME: Duration = Duration::from_hours(24);
        let roles = [bootstrap::auth::Role::Owner, bootstrap::auth::Role::Auctioneer];
        self.issuer.token("sothebais", None, &roles, LIFETIME).context("no token could be issued")
    }
}
