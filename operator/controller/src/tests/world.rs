//! A namespace with played nodes, and operators that live and die in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bootstrap::auth::LocalIssuer;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use clap::Parser as _;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use operator_api::{Auction, Stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::kubelet::Kubelet;
use crate::args::{Command, Task};
use crate::object::{Kind, MANAGED_BY, MANAGER, Provider};
use crate::observe::Observe;
use crate::operator::{Operator, Pace};

/// What takes longer will not happen.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// Looks of an operator under test wait a tenth of their time.
const PACE: Pace = Pace(10);

/// What all worlds of a test have in common.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) kubelet: Kubelet,
    pub(super) life: Lifecycle,
    keys: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn new() -> anyhow::Result<Arc<Self>> {
        let (client, life) = (testkit::kubernetes::admin_client().await?, Lifecycle::new());
        let keys = tempfile::tempdir()?;
        LocalIssuer::open(keys.path(), Clock::System)?;
        let kubelet = Kubelet::start(&client, &life);
        Ok(Arc::new(Self { client, kubelet, life, keys }))
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

/// An operator that runs.
pub(super) struct Running {
    _operator: Arc<Operator>,
    life: Lifecycle,
    _leads: watch::Sender<bool>,
}

impl Running {
    /// Ends it as a kill does: nothing is finished, nothing is said.
    pub(super) fn kill(self) {
        self.life.stop();
    }
}

impl World {
    /// Starts an operator whose calls go through `fault`.
    pub(super) async fn operate(&self, fault: &Fault) -> anyhow::Result<Running> {
        let key = self.stage.keys.path().join("issuer.pem");
        let words = ["operator", "run", "--machine-key-file", key.to_str().context("a path")?];
        let Task::Run(args) = Command::parse_from(words).task;
        let observe = Observe::new(&Registry::new());
        let config = testkit::kubernetes::access().await?.config();
        let client = crate::client::connect_through(config, &observe, fault)?;
        let settings = crate::run::Settings { pace: PACE, ..crate::run::settings(&args)? };
        let operator = crate::run::assemble(client, settings, Clock::System, &observe)?;
        let life = Lifecycle::new();
        let watches = operator.watches(Some(self.namespace.clone()));
        watches.start(&life);
        until("the caches are filled", async || Ok(watches.are_synced())).await?;
        let (leads, led) = watch::channel(true);
        operator.start(&life, 8, &led, CancellationToken::new());
        Ok(Running { _operator: operator, life, _leads: leads })
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

    /// The statuses of everything, for a failure's message.
    pub(super) async fn explain(&self) -> anyhow::Result<String> {
        let all = self.canonical().await?;
        let statuses = all.iter().map(|(name, object)| {
            format!(
                "{name} {}",
                if name.starts_with("Stream") { object } else { object.get("status").unwrap_or(&Value::Null) }
            )
        });
        Ok(statuses.collect::<Vec<_>>().join("\n"))
    }

    /// Everything of ours in the namespace, without what differs from run to run.
    pub(super) async fn canonical(&self) -> anyhow::Result<BTreeMap<String, Value>> {
        let mut all = BTreeMap::new();
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

/// Takes out identities, versions, times and addresses.
fn wash(value: &mut Value, namespace: &str) {
    const DIFFERENT: [&str; 21] = [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
        "generation",
        "observedGeneration",
        "podIP",
        "podIPs",
        "lastTransitionTime",
        "startTime",
        "renewTime",
        "acquireTime",
        "startedAt",
        "since",
        "completedAt",
        "id",
        "hostIP",
        "hostIPs",
        "qosClass",
        "sothebais.io/applied",
        "deletionTimestamp",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DIFFERENT.contains(&name.as_str()));
            fields.values_mut().for_each(|field| wash(field, namespace));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| wash(item, namespace)),
        // The API server gives the volume of the account's token a name by chance.
        Value::String(text) if text.starts_with("kube-api-access-") => "kube-api-access".clone_into(text),
        Value::String(text) => *text = text.replace(namespace, "NAMESPACE"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
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
