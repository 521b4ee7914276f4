//! Whether the cluster's object has everything that we want of it. Fields of others are none of our business.

use kube::api::DynamicObject;
use serde_json::{Map, Value};

/// Whether every field of `wanted` is so in `observed`.
pub(super) fn is_as_wanted(wanted: &Value, observed: &DynamicObject) -> bool {
    let Some(fields) = wanted.as_object() else { return false };
    fields.iter().all(|(name, value)| match name.as_str() {
        "apiVersion" | "kind" => true,
        "metadata" => metadata_patch(value, observed).is_none(),
        _ => observed.data.get(name).is_some_and(|found| holds(value, found)),
    })
}

/// The part of the wanted labels, annotations and owners that is not so; `None` when all is.
pub(super) fn metadata_patch(wanted: &Value, observed: &DynamicObject) -> Option<Value> {
    let mut patch = Map::new();
    let texts = |name: &str| match name {
        "labels" => observed.metadata.labels.as_ref(),
        _ => observed.metadata.annotations.as_ref(),
    };
    for name in ["labels", "annotations"] {
        let Some(Value::Object(entries)) = wanted.get(name) else { continue };
        let found = texts(name);
        let differs =
            |key: &str, value: &Value| found.and_then(|found| found.get(key)).map(String::as_str) != value.as_str();
        let missing: Map<String, Value> = entries
            .iter()
            .filter(|(key, value)| differs(key, value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !missing.is_empty() {
            patch.insert(name.to_owned(), missing.into());
        }
    }
    if let Some(owners) = wanted.get("ownerReferences") {
        let found = serde_json::to_value(&observed.metadata.owner_references).unwrap_or_default();
        if !holds(owners, &found) {
            patch.insert("ownerReferences".to_owned(), owners.clone());
        }
    }
    if let Some(finalizers) = wanted.get("finalizers") {
        let found = serde_json::to_value(&observed.metadata.finalizers).unwrap_or_default();
        if !holds(finalizers, &found) {
            patch.insert("finalizers".to_owned(), finalizers.clone());
        }
    }
    (!patch.is_empty()).then_some(patch.into())
}

/// Adds to a patch the nulls of `volatile` labels and annotations that are there and not wanted any more.
pub(super) fn add_removals(patch: &mut Value, wanted: &Value, observed: &DynamicObject, volatile: &Value) {
    for (group, found) in [("labels", &observed.metadata.labels), ("annotations", &observed.metadata.annotations)] {
        let names = volatile.get(group).and_then(Value::as_object).into_iter().flat_map(Map::keys);
        for name in names {
            let is_wanted = wanted.get(group).is_some_and(|entries| entries.get(name).is_some());
            if !is_wanted && found.as_ref().is_some_and(|found| found.contains_key(name)) {
                patch[group][name] = Value::Null;
            }
        }
    }
}

/// Whether `found` is `wanted` with perhaps more fields, which the API server or others have added.
fn holds(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            // What is empty may be left out by the API server.
            wanted.iter().all(|(name, value)| match found.get(name) {
                Some(found) => holds(value, found),
                None => is_empty(value),
            })
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| holds(wanted, found))
        }
        (wanted, found) => wanted == found,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn observed(extra: Value) -> DynamicObject {
        let mut object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"ours": "1",
            "theirs": "2"}}, "spec": {"clusterIP": "None", "ports": [{"name": "api", "port": 1, "protocol": "TCP"}]}});
        if let (Some(object), Value::Object(extra)) = (object.as_object_mut(), extra) {
            object.extend(extra);
        }
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn what_others_add_is_left_alone_and_what_we_own_is_missed() {
        let wanted = json!({"metadata": {"name": "a", "labels": {"ours": "1"}},
            "spec": {"clusterIP": "None", "ports": [{"name": "api", "port": 1}]}});
        assert!(is_as_wanted(&wanted, &observed(json!({}))));
        assert!(is_as_wanted(&wanted, &observed(json!({"status": {"loadBalancer": {}}}))));
        assert!(!is_as_wanted(&wanted, &observed(json!({"spec": {"clusterIP": "None", "ports": []}}))));
        let relabelled = json!({"metadata": {"labels": {"ours": "3"}}});
        assert!(!is_as_wanted(&relabelled, &observed(json!({}))));
        assert_eq!(
            metadata_patch(&relabelled["metadata"], &observed(json!({}))),
            Some(json!({"labels": {"ours": "3"}}))
        );
    }

    #[test]
    fn what_is_not_wanted_any_more_is_taken_away_by_name_and_nothing_else() {
        let (mut patch, volatile) = (json!({}), json!({"labels": {"theirs": null, "absent": null}}));
        add_removals(&mut patch, &json!({"labels": {}}), &observed(json!({})), &volatile);
        assert_eq!(patch, json!({"labels": {"theirs": null}}));
        let mut kept = json!({});
        add_removals(&mut kept, &json!({"labels": {"theirs": "2"}}), &observed(json!({})), &volatile);
        assert_eq!(kept, json!({}));
    }

    #[test]
    fn an_empty_field_that_the_server_leaves_out_is_no_difference() {
        let wanted = json!({"spec": {"clusterIP": "None", "selector": {}}});
        assert!(is_as_wanted(&wanted, &observed(json!({}))));
    }
}
