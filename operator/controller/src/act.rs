//! Act: brings one object of the cluster in line with what is wanted, and writes nothing when it is.
//!
//! Every write may have been done already by an earlier life of this process: names are deterministic, a second write is
//! the same write. What somebody else made under one of our names is never touched.

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, ResourceExt as _};
use operator_plan::Protection;
use serde_json::{Value, json};

use crate::object::{APPLIED, AUCTION, Grip, Id, Kind, MANAGER, Object, REVISION};
use crate::render;
use crate::render::names::digest;

mod compare;
mod kinship;
mod trouble;

use kinship::is_ours;
pub use trouble::ActError;

/// One call may take this long. An API server that needs more is out of order, and the key is tried again.
pub(crate) const CALL_DEADLINE: Duration = Duration::from_secs(10);

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    Nothing,
    Created,
    /// We want something else than before.
    Changed,
    /// Somebody else had changed what we own.
    Repaired,
}

/// Writes objects.
#[derive(Clone)]
pub struct Actor {
    client: Client,
}

impl Actor {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes `object` so. `observed` is what the cache holds of it, `known` what was decided by: a pod that has vanished
    /// between the two is not made again under its name, because an epoch is given out once.
    pub async fn apply_known(
        &self,
        object: &Object,
        observed: Option<&DynamicObject>,
        known: &[(Id, Arc<DynamicObject>)],
    ) -> Result<Wrote, ActError> {
        let is_once = object.id.kind.grip() == Grip::Metadata;
        if is_once && observed.is_none() && known.iter().any(|(id, _)| *id == object.id) {
            return Err(ActError::Conflict { id: object.id.clone(), already_exists: false });
        }
        self.apply(object, observed).await
    }

    /// Makes `object` so. `observed` is what the cache holds of it.
    pub async fn apply(&self, object: &Object, observed: Option<&DynamicObject>) -> Result<Wrote, ActError> {
        let id = &object.id;
        match observed {
            Some(observed) => self.change(object, observed).await,
            None => match self.fetch(id).await? {
                Some(found) if is_ours(&found, object) => self.change(object, &found).await,
                Some(_) => Err(ActError::Foreign { id: id.clone() }),
                None => match self.take_back(object).await? {
                    Some(wrote) => Ok(wrote),
                    None => self.create(object).await,
                },
            },
        }
    }

