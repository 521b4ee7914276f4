//! A stand-in for nodes: pods get addresses of this machine's loopback network and become ready as soon as they are seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bootstrap::lifecycle::Lifecycle;
use bootstrap::ports::{Service, ports};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Client, ResourceExt as _};
use operator_plan::Role;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::engine::Shard;
use super::fault::Fault;
use super::studio::{Air, Studio};
use super::telling::Telling;
use crate::object::{COMPONENT, INSTANCE, MANAGED_BY, MANAGER, STREAM};

/// Addresses of 127.0.0.0/8 that were given out.
static ADDRESSES: AtomicU32 = AtomicU32::new(0);

#[derive(Clone)]
pub(super) struct Kubelet {
    client: Client,
    life: Lifecycle,
    pub(super) air: Air,
    /// By namespace and workload.
    shards: Arc<Mutex<BTreeMap<(String, String), Shard>>>,
    namespaces: Arc<Mutex<BTreeSet<String>>>,
    /// What befalls the operator of a namespace.
    faults: Arc<Mutex<BTreeMap<String, Fault>>>,
    running: Arc<Mutex<BTreeMap<(String, String), Running>>>,
    pub(super) mood: Arc<Mutex<Mood>>,
}

/// What stops a pod, and the compositor in it if it is one.
type Running = (CancellationToken, Option<Studio>);

/// How pods fare.
#[derive(Debug, Clone, Default)]
pub(super) enum Mood {
    #[default]
    Well,
    /// Containers wait with this reason and message.
    Waiting(&'static str, &'static str),
}

impl Kubelet {
    pub(super) fn start(client: &Client, life: &Lifecycle) -> Self {
        let kubelet = Self {
            client: client.clone(),
            life: life.clone(),
            air: Air::default(),
            shards: Arc::default(),
            namespaces: Arc::default(),
            faults: Arc::default(),
            running: Arc::default(),
            mood: Arc::default(),
        };
        let (this, stopping) = (kubelet.clone(), life.stopping());
        life.spawn("kubelet", async move {
            let config = Config::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
            let mut pods = std::pin::pin!(watcher(Api::<Pod>::all(this.client.clone()), config).default_backoff());
            loop {
                let event = tokio::select! { event = pods.next() => event, () = stopping.cancelled() => return Ok(()) };
                match event {
                    Some(Ok(Event::Apply(pod) | Event::InitApply(pod))) => this.see(&pod).await?,
                    Some(Ok(Event::Delete(pod))) => this.gone(&pod),
                    Some(Ok(Event::Init | Event::InitDone) | Err(_)) => {}
                    None => return Ok(()),
                }
            }
        });
        kubelet
    }

    pub(super) fn adopt(&self, namespace: &str) {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner).insert(namespace.to_owned());
    }

    /// What the operator of a namespace tells pods can go wrong as well.
    pub(super) fn befall(&self, namespace: &str, fault: &Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(namespace.to_owned(), fault.clone());
    }

    fn fault_of(&self, namespace: &str) -> Fault {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).get(namespace).cloned().unwrap_or_default()
    }

    pub(super) fn shard(&self, namespace: &str, workload: &str) -> Shard {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.entry((namespace.to_owned(), workload.to_owned())).or_default().clone()
    }

    async fn see(&self, pod: &Pod) -> anyhow::Result<()> {
        let key = (pod.namespace().unwrap_or_default(), pod.name_any());
        let known = |set: &Mutex<BTreeSet<String>>, name: &str| {
            set.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
        };
        let is_running = self.running.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key);
        if is_running || !known(&self.namespaces, &key.0) || pod.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let mood = self.mood.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let address = self.serve(pod, &key).await?;
        let container = pod.spec.as_ref().and_then(|spec| spec.containers.first()).map(|it| it.name.clone());
        let (ready, state) = match mood {
            Mood::Well => (true, json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}})),
            Mood::Waiting(reason, message) => (false, json!({"waiting": {"reason": reason, "message": message}})),
        };
        let status = json!({"status": {
            "phase": if ready { "Running" } else { "Pending" },
            "podIP": address.to_string(), "podIPs": [{"ip": address.to_string()}],
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
            "containerStatuses": [{"name": container, "image": "i", "imageID": "i", "restartCount": 0, "ready": ready,
                "started": ready, "state": state}],
        }});
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &key.0);
        match pods.patch_status(&key.1, &PatchParams::default(), &Patch::Merge(status)).await {
            Ok(_) => Ok(()),
            // It was deleted meanwhile.
            Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets what the pod would run answer at an address of its own.
    async fn serve(&self, pod: &Pod, key: &(String, String)) -> anyhow::Result<Ipv4Addr> {
        let number = ADDRESSES.fetch_add(1, Ordering::Relaxed);
        let [_, _, high, low] = (number + 1).to_be_bytes();
        // Several test processes may play nodes at the same time.
        let block = u8::try_from(std::process::id() % 200)? + 20;
        let address = Ipv4Addr::new(127, block, high, low);
        let label = |name: &str| pod.labels().get(name).cloned().unwrap_or_default();
        let stopped = self.life.stopping().child_token();
        let role = Role::of_program(&label(COMPONENT));
        let (router, service, studio) = match role {
            Some(Role::EngineWorker) => {
                let telling = Telling::new(self.fault_of(&key.0), "an engine");
                (telling.over(self.shard(&key.0, &label(INSTANCE)).router()), Service::AuctionEngine, None)
            }
            Some(Role::Compositor) => {
                let studio = Studio::new(&self.air, format!("{}/{}", key.0, label(STREAM)), key.1.clone());
                let telling = Telling::new(self.fault_of(&key.0), "a compositor");
                (telling.over(studio.router()), Service::Compositor, Some(studio))
            }
            Some(Role::SocialGateway | Role::XEmulator) | None => {
                self.note(key, stopped, None);
                return Ok(address);
            }
        };
        let port = ports(service, |_| None)?.api;
        let listener = tokio::net::TcpListener::bind(SocketAddr::from((address, port))).await?;
        let ends = stopped.clone();
        self.life.spawn_brief(async move {
            let _ = axum::serve(listener, router).with_graceful_shutdown(ends.cancelled_owned()).await;
        });
        if let Some(studio) = studio.clone() {
            let lease = operator_plan::publisher_lease(&label(STREAM));
            let renews = studio.renew(Api::namespaced(self.client.clone(), &key.0), lease);
            let ends = stopped.clone();
            self.life.spawn_brief(async move {
                tokio::select! { () = renews => {}, () = ends.cancelled() => {} }
            });
        }
        self.note(key, stopped, studio);
        Ok(address)
    }

    fn note(&self, key: &(String, String), stopped: CancellationToken, studio: Option<Studio>) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), (stopped, studio));
    }

    fn gone(&self, pod: &Pod) {
        let key = (pod.namespace().unwrap_or_default(), pod.name_any());
        let ended = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        if let Some((stopped, studio)) = ended {
            stopped.cancel();
            if let Some(studio) = studio {
                studio.ended();
            }
        }
    }
}
