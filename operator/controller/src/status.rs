//! Statuses: what is said replaces what was said, and a write is made of the difference alone.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use operator_api::conditions::{self, ConditionType, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

/// Says the verdicts; conditions of ours that none speaks of are taken away.
pub(crate) fn set_all(conditions: &mut Vec<Condition>, verdicts: &[Verdict], generation: Option<i64>, now: Timestamp) {
    for verdict in verdicts {
        conditions::set(conditions, verdict, generation, now);
    }
    for kind in ConditionType::ALL {
        if verdicts.iter().all(|verdict| verdict.kind != kind) {
            conditions::clear(conditions, kind);
        }
    }
}

/// The merge patch from one status to another; `None` when they are the same.
pub(crate) fn difference(before: &impl Serialize, after: &impl Serialize) -> Option<Value> {
    let value = |status: Result<Value, serde_json::Error>| status.expect("a status is plain data");
    between(&value(serde_json::to_value(before)), &value(serde_json::to_value(after)))
}

fn between(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut patch = Map::new();
            for (name, value) in after {
                match before.get(name) {
                    Some(old) => {
                        if let Some(change) = between(old, value) {
                            patch.insert(name.clone(), change);
                        }
                    }
                    None => {
                        patch.insert(name.clone(), value.clone());
                    }
                }
            }
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                patch.insert(name.clone(), Value::Null);
            }
            (!patch.is_empty()).then_some(Value::Object(patch))
        }
        (before, after) => (before != after).then(|| after.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_holds_what_changed_and_nulls_for_what_went() {
        let before = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1]});
        assert_eq!(difference(&before, &before), None);
        let after = json!({"a": 1, "b": {"c": 3}, "e": [1, 2]});
        assert_eq!(difference(&before, &after), Some(json!({"b": {"c": 3, "d": null}, "e": [1, 2]})));
    }
}
