//! Act: the mark first, then objects, then who is not wanted goes, then the worker is told.
//!
//! One object that cannot be written keeps no other from being written. What failed for a moment is tried again by the key's
//! backoff, after everything else was done and reported.

use operator_api::Auction;
use operator_api::conditions::Reason;
use operator_plan::verdict::{About, Trouble};
use serde_json::json;

use super::decide::{Decided, Finalizer};
use super::read::Read;
use crate::act::{ActError, Wrote};
use crate::object::{Grip, Id, Kind, Object};
use crate::operator::{Operator, Told};

/// What the acts came to.
#[derive(Debug, Default)]
pub(super) struct Acted {
    /// Names that others have, kinds that are refused: what a person has to see to.
    pub(super) conflicts: Vec<String>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) route_refused: Option<(Reason, String)>,
    /// Objects that somebody had changed and that are as they should be again.
    pub(super) repaired: Vec<Id>,
    pub(super) created_pods: usize,
    pub(super) engine_refused: Option<String>,
    pub(super) engine_silent: Option<String>,
    pub(super) told: Option<i64>,
    pub(super) released: Released,
    /// What is to be tried again.
    pub(super) failed: Option<ActError>,
}

/// Whether the resource was let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Released {
    #[default]
    No,
    Cleanly,
    /// With something of it still running.
    Unclean,
}

pub(super) async fn act(operator: &Operator, read: &Read, decided: &Decided) -> Result<Acted, ActError> {
    let mut acted = Acted::default();
    match decided.finalizer {
        Finalizer::Leave => {}
        // Nothing may exist that the mark does not guard.
        Finalizer::Add => mark(operator, read, Mark::On).await?,
        Finalizer::Remove => acted.released = Released::Cleanly,
        Finalizer::RemoveUnclean => acted.released = Released::Unclean,
    }
    // What pods need to be admitted comes before them.
    let (pods, others): (Vec<_>, Vec<_>) = decided.objects.iter().partition(|object| object.id.kind == Kind::Pod);
    for wave in [others, pods] {
        let writes = wave.into_iter().map(|object| write(operator, read, object));
        for (object, done) in futures_util::future::join_all(writes).await {
            acted.note(object, done);
        }
    }
    for (id, object) in &decided.farewells {
        if let Err(error) = operator.actor.delete(id, object).await {
            acted.failed = Some(error);
        }
    }
    if let Some(tell) = &decided.tell {
        let generation = tell.request.generation;
        let said = operator.asker.put_engine(&tell.address, &tell.request).await;
        match &said {
            Ok(_) => acted.told = Some(generation),
            Err(error) if error.is_refusal() => acted.engine_refused = Some(error.to_string()),
            Err(error) => acted.engine_silent = Some(bootstrap::chain(error).to_string()),
        }
        if acted.engine_silent.is_none() {
            let (fingerprint, refused) = (tell.fingerprint.clone(), acted.engine_refused.clone());
            operator.memory.tell(&read.key, Told { fingerprint, generation, refused });
        }
    }
    match acted.released {
        Released::No => {}
        Released::Cleanly | Released::Unclean => mark(operator, read, Mark::Off).await?,
    }
    Ok(acted)
}

async fn write<'a>(operator: &Operator, read: &Read, object: &'a Object) -> (&'a Object, Result<Wrote, ActError>) {
    let observed = operator.cache.object(&object.id);
    (object, operator.actor.apply_known(object, observed.as_deref(), &read.owned).await)
}

impl Acted {
    fn note(&mut self, object: &Object, done: Result<Wrote, ActError>) {
        let is_route = object.id.kind.provider() != crate::object::Provider::Kubernetes;
        match done {
            Ok(Wrote::Nothing | Wrote::Changed) => {}
            Ok(Wrote::Created) => self.created_pods += usize::from(object.id.kind.grip() == Grip::Metadata),
            Ok(Wrote::Repaired) => self.repaired.push(object.id.clone()),
            Err(error @ ActError::Foreign { .. }) => self.conflicts.push(error.to_string()),
            Err(error) if is_route && error.is_final() => {
                let reason = match &error {
                    ActError::MissingKind { .. } => Reason::TraefikCRDsMissing,
                    ActError::Foreign { .. }
                    | ActError::Refused { .. }
                    | ActError::Conflict { .. }
                    | ActError::NotFound { .. }
                    | ActError::Failed { .. }
                    | ActError::TimedOut { .. }
                    | ActError::Unwritable { .. } => Reason::PodInvalid,
                };
                self.route_refused = Some((reason, error.to_string()));
                self.failed = Some(error);
            }
            Err(error) => {
                let reason = match (&error, error.is_final()) {
                    (error, _) if error.is_quota() => Some(Reason::QuotaExceeded),
                    (ActError::Refused { code: 403, .. }, _) => Some(Reason::PodForbidden),
                    (_, true) => Some(Reason::PodInvalid),
                    (_, false) => None,
                };
                if let Some(reason) = reason {
                    self.troubles.push(Trouble { reason, detail: error.to_string(), about: About::Pods });
                }
                self.failed = Some(error);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    On,
    Off,
}

/// Sets or takes away our finalizer; others' stay. The test of the version makes sure that none is lost.
async fn mark(operator: &Operator, read: &Read, mark: Mark) -> Result<(), ActError> {
    let ours = operator_api::labels::OFF_AIR_FINALIZER;
    let metadata = &read.auction.metadata;
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    finalizers.retain(|finalizer| finalizer != ours);
    match mark {
        Mark::On => finalizers.push(ours.to_owned()),
        Mark::Off => {}
    }
    let patch = json!({"metadata": {
        "finalizers": finalizers, "resourceVersion": metadata.resource_version, "uid": metadata.uid,
    }});
    operator.actor.patch::<Auction>(&read.namespace, &read.name, &patch).await
}
