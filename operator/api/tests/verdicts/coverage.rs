//! Every bound and every rule of the generated definitions has a case that is refused because of it, and no case speaks of a
//! bound that is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::table::{Case, Wanted};

/// A stream's spec inside an auction is the same type with the same bounds; its cases are the stream's.
const EMBEDDED: &str = "spec.stream.template";

/// Keywords that bound a value.
const KEYWORDS: [&str; 11] = [
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "maxProperties",
    "enum",
    "format",
];

/// Compares what a definition demands with what the cases refuse.
///
/// `dormant` rules need no refusing case.
pub(crate) fn compare(schema: &Value, cases: &[Case], dormant: &[String]) -> (Vec<String>, Vec<String>) {
    let mut demanded = BTreeSet::new();
    collect("", schema, &mut demanded);
    let sleeps = |subject: &str| dormant.iter().any(|rule| subject.starts_with(rule));
    let refused = |subject: &str| {
        sleeps(subject) || cases.iter().any(|case| covers(subject, case) && case.wanted != Wanted::Accepted)
    };
    let accepted = |subject: &str| {
        subject.ends_with(" required")
            || cases.iter().any(|case| covers(subject, case) && case.wanted == Wanted::Accepted)
    };
    let missing = demanded.iter().filter(|subject| !refused(subject) || !accepted(subject)).cloned().collect();
    let idle = cases.iter().filter(|case| !demanded.iter().any(|subject| covers(subject, case)));
    (missing, idle.map(|case| case.name.clone()).collect())
}

/// A rule is known by the beginning of its message.
fn covers(subject: &str, case: &Case) -> bool {
    if case.subject.starts_with("rule: ") { subject.starts_with(&case.subject) } else { subject == case.subject }
}

fn collect(path: &str, schema: &Value, demanded: &mut BTreeSet<String>) {
    if path == EMBEDDED {
        return;
    }
    for keyword in KEYWORDS {
        let bounds = match keyword {
            "format" => schema[keyword] == "date-time",
            _ => schema.get(keyword).is_some(),
        };
        if bounds {
            demanded.insert(format!("{path} {keyword}"));
        }
    }
    if matches!(schema["x-kubernetes-list-type"].as_str(), Some("map" | "set")) {
        demanded.insert(format!("{path} unique"));
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for field in schema["required"].as_array().into_iter().flatten() {
        demanded.insert(format!("{} required", below(field.as_str().expect("a name"))));
    }
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        demanded.insert(format!("rule: {}", rule["message"].as_str().expect("every rule has a message")));
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        collect(&below(name), field, demanded);
    }
    if let Some(items) = schema.get("items") {
        collect(&format!("{path}[]"), items, demanded);
    }
    if let Some(values) = schema.get("additionalProperties") {
        collect(&format!("{path}.key-0"), values, demanded);
    }
}
