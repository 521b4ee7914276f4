//! One look at all worlds: a watch for each kind, so that a hundred plays wait for what they see and ask for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use bootstrap::lifecycle::Lifecycle;
use futures_util::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Client, ResourceExt as _};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::flips::without_status;
use super::picture::{Picture, wash};
use crate::object::{Kind, MANAGED_BY, MANAGER, Provider};

/// What does not change for so long is at rest: longer than any look of an operator under test.
const STILL: Duration = Duration::from_millis(1_500);

/// What is seen. Clones are the same.
#[derive(Clone)]
pub(super) struct Eye {
    seen: Arc<Mutex<BTreeMap<String, World>>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct World {
    picture: Picture,
    uids: BTreeMap<String, String>,
    versions: BTreeMap<String, u64>,
    changed: Option<Instant>,
}

impl Eye {
    pub(super) fn open(client: &Client, life: &Lifecycle) -> Self {
        let eye = Self { seen: Arc::default(), changes: Arc::new(watch::Sender::new(0)) };
        let kinds = Kind::ALL.into_iter().chain([Kind::Auction]);
        for kind in kinds.filter(|kind| kind.provider() != Provider::CertManager) {
            let (this, client, stopping) = (eye.clone(), client.clone(), life.stopping());
            life.spawn("eye", async move {
                tokio::select! { () = this.follow(&client, kind) => {}, () = stopping.cancelled() => {} }
                Ok(())
            });
        }
        eye
    }

