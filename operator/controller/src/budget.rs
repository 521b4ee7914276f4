//! Whether the budget that protects live pods is in force: read back as the cluster says it, not as we wrote it.

use kube::api::DynamicObject;
use serde_json::Value;

use crate::cache::Cache;
use crate::object::{Id, Kind, PROTECTED};
use crate::render::BUDGET;

/// How the budget of a namespace stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody has written it yet.
    Missing,
    /// It was written, and what enforces it has not looked at it yet, or says something else.
    NotInForce(String),
    InForce,
}

pub(crate) fn standing(cache: &Cache, namespace: &str) -> Standing {
    let id = Id { namespace: namespace.to_owned(), kind: Kind::PodDisruptionBudget, name: BUDGET.to_owned() };
    cache.object(&id).map_or(Standing::Missing, |budget| of(&budget))
}

fn of(budget: &DynamicObject) -> Standing {
    let status = |field: &str| budget.data.pointer(&format!("/status/{field}"));
    let number = |field: &str| status(field).and_then(Value::as_i64);
    if budget.metadata.generation != number("observedGeneration") {
        return Standing::NotInForce("the disruption controller has not seen it yet".to_owned());
    }
    if number("disruptionsAllowed") != Some(0) {
        return Standing::NotInForce("it allows disruptions".to_owned());
    }
    let conditions = status("conditions").and_then(Value::as_array).into_iter().flatten();
    let text =
        |condition: &Value, field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let allowed = conditions.into_iter().find(|condition| text(condition, "type") == "DisruptionAllowed");
    match allowed.map(|condition| (text(condition, "reason"), text(condition, "message"))) {
        // Evictions are refused then as well, by accident: such a budget is not trusted.
        Some((reason, message)) if reason == "SyncFailed" => Standing::NotInForce(message),
        Some(_) | None => Standing::InForce,
    }
}

/// Whether a pod's label says that the budget is about it.
pub(crate) fn covers(pod: &DynamicObject) -> bool {
    pod.metadata.labels.as_ref().and_then(|labels| labels.get(PROTECTED)).is_some_and(|protected| protected == "true")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn standing_of(status: &Value) -> Standing {
        let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": BUDGET, "namespace": "n", "generation": 2}, "status": status});
        of(&serde_json::from_value(budget).unwrap())
    }

    #[test]
    fn a_budget_counts_when_the_cluster_has_counted_by_it() {
        let in_force = json!({"observedGeneration": 2, "disruptionsAllowed": 0, "expectedPods": 1,
            "conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods"}]});
        assert_eq!(standing_of(&in_force), Standing::InForce);
        for status in [
            json!({}),
            json!({"observedGeneration": 1, "disruptionsAllowed": 0}),
            json!({"observedGeneration": 2, "disruptionsAllowed": 1}),
            json!({"observedGeneration": 2, "disruptionsAllowed": 0,
                "conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no"}]}),
        ] {
            assert!(matches!(standing_of(&status), Standing::NotInForce(_)), "{status}");
        }
    }
}
