//! What a workload's pod gets: processor, memory, and where it may stand.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::OBJECT_NAME;

/// Amounts as Kubernetes writes them: `500m`, `1`, `512Mi`. Always in quotes.
pub(crate) const QUANTITY: &str = r"^[0-9]{1,12}(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$";

/// Processor and memory of a container. What is left out is the operator's default for the role.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("!has(self.requests) || !has(self.limits) || !has(self.requests.cpu) || !has(self.limits.cpu) || \
        quantity(self.requests.cpu).compareTo(quantity(self.limits.cpu)) <= 0",
        "requests.cpu is above limits.cpu; lower the request or raise the limit"),
    validation = ("!has(self.requests) || !has(self.limits) || !has(self.requests.memory) || !has(self.limits.memory) || \
        quantity(self.requests.memory).compareTo(quantity(self.limits.memory)) <= 0",
        "requests.memory is above limits.memory; lower the request or raise the limit")
)]
pub struct Resources {
    /// What the scheduler sets aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Amounts>,
    /// What the container never exceeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Amounts>,
}

/// An amount of each resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Amounts {
    /// Processors: `"500m"` is half of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 18), regex(pattern = QUANTITY))]
    pub cpu: Option<String>,
    /// Bytes: `"512Mi"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 18), regex(pattern = QUANTITY))]
    pub memory: Option<String>,
}

/// On which nodes a workload may run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scheduling {
    /// Labels that the node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "labels_schema")]
    pub node_selector: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub tolerations: Vec<Toleration>,
    /// Left out, the class that the operator was installed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub priority_class_name: Option<String>,
    /// Over what the pods of one role are spread.
    pub topology_spread: TopologySpread,
}

/// A taint that the workload puts up with.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("self.operator != 'Exists' || !has(self.value)",
        "Exists takes no value; remove value or write operator: Equal"),
    validation = ("self.operator != 'Equal' || has(self.key)", "Equal needs a key; name the taint's key or write operator: Exists"),
    validation = ("!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
        "only NoExecute is tolerated for a time; set effect: NoExecute or remove tolerationSeconds")
)]
pub struct Toleration {
    /// The taint's key; left out with `Exists`, every taint is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 316))]
    pub key: Option<String>,
    #[serde(default)]
    pub operator: TolerationOperator,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// Left out, every effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub toleration_seconds: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TolerationOperator {
    #[default]
    Equal,
    Exists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TopologySpread {
    /// Wherever there is room.
    None,
    /// Over nodes, where that is possible.
    #[default]
    Nodes,
    /// Over zones, where that is possible.
    Zones,
}

/// At most 16 labels, each value as long as Kubernetes allows.
fn labels_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {"type": "string", "maxLength": 63},
    })
}
