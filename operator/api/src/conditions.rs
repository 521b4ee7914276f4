//! Every condition and every reason of our resources: what people read in `kubectl get` and `kubectl describe`.
//!
//! Conditions are the truth about an object, `phase` a printed summary. A message says what is, then what to do. Pure: the
//! time is passed in.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::{Schema, SchemaGenerator, json_schema};

mod reason;
#[cfg(test)]
mod tests;

pub use reason::Reason;

/// Longer messages are cut: a condition is read on a terminal.
const LONGEST_MESSAGE: usize = 1024;

/// What a condition speaks of. Listed in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The cluster is what the spec asks for right now. An auction that starts next week is ready.
    Ready,
    /// The spec was understood, and the engine took it.
    Accepted,
    /// Secrets, classes and the like that the pods need are there.
    DependenciesReady,
    /// Every pod runs.
    Provisioned,
    /// The engine's worker leads its shard and has the spec.
    EngineReady,
    /// The compositor renders.
    StreamReady,
    /// The routes are written.
    RoutePublished,
    /// Every lot's NFT is in the house's contract.
    LotsEscrowed,
    /// Nothing may evict the pods, and that was verified.
    DisruptionProtected,
    /// Auction: a lot can be bid on and every required output took frames in the last five seconds. Freezes hang on it.
    Live,
    /// Stream: every required output took frames in the last five seconds. Freezes hang on it.
    Broadcasting,
    /// Every output takes frames, the required ones and the others.
    OutputsHealthy,
    /// Abnormal when true: another pod is taking over.
    Handover,
    /// Abnormal when true: it works, and something is wrong with it.
    Degraded,
    /// Money and NFTs have moved.
    Settled,
    /// Abnormal when true: the operator is at work (kstatus).
    Reconciling,
    /// Abnormal when true: the operator cannot go on by itself (kstatus).
    Stalled,
}

impl ConditionType {
    /// All of them, in order.
    pub const ALL: [Self; 17] = [
        Self::Ready,
        Self::Accepted,
        Self::DependenciesReady,
        Self::Provisioned,
        Self::EngineReady,
        Self::StreamReady,
        Self::RoutePublished,
        Self::LotsEscrowed,
        Self::DisruptionProtected,
        Self::Live,
        Self::Broadcasting,
        Self::OutputsHealthy,
        Self::Handover,
        Self::Degraded,
        Self::Settled,
        Self::Reconciling,
        Self::Stalled,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Accepted => "Accepted",
            Self::DependenciesReady => "DependenciesReady",
            Self::Provisioned => "Provisioned",
            Self::EngineReady => "EngineReady",
            Self::StreamReady => "StreamReady",
            Self::RoutePublished => "RoutePublished",
            Self::LotsEscrowed => "LotsEscrowed",
            Self::DisruptionProtected => "DisruptionProtected",
            Self::Live => "Live",
            Self::Broadcasting => "Broadcasting",
            Self::OutputsHealthy => "OutputsHealthy",
            Self::Handover => "Handover",
            Self::Degraded => "Degraded",
            Self::Settled => "Settled",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
        }
    }

    /// Whether `True` is the wanted state. Conditions of the other kind are left out while nothing is wrong.
    pub const fn is_good_when_true(self) -> bool {
        match self {
            Self::Ready
            | Self::Accepted
            | Self::DependenciesReady
            | Self::Provisioned
            | Self::EngineReady
            | Self::StreamReady
            | Self::RoutePublished
            | Self::LotsEscrowed
            | Self::DisruptionProtected
            | Self::Live
            | Self::Broadcasting
            | Self::OutputsHealthy
            | Self::Settled => true,
            Self::Handover | Self::Degraded | Self::Reconciling | Self::Stalled => false,
        }
    }

    /// Its place in a list; types that are not ours come last.
    fn rank(name: &str) -> usize {
        Self::ALL.iter().position(|kind| kind.as_str() == name).unwrap_or(Self::ALL.len())
    }
}

/// The state of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    True,
    False,
    Unknown,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// One thing to say about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub kind: ConditionType,
    pub state: State,
    pub reason: Reason,
    /// What it is about, such as `Secret "x-credentials"`. Empty where the reason says enough.
    pub detail: String,
}

impl Verdict {
    pub fn new(kind: ConditionType, state: State, reason: Reason, detail: impl Into<String>) -> Self {
        Self { kind, state, reason, detail: detail.into() }
    }

    /// What people read: the reason's sentence with the detail, then its remedy.
    pub fn message(&self) -> String {
        let text = self.reason.message(&self.detail);
        match text.char_indices().nth(LONGEST_MESSAGE) {
            None => text,
            Some((end, _)) => format!("{}…", &text[..end]),
        }
    }
}

/// Puts a verdict into a list of conditions, which stays in the order of [`ConditionType`].
///
/// `lastTransitionTime` moves only when the status flips, so that saying the same thing again changes nothing at all.
pub fn set(conditions: &mut Vec<Condition>, verdict: &Verdict, generation: Option<i64>, now: Timestamp) {
    let name = verdict.kind.as_str();
    let previous = conditions.iter().position(|condition| condition.type_ == name).map(|at| conditions.remove(at));
    let since = previous.filter(|previous| previous.status == verdict.state.as_str());
    let condition = Condition {
        type_: name.to_owned(),
        status: verdict.state.as_str().to_owned(),
        reason: verdict.reason.as_str().to_owned(),
        message: verdict.message(),
        observed_generation: generation,
        last_transition_time: since.map_or(Time(now), |previous| previous.last_transition_time),
    };
    let rank = ConditionType::rank(name);
    let place = conditions.iter().position(|other| ConditionType::rank(&other.type_) > rank);
    conditions.insert(place.unwrap_or(conditions.len()), condition);
}

/// Takes a condition out: the way in which an abnormal one ends.
pub fn clear(conditions: &mut Vec<Condition>, kind: ConditionType) {
    conditions.retain(|condition| condition.type_ != kind.as_str());
}

/// Finds a condition.
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == kind.as_str())
}

/// Whether a condition is there and true.
pub fn is_true(conditions: &[Condition], kind: ConditionType) -> bool {
    find(conditions, kind).is_some_and(|condition| condition.status == State::True.as_str())
}

/// The schema of a list of conditions, bounded so that rules over it stay cheap.
pub(crate) fn list_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "description": "The truth about the object, one entry a condition.",
        "maxItems": 32,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {"type": "string", "maxLength": 316, "description": "What it speaks of."},
                "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
                "reason": {
                    "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                    "description": "The cause, in one word for programs.",
                },
                "message": {"type": "string", "maxLength": 32768, "description": "The cause and the next step, for people."},
                "lastTransitionTime": {
                    "type": "string", "format": "date-time", "description": "When the status last changed.",
                },
                "observedGeneration": {
                    "type": "integer", "format": "int64", "minimum": 0,
                    "description": "The generation of the spec that it speaks of.",
                },
            },
        },
    })
}