    /// Before a pod is made in the place of one that is seen no more: whether that one runs on without its labels. It gets
    /// them back then, and stays.
    async fn take_back(&self, object: &Object) -> Result<Option<Wrote>, ActError> {
        let elder = (object.id.kind.grip() == Grip::Metadata).then(|| kinship::elder_of(object)).flatten();
        let Some(elder) = elder else { return Ok(None) };
        match self.fetch(&elder.id).await? {
            Some(found) if kinship::is_lost(&found) && is_ours(&found, &elder) => {
                self.change_metadata(&elder, &found).await?;
                Ok(Some(Wrote::Repaired))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Deletes exactly the object that was seen: one that was made anew under its name, or changed meanwhile, stays.
    pub async fn delete(&self, id: &Id, observed: &DynamicObject) -> Result<Wrote, ActError> {
        if observed.metadata.deletion_timestamp.is_some() {
            return Ok(Wrote::Nothing);
        }
        let preconditions =
            Preconditions { uid: observed.uid(), resource_version: observed.metadata.resource_version.clone() };
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match deadline(id, self.api(id).delete(&id.name, &parameters)).await {
            Ok(_) => Ok(Wrote::Changed),
            Err(error) if error.is_not_found() => Ok(Wrote::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads an object that the caches do not hold.
    pub async fn fetch(&self, id: &Id) -> Result<Option<DynamicObject>, ActError> {
        deadline(id, self.api(id).get_opt(&id.name)).await
    }

    /// Patches a user's resource. The patch carries the version that it was made from: one that has changed is read anew.
    pub async fn patch<K: UserResource>(&self, namespace: &str, name: &str, patch: &Value) -> Result<(), ActError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let (parameters, patch) = (ours(), Patch::Merge(patch));
        let call = api.patch_metadata(name, &parameters, &patch);
        user_deadline::<K, _>(namespace, name, call).await
    }

    /// Patches a user's resource's status, in the same way.
    pub async fn patch_status<K: UserResource>(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<(), ActError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let (parameters, patch) = (ours(), Patch::Merge(patch));
        let call = api.patch_status(name, &parameters, &patch);
        user_deadline::<K, _>(namespace, name, call).await
    }

    /// Deletes a user's resource whose time is over, if it is still the one that was seen.
    pub async fn expire<K: UserResource>(&self, namespace: &str, resource: &K) -> Result<(), ActError> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let preconditions = Preconditions { uid: resource.uid(), resource_version: resource.resource_version() };
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let name = resource.name_any();
        user_deadline::<K, _>(namespace, &name, api.delete(&name, &parameters)).await
    }

    /// Bounds a call that is about `id`, and sorts what came of it.
    pub async fn bounded<T>(&self, id: &Id, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ActError> {
        deadline(id, call).await
    }

    async fn create(&self, object: &Object) -> Result<Wrote, ActError> {
        let id = &object.id;
        let done = match id.kind.grip() {
            Grip::Metadata | Grip::FirstForm => {
                let body = dynamic(&object.manifest, id)?;
                let parameters = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
                deadline(id, self.api(id).create(&parameters, &body)).await.map(|_| ())
            }
            // Not forced: should somebody else make it at this moment, it is theirs.
            Grip::Whole => {
                deadline(id, self.api(id).patch(&id.name, &PatchParams::apply(MANAGER), &Patch::Apply(stamped(object))))
                    .await
                    .map(|_| ())
            }
        };
        match done {
            Ok(()) => Ok(Wrote::Created),
            // An earlier attempt may have come through although its answer did not.
            Err(error) if error.already_exists() => match self.fetch(id).await? {
                Some(found) if is_ours(&found, object) => self.change(object, &found).await.map(|_| Wrote::Created),
                Some(_) => Err(ActError::Foreign { id: id.clone() }),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn change(&self, object: &Object, observed: &DynamicObject) -> Result<Wrote, ActError> {
        let id = &object.id;
        if observed.metadata.deletion_timestamp.is_some() {
            return Ok(Wrote::Nothing);
        }
        match id.kind.grip() {
            Grip::FirstForm => Ok(Wrote::Nothing),
            // It ends with the show that it was made for: the next one's is made when it is gone.
            Grip::Metadata if kinship::is_anothers(observed, object) => {
                Err(ActError::Conflict { id: id.clone(), already_exists: false })
            }
            Grip::Metadata => self.change_metadata(object, observed).await,
            Grip::Whole => {
                let wanted = stamped(object);
                if compare::is_as_wanted(&wanted, observed) {
                    return Ok(Wrote::Nothing);
                }
                let same_as_before = observed.annotations().get(APPLIED) == hash_of(&wanted);
                let parameters = PatchParams::apply(MANAGER).force();
                deadline(id, self.api(id).patch(&id.name, &parameters, &Patch::Apply(&wanted))).await?;
                Ok(if same_as_before { Wrote::Repaired } else { Wrote::Changed })
            }
        }
    }

    /// A pod that exists keeps its template; labels, annotations and owners follow the plan.
    async fn change_metadata(&self, object: &Object, observed: &DynamicObject) -> Result<Wrote, ActError> {
        let Some(mut metadata) = object.manifest.get("metadata").cloned() else { return Ok(Wrote::Nothing) };
        // The template that it was made from stays what it was, whatever is rendered today.
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove(REVISION);
        }
        let metadata = &metadata;
        let mut patch = compare::metadata_patch(metadata, observed).unwrap_or_else(|| json!({}));
        // What protected it is taken away by name once it may go.
        compare::add_removals(&mut patch, metadata, observed, &render::protection(Protection::Open)["metadata"]);
        // A worker of several is no single one's, whoever was there first.
        compare::add_removals(&mut patch, metadata, observed, &json!({"labels": {AUCTION: null}}));
        if patch.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(Wrote::Nothing);
        }
        if let (Some(fields), Some(uid)) = (patch.as_object_mut(), observed.uid()) {
            fields.insert("uid".to_owned(), uid.into());
        }
        let body = Patch::Merge(json!({ "metadata": patch }));
        deadline(&object.id, self.api(&object.id).patch_metadata(&object.id.name, &ours(), &body)).await?;
        Ok(Wrote::Changed)
    }

    fn api(&self, id: &Id) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &id.namespace, &id.kind.resource())
    }
}

/// A resource that users write and we report on.
pub trait UserResource:
    kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
    + Clone
    + std::fmt::Debug
    + serde::de::DeserializeOwned
    + Send
    + Sync
{
    const KIND: Kind;
}

impl UserResource for operator_api::Auction {
    const KIND: Kind = Kind::Auction;
}

impl UserResource for operator_api::Stream {
    const KIND: Kind = Kind::Stream;
}

fn ours() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}

async fn user_deadline<K: UserResource, T>(
    namespace: &str,
    name: &str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<(), ActError> {
    let id = Id { namespace: namespace.to_owned(), kind: K::KIND, name: name.to_owned() };
    deadline(&id, call).await.map(|_| ())
}

async fn deadline<T>(id: &Id, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ActError> {
    match tokio::time::timeout(CALL_DEADLINE, call).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(ActError::of(id, error)),
        Err(_) => Err(ActError::TimedOut { id: id.clone() }),
    }
}

/// The manifest with the hash of itself, by which a later look tells our change of mind from somebody's edit.
fn stamped(object: &Object) -> Value {
    let hash = digest(object.manifest.to_string().as_bytes());
    let mut manifest = object.manifest.clone();
    manifest["metadata"]["annotations"][APPLIED] = hash.into();
    manifest
}

fn hash_of(stamped: &Value) -> Option<&String> {
    match stamped.get("metadata")?.get("annotations")?.get(APPLIED)? {
        Value::String(hash) => Some(hash),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn dynamic(manifest: &Value, id: &Id) -> Result<DynamicObject, ActError> {
    serde_json::from_value(manifest.clone()).map_err(|source| ActError::Unwritable { id: id.clone(), source })
}
