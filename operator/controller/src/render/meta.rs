//! A child's metadata: name, namespace, labels, owners.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ObjectMeta;
use operator_plan::Owner;

use super::labels::Labels;

/// Metadata of what goes when all its owners are gone.
pub(super) fn owned(name: String, namespace: &str, labels: Labels, owners: &[Owner]) -> ObjectMeta {
    let mut owners = owners.to_vec();
    owners.sort();
    let references = owners.iter().enumerate().map(|(index, owner)| OwnerReference {
        api_version: "sothebais.io/v1alpha1".to_owned(),
        kind: owner.kind.as_str().to_owned(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
        // There is room for one. Without any, a drain takes a pod for somebody's who will not bring it back.
        controller: Some(index == 0),
        block_owner_deletion: Some(true),
    });
    let references: Vec<_> = references.collect();
    ObjectMeta {
        name: Some(name),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        owner_references: (!references.is_empty()).then_some(references),
        ..ObjectMeta::default()
    }
}

/// Metadata of what a namespace has once. Nobody owns it: the operator takes it away when nothing needs it any more.
pub(super) fn shared(name: &str, namespace: &str, labels: Labels) -> ObjectMeta {
    owned(name.to_owned(), namespace, labels, &[])
}