    async fn follow(&self, client: &Client, kind: Kind) {
        let resource: ApiResource = kind.resource();
        let config = match kind {
            Kind::Auction | Kind::Stream => Config::default(),
            _ => Config::default().labels(&format!("{MANAGED_BY}={MANAGER}")),
        };
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        let mut events = std::pin::pin!(watcher(api, config).default_backoff());
        let mut listed = BTreeSet::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(object)) => self.put(kind, &object),
                Ok(Event::InitApply(object)) => {
                    listed.insert((object.namespace().unwrap_or_default(), object.name_any()));
                    self.put(kind, &object);
                }
                Ok(Event::Delete(object)) => self.remove(kind, &object),
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitDone) => self.keep(kind, &listed),
                Err(_) => {}
            }
        }
    }

    fn put(&self, kind: Kind, object: &DynamicObject) {
        let (namespace, uid) = (object.namespace().unwrap_or_default(), object.uid().unwrap_or_default());
        let version = object.resource_version().and_then(|version| version.parse().ok()).unwrap_or(0);
        let mut value = serde_json::to_value(object).unwrap_or_default();
        wash(&mut value, &namespace);
        // What the disruption controller counts is its own, and late.
        if kind == Kind::PodDisruptionBudget
            && let Some(fields) = value.as_object_mut()
        {
            fields.remove("status");
        }
        let name = name(kind, &object.name_any());
        self.change(namespace, |world| {
            world.versions.insert(name.clone(), version);
            let before = world.picture.insert(name.clone(), value);
            let same_uid = world.uids.insert(name.clone(), uid.clone()) == Some(uid);
            !same_uid || before != world.picture.get(&name).cloned()
        });
    }

    fn remove(&self, kind: Kind, object: &DynamicObject) {
        let name = name(kind, &object.name_any());
        self.change(object.namespace().unwrap_or_default(), |world| {
            world.uids.remove(&name);
            world.picture.remove(&name).is_some()
        });
    }

    /// Forgets what a new list does not have.
    fn keep(&self, kind: Kind, listed: &BTreeSet<(String, String)>) {
        let prefix = name(kind, "");
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (namespace, world) in seen.iter_mut() {
            let stays = |name: &String| {
                name.strip_prefix(&prefix).is_none_or(|name| listed.contains(&(namespace.clone(), name.to_owned())))
            };
            world.picture.retain(|name, _| stays(name));
            world.uids.retain(|name, _| stays(name));
        }
        drop(seen);
        self.changes.send_modify(|count| *count += 1);
    }

    /// A write that changes nothing we look at does not count.
    fn change(&self, namespace: String, how: impl FnOnce(&mut World) -> bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let world = seen.entry(namespace).or_default();
        if how(world) {
            world.changed = Some(Instant::now());
            drop(seen);
            self.changes.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn picture(&self, namespace: &str) -> Picture {
        self.with(namespace, |world| world.picture.clone())
    }

    /// The identities of what is seen, by name.
    pub(super) fn uids(&self, namespace: &str) -> BTreeMap<String, String> {
        self.with(namespace, |world| world.uids.clone())
    }

    fn with<T>(&self, namespace: &str, use_it: impl FnOnce(&World) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        use_it(seen.entry(namespace.to_owned()).or_default())
    }

    /// Waits until what is seen of a namespace is so.
    pub(super) async fn until(
        &self,
        namespace: &str,
        patience: Duration,
        is_so: impl Fn(&Picture) -> bool,
    ) -> anyhow::Result<()> {
        self.wait(namespace, patience, |world| is_so(&world.picture)).await
    }

    /// The version of an object that was seen last.
    pub(super) fn version(&self, namespace: &str, name: &str) -> u64 {
        self.with(namespace, |world| world.versions.get(name).copied().unwrap_or(0))
    }

    /// Waits until an object is there as wanted, its status aside, in a version after another.
    pub(super) async fn until_as(
        &self,
        namespace: &str,
        patience: Duration,
        (name, wanted, after): (&str, &Value, u64),
    ) -> anyhow::Result<()> {
        let is_so = |world: &World| {
            let newer = world.versions.get(name).is_some_and(|version| *version > after);
            newer && world.picture.get(name).is_some_and(|found| without_status(found) == *wanted)
        };
        self.wait(namespace, patience, is_so).await
    }

    /// Waits until every object of `before` is there again as another one.
    pub(super) async fn until_others(
        &self,
        namespace: &str,
        patience: Duration,
        before: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let is_other =
            |world: &World, (name, uid): (&String, &String)| world.uids.get(name).is_some_and(|now| now != uid);
        self.wait(namespace, patience, |world| before.iter().all(|entry| is_other(world, entry))).await
    }

    async fn wait(&self, namespace: &str, patience: Duration, is_so: impl Fn(&World) -> bool) -> anyhow::Result<()> {
        let mut changes = self.changes.subscribe();
        let begun = Instant::now();
        loop {
            changes.borrow_and_update();
            if self.with(namespace, &is_so) {
                return Ok(());
            }
            if tokio::time::timeout_at(begun + patience, changes.changed()).await.is_err() {
                bail!("not within {} s", patience.as_secs());
            }
        }
    }

    /// The picture of a namespace once nothing of it changes any more.
    pub(super) async fn at_rest(&self, namespace: &str, patience: Duration) -> anyhow::Result<Picture> {
        let begun = Instant::now();
        loop {
            let changed = self.with(namespace, |world| world.changed);
            if changed.is_none_or(|at| at.elapsed() >= STILL) {
                return Ok(self.picture(namespace));
            }
            if begun.elapsed() > patience {
                bail!("the world does not come to rest within {} s", patience.as_secs());
            }
            tokio::time::sleep(STILL / 8).await;
        }
    }
}

/// As pictures name an object.
pub(super) fn name(kind: Kind, name: &str) -> String {
    format!("{}/{name}", kind.as_str())
}

/// The status and reason of a condition, such as `True AsSpecified`.
pub(super) fn condition(resource: Option<&Value>, kind: &str) -> String {
    let conditions = resource.and_then(|it| it.pointer("/status/conditions")).and_then(Value::as_array);
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    let text = |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    found.map(|it| format!("{} {}", text(it, "status"), text(it, "reason"))).unwrap_or_default()
}
