//! Read: one watch for each kind, for ever. What it brings goes into the cache first and then wakes the keys it concerns.

use std::sync::Arc;
use std::time::Duration;

use bootstrap::lifecycle::Lifecycle;
use futures_util::StreamExt as _;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Event, watcher};
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, Source};
use crate::object::{Kind, MANAGED_BY, MANAGER, Provider};
use crate::observe::Observe;
use crate::queue::Queue;

/// A kind that is not installed is looked for again after this long, and so noticed within half a minute.
const LOOK_FOR_KIND_EVERY: Duration = Duration::from_secs(15);
/// Objects of one page of a first list.
const PAGE: u32 = 500;

/// What is watched, and for whom.
#[derive(Clone)]
pub struct Watches {
    pub client: Client,
    /// One namespace, or all.
    pub namespace: Option<String>,
    pub cache: Cache,
    pub queue: Arc<Queue>,
    pub observe: Observe,
}

impl Watches {
    /// Starts them all.
    pub fn start(&self, life: &Lifecycle) {
        for source in self.sources() {
            let (watches, stopping) = (self.clone(), life.stopping());
            life.spawn("watch", async move {
                watches.run(source, stopping).await;
                Ok(())
            });
        }
    }

    /// Whether everything that must be there has been listed: nothing is reconciled before.
    pub fn are_synced(&self) -> bool {
        let needed = self.sources().into_iter().filter(|source| provider(*source) == Provider::Kubernetes);
        needed.into_iter().all(|source| self.cache.is_synced(source))
    }

    /// Nodes belong to no namespace: they are seen by an operator that watches all of them.
    fn sources(&self) -> Vec<Source> {
        // Streams are watched once, as resources.
        let objects = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Stream).map(Source::Objects);
        let nodes = self.namespace.is_none().then_some(Source::Nodes);
        [Source::Auctions, Source::Streams].into_iter().chain(nodes).chain(objects).collect()
    }

    async fn run(self, source: Source, stopping: CancellationToken) {
        loop {
            let absent = tokio::select! {
                () = stopping.cancelled() => return,
                absent = self.follow(source) => absent,
            };
            if self.cache.is_synced(source) {
                self.cache.unsync(source);
                self.observe.watch_synced(name(source), false);
            }
            tracing::debug!(kind = name(source), error = %bootstrap::chain(&absent), "the kind is not served");
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK_FOR_KIND_EVERY) => {}
            }
        }
    }

    /// Follows one watch until its kind turns out not to be served.
    async fn follow(&self, source: Source) -> watcher::Error {
        let resource = resource(source);
        let api: Api<DynamicObject> = match (&self.namespace, source) {
            (Some(namespace), _) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            (None, _) => Api::all_with(self.client.clone(), &resource),
        };
        let mut config = Config::default().page_size(PAGE);
        if let Source::Objects(_) = source {
            config = config.labels(&format!("{MANAGED_BY}={MANAGER}"));
        }
        let mut events = std::pin::pin!(watcher(api, config).default_backoff());
        loop {
            match events.next().await {
                Some(Ok(event)) => self.note(source, event),
                Some(Err(error)) if is_absent(&error) => return error,
                Some(Err(error)) => {
                    // The stream goes on by itself, after a growing pause.
                    tracing::info!(kind = name(source), error = %bootstrap::chain(&error), "a watch broke off");
                }
                None => return watcher::Error::NoResourceVersion,
            }
        }
    }

    fn note(&self, source: Source, event: Event<DynamicObject>) {
        let listed = matches!(event, Event::InitDone);
        let was_synced = self.cache.is_synced(source);
        let keys = self.cache.note(source, event);
        for key in keys {
            self.queue.add(key);
        }
        if listed && !was_synced {
            self.observe.watch_synced(name(source), true);
            // What waited for the kind is looked at again.
            for key in self.cache.keys() {
                self.queue.add(key);
            }
        }
    }
}

/// The API server answers 404 for a kind that it does not know.
fn is_absent(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(kube::Error::Api(status)) | WatchStartFailed(kube::Error::Api(status)) => status.code == 404,
        InitialListFailed(_) | WatchStartFailed(_) | WatchError(_) | WatchFailed(_) | NoResourceVersion => false,
    }
}

fn provider(source: Source) -> Provider {
    match source {
        Source::Objects(kind) => kind.provider(),
        Source::Auctions | Source::Streams | Source::Nodes => Provider::Kubernetes,
    }
}

fn name(source: Source) -> &'static str {
    match source {
        Source::Auctions => "Auction",
        Source::Streams => "Stream",
        Source::Nodes => "Node",
        Source::Objects(kind) => kind.as_str(),
    }
}

fn resource(source: Source) -> ApiResource {
    match source {
        Source::Objects(kind) => kind.resource(),
        Source::Streams => Kind::Stream.resource(),
        Source::Auctions => ApiResource {
            group: operator_api::GROUP.to_owned(),
            version: operator_api::VERSION.to_owned(),
            api_version: format!("{}/{}", operator_api::GROUP, operator_api::VERSION),
            kind: "Auction".to_owned(),
            plural: "auctions".to_owned(),
        },
        Source::Nodes => ApiResource {
            group: String::new(),
            version: "v1".to_owned(),
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            plural: "nodes".to_owned(),
        },
    }
}
