//! How an auction is run and put on screen: its engine, its stream, its upgrades.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::NameRef;
use crate::resources::Resources;
use crate::stream::StreamSpec;

/// How the engine runs this auction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Engine {
    /// Frozen while the auction is live.
    pub isolation: Isolation,
    /// Of the worker, where it is this auction's own.
    pub resources: Resources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Isolation {
    /// A worker of its own.
    #[default]
    Dedicated,
    /// A place in the pool's shard, beside other auctions.
    Shared,
}

/// The stream that shows the auction. Exactly one of the two.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = (
    "has(self.template) != has(self.ref)",
    "give stream.template (a stream of the auction's own) or stream.ref (one that outlives it), not both"
))]
pub struct StreamSource {
    /// A stream that the auction owns; it has the auction's name and goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<StreamSpec>>,
    /// A stream of the same namespace that outlives the auction.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<NameRef>,
}

/// When a changed template (a new version of the operator, other resources) reaches workloads that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Rollout {
    /// Never: the next session has it.
    #[default]
    OnNextSession,
    /// By hand-over, while no lot is open.
    BetweenLots,
    /// By hand-over, at once.
    Immediate,
}
