//! A compositor's control API: `PUT /v1/spec` says what it composes and whether it may publish, `GET /v1/status` says how far
//! it is. Whoever steers it (operator, `sothebais up`) compares generations and puts the newest spec again after a restart.

use auction_core::AuctionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Text, Time};

/// Longest URL of an engine's API, in bytes.
pub const MAX_URL: usize = 512;

/// The desired state of a compositor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompositorSpec {
    /// Rises with every change; an older one than the compositor has is refused.
    pub generation: i64,
    /// A `Stream` manifest as JSON (`sothebais.io/v1alpha1`).
    #[schema(value_type = Object)]
    pub stream: serde_json::Value,
    /// The auction on screen; without one the scene shows that nothing is on yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub publish: Publish,
}

/// Where the auction's state comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    #[schema(value_type = String)]
    pub auction: AuctionId,
    /// Such as `http://spring-engine:4400`; the WebSocket is at its `/v1/ws`.
    #[schema(value_type = String)]
    pub engine_url: Text<MAX_URL>,
}

/// Whether outputs that strangers see may be fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case", try_from = "PublishFields")]
pub enum Publish {
    /// Composes and encodes, sends nothing: ready to take over.
    Dark,
    /// Sends, under the publisher lease's epoch.
    OnAir { epoch: u64 },
}

/// How [`Publish`] is read: a tagged enum would let `dark` have fields that mean nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublishFields {
    mode: PublishMode,
    epoch: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PublishMode {
    Dark,
    OnAir,
}

impl TryFrom<PublishFields> for Publish {
    type Error = &'static str;

    fn try_from(PublishFields { mode, epoch }: PublishFields) -> Result<Self, Self::Error> {
        match (mode, epoch) {
            (PublishMode::Dark, None) => Ok(Self::Dark),
            (PublishMode::OnAir, Some(epoch)) => Ok(Self::OnAir { epoch }),
            (PublishMode::Dark, Some(_)) => Err("an epoch belongs to the mode on_air alone"),
            (PublishMode::OnAir, None) => Err("the mode on_air needs an epoch"),
        }
    }
}

/// The spec was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompositorAnswer {
    pub generation: i64,
}

/// What a compositor does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompositorStatus {
    /// The generation last received; 0 before the first.
    pub generation: i64,
    /// The generation that is in force.
    pub observed_generation: i64,
    /// The publisher epoch that it sends under; `None` while dark.
    pub epoch: Option<u64>,
    pub state: ProgramState,
    /// Frames encoded since the program began.
    pub frames: u64,
    pub outputs: Vec<OutputStatus>,
}

/// What a compositor is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramState {
    /// No spec yet, or the encoder is being opened.
    Starting,
    /// Composing, sending nothing.
    Dark,
    OnAir,
    /// Asked to stop; finishes what it has begun.
    Draining,
}

/// One output of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputStatus {
    pub name: String,
    pub required: bool,
    pub state: OutputState,
    /// Video frames that the peer's socket or the file took.
    pub frames_sent: u64,
    pub last_frame_at: Option<Time>,
    /// Connections made after the first.
    pub reconnects: u64,
    pub last_error: Option<OutputError>,
}

/// Where an output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputState {
    /// The compositor is dark.
    Idle,
    /// May not connect until the publisher lease names this compositor.
    WaitingForLease,
    Connecting,
    Live,
    /// The last attempt failed; the next one waits.
    BackingOff,
    /// Ended on purpose: taken out of the spec, or the compositor stops.
    Stopped,
}

/// Why an output failed last. The message holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputError {
    pub class: OutputErrorClass,
    pub message: String,
}

/// What kind of failure it was, for conditions and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputErrorClass {
    /// The URL cannot be used, or this form of output is not built yet.
    Unsupported,
    /// The stream key's file is missing or empty.
    StreamKeyMissing,
    /// The name of the server does not resolve.
    NameUnresolved,
    /// Nobody listens, or the network cannot be reached.
    ConnectFailed,
    /// The server answered, and refused the stream.
    Refused,
    /// No progress within the deadline.
    TimedOut,
    /// The peer closed a connection that was live.
    ConnectionLost,
    /// The file cannot be written.
    WriteFailed,
    /// A failure of the media libraries that has no class of its own.
    Internal,
}

impl ProgramState {
    pub const ALL: [Self; 4] = [Self::Starting, Self::Dark, Self::OnAir, Self::Draining];

    /// The name on the wire and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Dark => "dark",
            Self::OnAir => "on_air",
            Self::Draining => "draining",
        }
    }
}

impl OutputState {
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::WaitingForLease, Self::Connecting, Self::Live, Self::BackingOff, Self::Stopped];

    /// The name on the wire and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::WaitingForLease => "waiting_for_lease",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::BackingOff => "backing_off",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_reads_as_the_operator_writes_it() {
        let text = r#"{"generation":3,"stream":{"kind":"Stream"},
            "source":{"auction":"spring","engine_url":"http://spring:4400"},"publish":{"mode":"on_air","epoch":7}}"#;
        let spec: CompositorSpec = crate::json::read(text.as_bytes()).unwrap();
        assert_eq!(spec.publish, Publish::OnAir { epoch: 7 });
        let dark = r#"{"generation":3,"stream":{},"publish":{"mode":"dark"}}"#;
        assert_eq!(crate::json::read::<CompositorSpec>(dark.as_bytes()).unwrap().source, None);
        let both = r#"{"generation":3,"stream":{},"publish":{"mode":"dark","epoch":1}}"#;
        assert!(crate::json::read::<CompositorSpec>(both.as_bytes()).is_err(), "an epoch belongs to on_air");
    }

    #[test]
    fn a_status_has_the_names_that_the_operator_reads() {
        let status = CompositorStatus {
            generation: 2,
            observed_generation: 1,
            epoch: None,
            state: ProgramState::Dark,
            frames: 9,
            outputs: vec![OutputStatus {
                name: "x".into(),
                required: true,
                state: OutputState::BackingOff,
                frames_sent: 4,
                last_frame_at: None,
                reconnects: 1,
                last_error: Some(OutputError { class: OutputErrorClass::ConnectFailed, message: "m".into() }),
            }],
        };
        let expected = serde_json::json!({
            "generation": 2, "observed_generation": 1, "epoch": null, "state": "dark", "frames": 9,
            "outputs": [{"name": "x", "required": true, "state": "backing_off", "frames_sent": 4, "last_frame_at": null,
                "reconnects": 1, "last_error": {"class": "connect_failed", "message": "m"}}],
        });
        assert_eq!(serde_json::to_value(&status).unwrap(), expected);
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for state in ProgramState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
        for state in OutputState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }
}
