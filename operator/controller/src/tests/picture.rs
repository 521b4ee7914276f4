//! What a world looks like, without what differs from run to run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Objects by kind and name, washed.
pub(super) type Picture = BTreeMap<String, Value>;

/// Identities, versions, times and addresses, and counts that depend on how often something was tried.
const DIFFERENT: [&str; 22] = [
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
    "deletionGracePeriodSeconds",
];

/// Takes out what differs, and puts conditions in one order: a condition that comes back is at the end.
pub(super) fn wash(value: &mut Value, namespace: &str) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DIFFERENT.contains(&name.as_str()));
            fields.values_mut().for_each(|field| wash(field, namespace));
            if let Some(Value::Array(conditions)) = fields.get_mut("conditions") {
                conditions.sort_by_key(|condition| condition["type"].as_str().map(str::to_owned));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| wash(item, namespace)),
        // The API server gives the volume of the account's token a name by chance.
        Value::String(text) if text.starts_with("kube-api-access-") => "kube-api-access".clone_into(text),
        Value::String(text) => *text = text.replace(namespace, "NAMESPACE"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where two pictures differ, and how.
pub(super) fn difference(wanted: &Picture, found: &Picture) -> Vec<String> {
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let differ = names.into_iter().filter_map(|name| {
        let patch = crate::status::difference(&wanted.get(name), &found.get(name))?;
        Some(format!("{name}: {patch}"))
    });
    differ.collect()
}
