//! `Stream`: what is composed and pushed to outputs. One compositor is on air for it at a time.
//!
//! An auction owns its stream by a template, or refers to one that outlives it. Durations are whole seconds.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod output;
mod picture;
mod scene;
mod status;

pub use output::{Importance, Output, OutputType};
pub use picture::{Audio, Preset, Video};
pub use scene::{Ingest, RtmpIngest, RtmpsIngest, Scene};
pub use status::{ActivePod, Endpoints, OutputState, OutputStatus, StandbyPod, StreamPhase, StreamStatus};

use crate::disruption::Disruption;
use crate::resources::{Resources, Scheduling};

/// What is composed, and where it goes.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "sothebais.io",
    version = "v1alpha1",
    kind = "Stream",
    namespaced,
    status = "StreamStatus",
    derive = "PartialEq",
    doc = "What is composed and pushed to outputs: one compositor on air, with or without one standing by.",
    shortname = "strm",
    category = "sothebais",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Out","type":"string","jsonPath":".status.outputsLive"}"#,
    printcolumn = r#"{"name":"Node","type":"string","jsonPath":".status.active.node"}"#,
    printcolumn = r#"{"name":"Epoch","type":"integer","jsonPath":".status.active.epoch"}"#,
    printcolumn = r#"{"name":"Protected","type":"string","jsonPath":".status.conditions[?(@.type=='DisruptionProtected')].status"}"#,
    printcolumn = r#"{"name":"Bitrate","type":"integer","jsonPath":".spec.video.bitrateKbps","priority":1}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].reason","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = ("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "the name must be a DNS label of at most 40 characters, because pods, Services and the publisher's lease are named after it"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Broadcasting' && c.status == 'True') || \
        (self.spec.video.width == oldSelf.spec.video.width && self.spec.video.height == oldSelf.spec.video.height && \
        self.spec.video.fps == oldSelf.spec.video.fps)",
        "video width, height and fps are frozen while Broadcasting: receivers would see the broadcast break off; wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Broadcasting' && c.status == 'True') || \
        (has(self.spec.ingest.rtmps) == has(oldSelf.spec.ingest.rtmps) && \
        (!has(self.spec.ingest.rtmps) || self.spec.ingest.rtmps.host == oldSelf.spec.ingest.rtmps.host))",
        "the RTMPS host is frozen while Broadcasting: sources that send to it would be cut off; wait until it has ended")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = (
    "self.terminationGracePeriodSeconds >= self.disruption.maxOutageSeconds + 30",
    "terminationGracePeriodSeconds must leave 30 s beside disruption.maxOutageSeconds, so that outputs close and the recording is flushed"
))]
pub struct StreamSpec {
    /// 1 composes, 0 is off air; `kubectl scale` sets it.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 1))]
    pub replicas: i32,
    /// Whether a second compositor stands by.
    #[serde(default)]
    pub standby: Standby,
    #[serde(default)]
    pub video: Video,
    #[serde(default)]
    pub audio: Audio,
    /// Where the picture goes. Each has a queue of its own; a failing one never delays another.
    #[schemars(
        length(min = 1, max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub outputs: Vec<Output>,
    /// Where guests send their pictures to.
    #[serde(default)]
    pub ingest: Ingest,
    /// What is on screen; left out, the built-in scene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Scene>,
    #[serde(default)]
    pub resources: Resources,
    #[serde(default)]
    pub scheduling: Scheduling,
    #[serde(default)]
    pub disruption: Disruption,
    /// How long a compositor that must stop may take to close outputs and flush its recording.
    #[serde(default = "two_minutes")]
    #[schemars(range(min = 60, max = 7200))]
    pub termination_grace_period_seconds: i64,
}

/// What takes over when the active compositor is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Standby {
    /// A new pod is made.
    #[default]
    None,
    /// A pod with the image and its secrets waits.
    Warm,
    /// A pod renders dark beside the active one and takes over within its lease and one second.
    Hot,
}

const fn one() -> i32 {
    1
}

const fn two_minutes() -> i64 {
    120
}
