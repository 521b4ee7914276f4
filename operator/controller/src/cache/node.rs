//! What we need to know of a node: whether it wants to be empty.

use kube::api::DynamicObject;
use serde_json::Value;

/// Taints by which an autoscaler or Karpenter says that a node goes.
const LEAVING_TAINTS: [&str; 3] =
    ["karpenter.sh/disrupted", "karpenter.sh/disruption", "ToBeDeletedByClusterAutoscaler"];

/// Whether workloads may stay on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    Stays,
    /// It was cordoned, or something announced its end.
    Leaving,
}

impl NodeState {
    pub(super) fn of(node: &DynamicObject) -> Self {
        let cordoned = node.data.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
        let taints = node.data.pointer("/spec/taints").and_then(Value::as_array).into_iter().flatten();
        let keys = taints.filter_map(|taint| taint.get("key").and_then(Value::as_str));
        let announced = keys.into_iter().any(|key| LEAVING_TAINTS.contains(&key));
        if cordoned || announced { Self::Leaving } else { Self::Stays }
    }
}
