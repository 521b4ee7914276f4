//! What the operator has seen of a stream. Frames and bitrates are metrics, never here.
//!
//! Written by one operator and perhaps read by an older one: an unknown word becomes `Unknown` and breaks nothing.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::list_schema;

/// What the operator has seen of a stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StreamStatus {
    /// The generation that the conditions speak of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// A summary for people; the conditions are the truth.
    pub phase: StreamPhase,
    #[schemars(schema_with = "list_schema")]
    pub conditions: Vec<Condition>,
    /// The highest epoch that a pod of this stream was given. The next pod gets the one above it.
    #[schemars(range(min = 0))]
    pub epoch: i64,
    /// The compositor that holds the publisher's lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<ActivePod>,
    /// The compositor that stands by, or takes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbyPod>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub outputs: Vec<OutputStatus>,
    /// Outputs that take frames, of all: `2/2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub outputs_live: Option<String>,
    /// Compositors that exist; read by `scale`.
    pub replicas: i32,
    /// The label selector of their pods; read by `scale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// The template that running pods were made from; kept while the stream is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub template_revision: Option<String>,
    /// The operator that wrote that template.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub operator_version: Option<String>,
}

/// A summary of the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum StreamPhase {
    /// Nothing runs yet.
    #[default]
    Pending,
    /// The compositor's pod is being started.
    Starting,
    /// It renders, dark.
    Ready,
    /// Every required output takes frames.
    Broadcasting,
    /// Another compositor takes over.
    HandingOver,
    /// It is closing its outputs.
    Draining,
    /// Nothing runs any more, or `replicas` is 0.
    Stopped,
    /// It cannot go on by itself.
    Failed,
    /// Written by a newer operator.
    #[serde(other)]
    Unknown,
}

/// The compositor on air, or about to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivePod {
    #[schemars(length(max = 253))]
    pub pod: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub node: Option<String>,
    #[schemars(range(min = 0))]
    pub epoch: i64,
    /// When it was named publisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// The compositor beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StandbyPod {
    #[schemars(length(max = 253))]
    pub pod: String,
    #[schemars(range(min = 0))]
    pub epoch: i64,
    /// Whether it renders and could take over at once.
    pub ready: bool,
}

/// One output as its compositor last told it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutputStatus {
    #[schemars(length(max = 40))]
    pub name: String,
    #[serde(default)]
    pub state: OutputState,
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub reconnects: i64,
    /// The kind of its last error, such as `ConnectionRefused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub last_error_class: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum OutputState {
    /// The compositor is dark.
    #[default]
    Idle,
    /// It may not connect before the lease is renewed.
    WaitingForLease,
    Connecting,
    Live,
    /// It waits before it tries again.
    BackingOff,
    Stopped,
    /// Written by a newer operator.
    #[serde(other)]
    Unknown,
}

/// Where the stream can be reached, as URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoints {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub ws: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub rtmp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub rtmps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub metrics: Option<String>,
}
