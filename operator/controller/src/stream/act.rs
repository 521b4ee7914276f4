//! Act: objects, then the lease, then what compositors are told, then who is not needed goes.
//!
//! Whoever is to go dark is told before anybody else is told to be on air.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, PostParams};
use operator_api::conditions::Reason;
use operator_plan::verdict::{About, Trouble};
use wire::compositor::{CompositorSpec, Publish};

use super::decide::{Decided, Tell};
use super::read::{PublisherLease, Read};
use crate::act::{ActError, Wrote};
use crate::house::is_served;
use crate::key::Key;
use crate::object::{Id, Kind};
use crate::operator::{Operator, Told};
use crate::render::LEASE_SECONDS;
use crate::render::names::digest;

/// What the acts came to.
#[derive(Debug, Default)]
pub(super) struct Acted {
    pub(super) conflicts: Vec<String>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) refused: Option<String>,
    /// Something was changed whose effect is to be looked at soon.
    pub(super) changed: Changed,
    pub(super) failed: Option<ActError>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Changed {
    #[default]
    Nothing,
    Something,
}

pub(super) async fn act(operator: &Operator, read: &Read, decided: &Decided) -> Result<Acted, ActError> {
    let mut acted = Acted::default();
    let served = decided.objects.iter().filter(|object| is_served(operator, object.id.kind));
    let writes = served.map(async |object| {
        let observed = operator.cache.object(&object.id);
        operator.actor.apply_known(object, observed.as_deref(), &read.owned).await
    });
    for done in futures_util::future::join_all(writes).await {
        acted.note(done);
    }
    let (dark, on_air): (Vec<_>, Vec<_>) = decided.tell.iter().partition(|tell| tell.spec.publish == Publish::Dark);
    for tell in dark {
        acted.tell(operator, read, tell).await;
    }
    if let (Some(pod), Some(lease)) = (&decided.appoint, &read.lease) {
        appoint(operator, read, lease, pod).await?;
        acted.changed = Changed::Something;
    }
    for tell in on_air {
        acted.tell(operator, read, tell).await;
    }
    for (id, object) in &decided.farewells {
        match operator.actor.delete(id, object).await {
            Ok(_) => acted.changed = Changed::Something,
            Err(error) => acted.failed = Some(error),
        }
    }
    Ok(acted)
}

/// Names another publisher: with the version that was read, so that a renewal that came meanwhile makes this fail.
async fn appoint(operator: &Operator, read: &Read, lease: &PublisherLease, pod: &str) -> Result<(), ActError> {
    let id =
        Id { namespace: read.namespace.clone(), kind: Kind::Lease, name: operator_plan::publisher_lease(&read.name) };
    let written: Result<Lease, _> = serde_json::to_value(&*lease.object).and_then(serde_json::from_value);
    let mut written = written.map_err(|source| ActError::Unwritable { id: id.clone(), source })?;
    let now = MicroTime(operator.clock.now());
    let spec = written.spec.get_or_insert_default();
    spec.holder_identity = Some(pod.to_owned());
    spec.lease_transitions = Some(i32::try_from(lease.epoch.saturating_add(1)).unwrap_or(i32::MAX));
    spec.lease_duration_seconds = Some(LEASE_SECONDS);
    spec.acquire_time = Some(now.clone());
    spec.renew_time = Some(now);
    let api: Api<Lease> = Api::namespaced(operator.actor.client().clone(), &read.namespace);
    operator.actor.bounded(&id, api.replace(&id.name, &PostParams::default(), &written)).await.map(|_| ())
}

impl Acted {
    fn note(&mut self, done: Result<Wrote, ActError>) {
        match done {
            Ok(Wrote::Nothing) => {}
            Ok(Wrote::Created | Wrote::Changed | Wrote::Repaired) => self.changed = Changed::Something,
            Err(error @ ActError::Foreign { .. }) => self.conflicts.push(error.to_string()),
            Err(error) => {
                let reason = match (&error, error.is_final()) {
                    (error, _) if error.is_quota() => Some(Reason::QuotaExceeded),
                    (ActError::Refused { code: 403, .. }, _) => Some(Reason::PodForbidden),
                    (_, true) => Some(Reason::PodInvalid),
                    (_, false) => None,
                };
                let trouble = reason.map(|reason| Trouble { reason, detail: error.to_string(), about: About::Pods });
                self.troubles.extend(trouble);
                self.failed = Some(error);
            }
        }
    }

    /// Tells a compositor unless it was told just that, and has not begun anew since.
    async fn tell(&mut self, operator: &Operator, read: &Read, tell: &Tell) {
        let fingerprint = fingerprint(tell);
        let key = Key::Stream(format!("{}/{}", read.key.namespace(), tell.pod), read.name.clone());
        if let Some(told) = operator.memory.told(&key, &fingerprint) {
            let knows = tell.spec.generation == told.generation + 1;
            if knows || told.refused.is_some() {
                self.refused = told.refused;
                return;
            }
        }
        let generation = tell.spec.generation;
        match operator.asker.put_compositor(&tell.address, &tell.spec).await {
            Ok(_) => {
                operator.memory.tell(&key, Told { fingerprint, generation, refused: None });
                self.changed = Changed::Something;
            }
            Err(error) if error.is_refusal() => {
                let refused = Some(error.to_string());
                self.refused.clone_from(&refused);
                operator.memory.tell(&key, Told { fingerprint, generation, refused });
            }
            // It will say so itself at the next look, by saying nothing.
            Err(error) => {
                tracing::info!(pod = tell.pod, error = %bootstrap::chain(&error), "a compositor was not told");
            }
        }
    }
}

/// Of everything that is told but the generation, which counts the tellings.
fn fingerprint(tell: &Tell) -> String {
    let spec = CompositorSpec { generation: 0, ..tell.spec.clone() };
    let text = serde_json::to_vec(&spec).expect("a spec is plain data");
    digest(&text)
}
