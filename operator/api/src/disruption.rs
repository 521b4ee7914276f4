//! What may interrupt a show: a node's drain, an upgrade, an edit. Said by the auctioneer, kept by the operator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a running workload may be moved, and how long viewers may be without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Disruption {
    pub policy: DisruptionPolicy,
    /// The longest gap that a hand-over may cost; a hand-over that would take longer is not begun.
    #[schemars(range(min = 0, max = 60))]
    pub max_outage_seconds: i64,
    /// How long a node's drain waits for a moment that the policy allows. After that the operator says so in an event
    /// and an alert; it never evicts by itself.
    #[schemars(range(min = 0, max = 86400))]
    pub drain_deadline_seconds: i64,
}

impl Default for Disruption {
    fn default() -> Self {
        Self { policy: DisruptionPolicy::default(), max_outage_seconds: 5, drain_deadline_seconds: 3600 }
    }
}

/// When a live workload may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum DisruptionPolicy {
    /// Not before the show is over.
    Never,
    /// By hand-over, while no lot is open.
    #[default]
    BetweenLots,
    /// By hand-over, at any time.
    Handover,
    /// At any time, by hand-over or not. For rehearsals.
    Always,
}
