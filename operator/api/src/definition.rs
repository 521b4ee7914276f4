//! The `CustomResourceDefinition`s as the API server takes them: the derived ones, put into the shape that it wants.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use kube::CustomResourceExt as _;
use serde_json::{Value, json};

use crate::conditions::{ConditionType, Reason, State};
use crate::{Auction, Stream};

/// When a condition that nobody has written yet has changed last.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// All definitions, in the order of their names.
pub fn definitions() -> Vec<CustomResourceDefinition> {
    vec![auction_crd(), stream_crd()]
}

/// Renders the definition of [`Auction`].
pub fn auction_crd() -> CustomResourceDefinition {
    finished(Auction::crd())
}

/// Renders the definition of [`Stream`].
pub fn stream_crd() -> CustomResourceDefinition {
    finished(Stream::crd())
}

/// Fills in what a derive cannot say.
fn finished(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
        let schema = schema.expect("a derived definition has a schema");
        let mut tree = serde_json::to_value(&*schema).expect("a schema is JSON");
        forbid_null(&mut tree);
        tree["properties"]["status"]["default"] = waiting();
        *schema = serde_json::from_value::<JSONSchemaProps>(tree).expect("a schema stays one");
    }
    crd
}

/// An optional field is left out, never null: then `has()` means one thing, and the API server drops a null by itself.
fn forbid_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| !(name == "nullable" && value.is_boolean()));
            members.values_mut().for_each(forbid_null);
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The status of an object that no operator has seen: not ready, and not by mistake without conditions.
fn waiting() -> Value {
    json!({
        "phase": "Pending",
        "conditions": [{
            "type": ConditionType::Ready.as_str(),
            "status": State::Unknown.as_str(),
            "reason": Reason::Pending.as_str(),
            "message": Reason::Pending.message(""),
            "lastTransitionTime": NEVER,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auction::AuctionPhase;
    use crate::{AuctionStatus, Guarded, StreamStatus};

    /// Calls `look` with every schema of all definitions and where it is.
    fn walk(at: &str, schema: &Value, look: &mut impl FnMut(&str, &Value)) {
        look(at, schema);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{at}.{name}"), field, look);
        }
        for (member, name) in [("items", "[]"), ("additionalProperties", ".*")] {
            if let Some(inner) = schema.get(member).filter(|inner| inner.is_object()) {
                walk(&format!("{at}{name}"), inner, look);
            }
        }
    }

    fn every_schema(mut look: impl FnMut(&str, &Value)) {
        for definition in definitions() {
            let version = serde_json::to_value(&definition.spec.versions[0]).unwrap();
            walk(&definition.spec.names.kind, &version["schema"]["openAPIV3Schema"], &mut look);
        }
    }

    #[test]
    fn everything_has_a_bound_so_that_rules_stay_cheap_and_objects_small() {
        every_schema(|at, schema| {
            let bounded = |keywords: &[&str]| keywords.iter().any(|keyword| schema.get(keyword).is_some());
            match schema["type"].as_str() {
                Some("string") => {
                    assert!(bounded(&["maxLength", "enum", "pattern", "format"]), "{at} is as long as it likes");
                }
                Some("array") => assert!(bounded(&["maxItems"]), "{at} has as many entries as it likes"),
                Some("object") => {
                    assert!(bounded(&["properties", "maxProperties"]), "{at} has as many members as it likes");
                }
                Some("integer" | "boolean") => {}
                other => panic!("{at} is of type {other:?}: floats and untyped fields have no place here"),
            }
        });
    }

    #[test]
    fn nothing_may_be_null_and_no_number_is_unsigned() {
        every_schema(|at, schema| {
            assert!(schema.get("nullable").is_none(), "{at} may be null");
            assert!(!schema["format"].as_str().unwrap_or_default().starts_with("uint"), "{at} is unsigned");
        });
    }

    #[test]
    fn every_rule_has_a_message_of_one_sentence_without_a_full_stop() {
        every_schema(|at, schema| {
            for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
                let message = rule["message"].as_str().unwrap_or_else(|| panic!("{at}: {rule} has no message"));
                assert!(message.len() > 20 && !message.ends_with('.') && !message.contains('\n'), "{at}: {message}");
            }
        });
    }

    #[test]
    fn the_words_of_a_newer_operator_in_a_status_are_unknown_and_no_error() {
        let auction: AuctionStatus =
            serde_json::from_value(json!({"phase": "Encore", "applause": 7, "sold": 1})).unwrap();
        assert_eq!((auction.phase, auction.sold), (AuctionPhase::Unknown, Some(1)));
        let stream = json!({"phase": "Encore", "outputs": [{"name": "x", "state": "Hologram"}]});
        let stream: StreamStatus = serde_json::from_value(stream).unwrap();
        assert_eq!(stream.outputs[0].state, crate::stream::OutputState::Unknown);
    }

    #[test]
    fn an_object_that_cannot_be_read_keeps_its_name_and_the_others_are_read() {
        let auction = |name: &str, order: &str| {
            json!({
                "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": name, "generation": 3},
                "spec": {
                    "title": "x", "schedule": {"startsAt": "2026-12-01T20:00:00Z"}, "lotOrder": order,
                    "lots": [{"id": "one", "title": "One", "startingPrice": "1"}],
                },
            })
        };
        let list = json!([auction("old", "Sequential"), auction("new", "Simultaneous")]);
        let list: Vec<Guarded<Auction>> = serde_json::from_value(list).unwrap();
        assert!(list[0].0.is_ok());
        let unreadable = list[1].0.as_ref().unwrap_err();
        assert_eq!((unreadable.metadata.name.as_deref(), unreadable.metadata.generation), (Some("new"), Some(3)));
        assert!(unreadable.error.contains("Simultaneous"), "{}", unreadable.error);
    }
}
