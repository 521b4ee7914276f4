//! Who reconciles: the process that the Lease names. Others keep their caches warm and wait.
//!
//! Clocks of different machines are never compared: another's lease is over when it has not changed for its whole duration
//! by our own clock. Every write carries the resource version that was read, so of two who try one succeeds.

use std::time::Duration;

use bootstrap::clock::Clock;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, PostParams};
use kube::{Client, ResourceExt};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::observe::Observe;

/// How long others wait for one that fell silent.
const DURATION: Duration = Duration::from_secs(12);
/// A leader that could not renew for so long stops, well before another may begin.
const GIVE_UP_AFTER: Duration = Duration::from_secs(8);
/// Renewals and looks: several fit into the time before giving up.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// One call; two of them fit into the time before giving up.
const CALL: Duration = Duration::from_secs(3);

/// Runs for the Lease.
pub struct Leader {
    pub client: Client,
    pub namespace: String,
    pub name: String,
    /// Unique to this process.
    pub identity: String,
    pub clock: Clock,
    pub observe: Observe,
}

/// What a look at the lease led to.
enum Standing {
    Leads,
    Follows,
}

/// The lease as it was last seen to change.
#[derive(Default)]
struct Seen {
    version: Option<String>,
    since: Option<Instant>,
}

impl Leader {
    /// Takes, keeps and at the end gives back the lease; `leads` says at any time whether it is ours.
    pub async fn run(self, leads: watch::Sender<bool>, stopping: CancellationToken, drained: CancellationToken) {
        let mut seen = Seen::default();
        let mut renewed = Instant::now();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! { _ = ticks.tick() => {}, () = stopping.cancelled() => break }
            let asked_at = Instant::now();
            match tokio::time::timeout(CALL, self.look(&mut seen)).await {
                Ok(Ok(Standing::Leads)) => {
                    renewed = asked_at;
                    self.set(&leads, true);
                }
                Ok(Ok(Standing::Follows)) => self.set(&leads, false),
                Ok(Err(error)) => tracing::warn!(error = %bootstrap::chain(&error), "the leader's lease cannot be had"),
                Err(_) => tracing::warn!("the leader's lease cannot be had: the API server does not answer"),
            }
            if *leads.borrow() && renewed.elapsed() > GIVE_UP_AFTER {
                tracing::warn!("the lease could not be renewed: another may lead soon, so this one stops");
                self.set(&leads, false);
            }
        }
        // Work that is under way is finished under the lease.
        drained.cancelled().await;
        if *leads.borrow() {
            self.set(&leads, false);
            match tokio::time::timeout(CALL, self.release()).await {
                Ok(Ok(())) => tracing::info!("the lease is given back"),
                Ok(Err(error)) => {
                    tracing::warn!(error = %bootstrap::chain(&error), "the lease could not be given back");
                }
                Err(_) => tracing::warn!("the lease could not be given back in time"),
            }
        }
    }

    async fn look(&self, seen: &mut Seen) -> Result<Standing, kube::Error> {
        let Some(lease) = self.api().get_opt(&self.name).await? else {
            return self.written(self.api().create(&PostParams::default(), &self.lease(None, 0)).await);
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        let transitions = spec.lease_transitions.unwrap_or_default();
        if seen.version != lease.resource_version() {
            *seen = Seen { version: lease.resource_version(), since: Some(Instant::now()) };
        }
        let silent = seen.since.is_some_and(|since| since.elapsed() >= DURATION);
        if holder == self.identity {
            let renewed = self.lease(Some(&lease), transitions);
            return self.written(self.api().replace(&self.name, &PostParams::default(), &renewed).await);
        }
        if !(holder.is_empty() || silent) {
            return Ok(Standing::Follows);
        }
        let taken = self.lease(Some(&lease), transitions.saturating_add(1));
        self.written(self.api().replace(&self.name, &PostParams::default(), &taken).await)
    }

    /// Somebody was faster: that is no error.
    fn written(&self, answer: Result<Lease, kube::Error>) -> Result<Standing, kube::Error> {
        match answer {
            Ok(lease) => {
                let holder = lease.spec.and_then(|spec| spec.holder_identity);
                Ok(if holder.as_ref() == Some(&self.identity) { Standing::Leads } else { Standing::Follows })
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Standing::Follows),
            Err(error) => Err(error),
        }
    }

    async fn release(&self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.api().get_opt(&self.name).await? else { return Ok(()) };
        match lease.spec.as_mut() {
            Some(spec) if spec.holder_identity.as_ref() == Some(&self.identity) => {
                spec.holder_identity = Some(String::new());
            }
            Some(_) | None => return Ok(()),
        }
        self.api().replace(&self.name, &PostParams::default(), &lease).await.map(|_| ())
    }

    fn lease(&self, read: Option<&Lease>, transitions: i32) -> Lease {
        let now = MicroTime(self.clock.now());
        let before = read.and_then(|lease| lease.spec.clone()).unwrap_or_default();
        let is_renewal = before.holder_identity.as_ref() == Some(&self.identity);
        Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                resource_version: read.and_then(ResourceExt::resource_version),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
                acquire_time: if is_renewal { before.acquire_time } else { Some(now.clone()) },
                renew_time: Some(now),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        }
    }

    fn api(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn set(&self, leads: &watch::Sender<bool>, now: bool) {
        leads.send_if_modified(|was| {
            let changed = *was != now;
            *was = now;
            if changed {
                tracing::info!(leads = now, "leadership has changed");
                self.observe.leads(now);
            }
            changed
        });
    }
}
