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
