//! `values.schema.json`: every key, and no other.

use serde_json::{Map, Value, json};

use super::Entry;

/// The JSON Schema of the values.
pub fn schema(entries: &[Entry]) -> Value {
    let mut schema = object(entries);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Values of the chart sothebais");
    // Helm itself puts these into a chart that is part of another.
    schema["properties"]["global"] = json!({ "type": "object", "description": "What a parent chart shares." });
    schema
}

fn object(entries: &[Entry]) -> Value {
    let properties: Map<String, Value> = entries.iter().map(|entry| (entry.key.clone(), property(entry))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(entry: &Entry) -> Value {
    let hints = &entry.hints;
    let mut property = match &entry.default {
        Value::Object(_) if hints.free => json!({ "type": "object", "additionalProperties": true }),
        Value::Object(_) => object(&entry.children),
        Value::Array(_) => json!({ "type": "array", "items": { "type": hints.items.as_deref().unwrap_or("string") } }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(_) | Value::Null => json!({ "type": "string" }),
    };
    if !hints.one_of.is_empty() {
        property["enum"] = json!(hints.one_of);
    }
    if let Some(minimum) = hints.minimum {
        property["minimum"] = json!(minimum);
    }
    if let Some(maximum) = hints.maximum {
        property["maximum"] = json!(maximum);
    }
    property["description"] = json!(entry.text);
    property
}
