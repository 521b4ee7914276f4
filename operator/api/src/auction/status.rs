//! What the operator has seen of an auction. Bids and prices are never here.
//!
//! Written by one operator and perhaps read by an older one: an unknown word becomes `Unknown` and breaks nothing.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::list_schema;
use crate::reference::NameRef;

/// What the operator has seen of an auction.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuctionStatus {
    /// The generation that the conditions speak of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// A summary for people; the conditions are the truth.
    pub phase: AuctionPhase,
    #[schemars(schema_with = "list_schema")]
    pub conditions: Vec<Condition>,
    /// The run from going live to the last hammer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The lot that is open or comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_lot: Option<CurrentLot>,
    /// Lots that were sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub sold: Option<i32>,
    /// When the last lot ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Where viewers and bidders go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub url: Option<String>,
    /// The stream that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_ref: Option<NameRef>,
    /// The workloads that the auction has or had, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub workloads: Vec<WorkloadStatus>,
}

/// A summary of the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum AuctionPhase {
    /// Seen by nobody yet, or refused.
    #[default]
    Pending,
    /// Nothing runs before the warm-up.
    Scheduled,
    /// Its workloads are being started.
    Provisioning,
    /// Everything runs; the first lot has not opened.
    Ready,
    /// On air, and bids count.
    Live,
    /// On air, and bids wait.
    Paused,
    /// The last lot has ended; money and NFTs have not moved everywhere.
    Settling,
    /// Over.
    Completed,
    /// It cannot go on by itself.
    Failed,
    Cancelled,
    /// It is being deleted.
    Terminating,
    /// Written by a newer operator.
    #[serde(other)]
    Unknown,
}

/// One run of the show. Its template is pinned: an upgrade of the operator touches the next session only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Session {
    #[schemars(length(max = 64))]
    pub id: String,
    /// The lease epoch of the engine's shard, as last seen.
    #[schemars(range(min = 0))]
    pub epoch: i64,
    /// A hash of the template that its workloads were made from.
    #[schemars(length(max = 128))]
    pub template_revision: String,
    /// The operator that wrote that template.
    #[schemars(length(max = 64))]
    pub operator_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// A place in the order of lots.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentLot {
    #[schemars(length(max = 63))]
    pub id: String,
    /// From 1.
    #[schemars(range(min = 1))]
    pub index: i32,
    /// Of how many.
    #[schemars(range(min = 1))]
    pub of: i32,
    /// The place for people: `3/12`.
    #[schemars(length(max = 16))]
    pub place: String,
}

/// One workload of the auction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    #[schemars(length(max = 63))]
    pub name: String,
    /// Counts its pods: the pod is called `<name>-<epoch>`, and the next one gets the epoch above.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub epoch: i64,
    /// The template that the running pod was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub template_revision: Option<String>,
}
