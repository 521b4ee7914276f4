//! A namespace with played nodes, and operators that live and die in it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bootstrap::auth::LocalIssuer;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use clap::Parser as _;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Config, ResourceExt};
use operator_api::{Auction, Stream};
use private_cluster::Access;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fault::{Fault, Mortal};
use super::kubelet::Kubelet;
use super::picture::{Picture, wash};
use crate::args::{Command, Task};
use crate::object::{Kind, MANAGED_BY, MANAGER, Provider};
use crate::observe::Observe;
use crate::operator::Pace;
use crate::run::Settings;

/// What takes longer will not happen.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// Looks of an operator under test wait a tenth of their time.
const PACE: Pace = Pace(10);
const WORKERS: u16 = 8;

/// What all worlds of a test have in common.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) kubelet: Kubelet,
    pub(super) life: Lifecycle,
    access: Access,
    keys: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn new() -> anyhow::Result<Arc<Self>> {
        let access = testkit::kubernetes::access().await?;
        let (client, life) = (access.client()?, Lifecycle::new());
        let keys = tempfile::tempdir()?;
        LocalIssuer::open(keys.path(), Clock::System)?;
        let kubelet = Kubelet::start(&client, &life);
        Ok(Arc::new(Self { client, kubelet, life, access, keys }))
    }

    pub(super) async fn world(self: &Arc<Self>) -> anyhow::Result<World> {
        let namespace = testkit::kubernetes::namespace(&self.client).await?;
        self.kubelet.adopt(&namespace);
        Ok(World { stage: self.clone(), namespace })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.life.stop();
    }
}

/// One namespace.
pub(super) struct World {
    pub(super) stage: Arc<Stage>,
    pub(super) namespace: String,
}

/// An operator that runs, in a runtime of its own: what is killed stops where it is.
pub(super) struct Running {
    runtime: Option<Runtime>,
    death: CancellationToken,
    leads: Option<watch::Sender<bool>>,
}

impl Running {
    /// Ends it as a kill does: nothing is finished, nothing is said.
    pub(super) fn kill(self) {
        drop(self);
    }

    /// Waits until a fault has ended it.
    pub(super) async fn died(&self) {
        self.death.cancelled().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.leads = None;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl World {
    /// Starts an operator that meets `fault`.
    pub(super) async fn operate(&self, fault: &Fault) -> anyhow::Result<Running> {
        self.operate_at(fault, PACE).await
    }

    /// The same, with looks that wait for other times.
    pub(super) async fn operate_at(&self, fault: &Fault, pace: Pace) -> anyhow::Result<Running> {
        let key = self.stage.keys.path().join("issuer.pem");
        let words = ["operator", "run", "--machine-key-file", key.to_str().context("a path")?];
        let Task::Run(args) = Command::parse_from(words).task;
        let settings = Settings { pace, ..crate::run::settings(&args)? };
        self.stage.kubelet.befall(&self.namespace, fault);
        let (layer, death) = fault.begin_life();
        let (config, namespace) = (self.stage.access.config(), self.namespace.clone());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let start = runtime.spawn(start(config, layer, settings, namespace));
        let mut running = Running { runtime: Some(runtime), death: death.clone(), leads: None };
        tokio::select! {
            leads = start => running.leads = Some(leads??),
            () = death.cancelled() => {}
        }
        Ok(running)
    }

    pub(super) async fn create_auction(&self, name: &str, spec: Value) -> anyhow::Result<()> {
        let mut full = json!({"title": name, "bidChannels": ["web"],
            "schedule": {"startsAt": "2026-01-01T00:00:00Z", "settleGraceSeconds": 1},
            "lots": [{"id": "one", "title": "One", "startingPrice": "0.1"}]});
        if let (Some(full), Value::Object(spec)) = (full.as_object_mut(), spec) {
            full.extend(spec);
        }
        let auction =
            json!({"apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": name}, "spec": full});
        self.auctions().create(&PostParams::default(), &serde_json::from_value(auction)?).await?;
        Ok(())
    }

    pub(super) async fn patch_auction(&self, name: &str, patch: Value) -> anyhow::Result<()> {
        self.auctions().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    pub(super) fn auctions(&self) -> Api<Auction> {
        Api::namespaced(self.stage.client.clone(), &self.namespace)
    }

    pub(super) fn streams(&self) -> Api<Stream> {
        Api::namespaced(self.stage.client.clone(), &self.namespace)
    }

    pub(super) fn objects(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.stage.client.clone(), &self.namespace, &kind.resource())
    }

    /// The status and reason of an auction's condition, such as `True AsSpecified`.
    pub(super) async fn condition(&self, auction: &str, kind: &str) -> anyhow::Result<String> {
        let auction = self.auctions().get_opt(auction).await?;
        let status = auction.and_then(|auction| auction.status).unwrap_or_default();
        let found = status.conditions.into_iter().find(|condition| condition.type_ == kind);
        Ok(found.map(|condition| format!("{} {}", condition.status, condition.reason)).unwrap_or_default())
    }

    pub(super) async fn until_condition(&self, auction: &str, kind: &str, wanted: &str) -> anyhow::Result<()> {
        let what = format!("{kind} of {auction} is {wanted}");
        let reached = until(&what, async || Ok(self.condition(auction, kind).await?.starts_with(wanted))).await;
        match reached {
            Ok(()) => Ok(()),
            Err(error) => {
                let auction = self.auctions().get_opt(auction).await?.and_then(|auction| auction.status);
                Err(error.context(serde_json::to_string_pretty(&auction)?))
            }
        }
    }

    pub(super) async fn names(&self, kind: Kind) -> anyhow::Result<Vec<String>> {
        Ok(self.ours(kind).await?.iter().map(ResourceExt::name_any).collect())
    }

    async fn ours(&self, kind: Kind) -> anyhow::Result<Vec<DynamicObject>> {
        let parameters = ListParams::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
        Ok(self.objects(kind).list(&parameters).await?.items)
    }

    /// Everything of ours in the namespace, without what differs from run to run.
    pub(super) async fn canonical(&self) -> anyhow::Result<Picture> {
        let mut all = Picture::new();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.provider() == Provider::Kubernetes) {
            for object in self.ours(kind).await? {
                let mut value = serde_json::to_value(&object)?;
                wash(&mut value, &self.namespace);
                all.insert(format!("{}/{}", kind.as_str(), object.name_any()), value);
            }
        }
        for auction in self.auctions().list(&ListParams::default()).await?.items {
            let mut value = serde_json::to_value(&auction)?;
            wash(&mut value, &self.namespace);
            all.insert(format!("Auction/{}", auction.name_any()), value);
        }
        Ok(all)
    }
}

/// Looks until it is so.
pub(super) async fn until(what: &str, is_so: impl AsyncFn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_so().await? {
        if begun.elapsed() > PATIENCE {
            bail!("not within {} s: {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Brings a process up as far as it reconciles.
async fn start(
    config: Config,
    layer: Mortal,
    settings: Settings,
    namespace: String,
) -> anyhow::Result<watch::Sender<bool>> {
    let observe = Observe::new(&Registry::new());
    let client = crate::client::connect_through(config, &observe, &layer)?;
    let operator = crate::run::assemble(client, settings, Clock::System, &observe)?;
    let life = Lifecycle::new();
    let watches = operator.watches(Some(namespace));
    watches.start(&life);
    while !watches.are_synced() {
        tokio::time::sleep(LOOK_EVERY / 4).await;
    }
    let (leads, led) = watch::channel(true);
    operator.start(&life, WORKERS, &led, CancellationToken::new());
    Ok(leads)
}
