//! Whose an object of the cluster is. Labels are anybody's to take away; owners and the stamp of what was applied say the
//! rest.

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde_json::Value;

use crate::object::{APPLIED, EPOCH, INSTANCE, Id, Kind, MANAGED_BY, MANAGER, Object, REVISION};

/// Whether an object that the caches do not hold was made by us for the same owner.
pub(super) fn is_ours(found: &DynamicObject, wanted: &Object) -> bool {
    let labelled = found.labels().get(MANAGED_BY).is_some_and(|by| by == MANAGER);
    match uids(wanted) {
        // A child is known by whose it is, whatever became of its labels.
        Some(_) if !found.owner_references().is_empty() => shares_owner(found, wanted),
        Some(_) | None => labelled || found.annotations().contains_key(APPLIED),
    }
}

/// Whether an object belongs to somebody else's show: it has owners, and none of those that it should have.
pub(super) fn is_anothers(observed: &DynamicObject, wanted: &Object) -> bool {
    uids(wanted).is_some() && !observed.owner_references().is_empty() && !shares_owner(observed, wanted)
}

fn shares_owner(found: &DynamicObject, wanted: &Object) -> bool {
    let found = found.owner_references();
    let uids = uids(wanted).into_iter().flatten();
    uids.filter_map(|owner| owner.get("uid")?.as_str()).any(|uid| found.iter().any(|owner| owner.uid == uid))
}

fn uids(wanted: &Object) -> Option<&Vec<Value>> {
    wanted.manifest.pointer("/metadata/ownerReferences").and_then(Value::as_array).filter(|owners| !owners.is_empty())
}

/// The instance before a pod that is about to be made, as it should be labelled: its own template's mark is not ours to
/// guess.
pub(super) fn elder_of(wanted: &Object) -> Option<Object> {
    let labels = wanted.manifest.pointer("/metadata/labels")?;
    let epoch: u64 = labels.get(EPOCH)?.as_str()?.parse().ok()?;
    let stem = wanted.id.name.strip_suffix(&format!("-{epoch}"))?;
    let elder = epoch.checked_sub(1).filter(|elder| *elder > 0)?;
    let mut manifest = wanted.manifest.clone();
    let name = format!("{stem}-{elder}");
    manifest["metadata"]["name"] = name.clone().into();
    let labels = manifest["metadata"]["labels"].as_object_mut()?;
    labels.insert(EPOCH.to_owned(), elder.to_string().into());
    labels.remove(REVISION);
    Some(Object { id: Id { kind: Kind::Pod, name, namespace: wanted.id.namespace.clone() }, manifest })
}

/// Whether a pod runs on and cannot be seen as what it is, because somebody took its labels.
pub(super) fn is_lost(pod: &DynamicObject) -> bool {
    let has = |label: &str| pod.labels().contains_key(label);
    let is_seen = pod.labels().get(MANAGED_BY).is_some_and(|by| by == MANAGER) && has(INSTANCE) && has(EPOCH);
    pod.metadata.deletion_timestamp.is_none() && !is_seen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted() -> Object {
        let manifest = json!({"metadata": {"name": "auction-engine-night-3", "namespace": "n",
            "labels": {EPOCH: "3", REVISION: "r", INSTANCE: "auction-engine-night", MANAGED_BY: MANAGER},
            "ownerReferences": [{"kind": "Auction", "name": "night", "uid": "u"}]}});
        Object::new(Kind::Pod, &manifest)
    }

    fn found(metadata: &Value) -> DynamicObject {
        serde_json::from_value(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})).unwrap()
    }

    fn owned_by(uid: &str) -> Value {
        json!([{"apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "name": "night", "uid": uid}])
    }

    #[test]
    fn a_child_without_labels_is_ours_by_its_owner_and_one_of_another_owner_is_not() {
        assert!(is_ours(&found(&json!({"ownerReferences": owned_by("u")})), &wanted()));
        let other = json!({"ownerReferences": owned_by("v"), "labels": {MANAGED_BY: MANAGER}});
        assert!(!is_ours(&found(&other), &wanted()) && is_anothers(&found(&other), &wanted()));
        assert!(!is_ours(&found(&json!({})), &wanted()));
        assert!(is_ours(&found(&json!({"annotations": {APPLIED: "h"}})), &wanted()));
    }

    #[test]
    fn a_pod_that_lost_a_label_is_looked_for_under_the_name_before() {
        let elder = elder_of(&wanted()).unwrap();
        assert_eq!(elder.id.name, "auction-engine-night-2");
        assert_eq!(elder.manifest["metadata"]["labels"][EPOCH], "2");
        assert!(elder.manifest["metadata"]["labels"].get(REVISION).is_none());
        let mut first = wanted();
        first.manifest["metadata"]["labels"][EPOCH] = "1".into();
        first.id.name = "auction-engine-night-1".to_owned();
        assert!(elder_of(&first).is_none(), "nobody was before the first");
        assert!(is_lost(&found(&json!({"labels": {EPOCH: "2", INSTANCE: "auction-engine-night"}}))));
        assert!(!is_lost(&found(&json!({"labels": wanted().manifest["metadata"]["labels"]}))));
    }
}
