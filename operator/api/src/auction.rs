//! `Auction`: one show, an ordered list of lots under one house's rules.
//!
//! Durations are whole seconds with the unit in the name. Amounts are decimal strings in main units with at most nine places.
//! The schema refuses what it can express, CEL what it cannot; [`crate::validate`] says the rest, with a remedy.

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod lot;

pub use lot::{HalfCut, Ladder, Lot, LotDefaults, Reserve, ReserveKind, Rung, SoftClose};

/// What should be auctioned, when, and by which rules.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "sothebais.io",
    version = "v1alpha1",
    kind = "Auction",
    namespaced,
    status = "AuctionStatus",
    derive = "PartialEq",
    shortname = "auc",
    category = "sothebais",
    selectable = ".spec.runState",
    printcolumn = r#"{"name":"Run","type":"string","jsonPath":".spec.runState"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name":"Starts","type":"date","jsonPath":".spec.schedule.startsAt"}"#,
    printcolumn = r#"{"name":"Handle","type":"string","jsonPath":".spec.house.xHandle"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("self.currency == oldSelf.currency", "currency is immutable"),
    validation = ("!('x' in self.bidChannels) || (has(self.house) && has(self.house.xHandle))", "bids by post need house.xHandle"),
    validation = ("oldSelf.runState != 'Cancelled' || self.runState == 'Cancelled'", "a cancelled auction stays cancelled")
)]
pub struct AuctionSpec {
    /// What the show is called.
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// The unit of every amount here; immutable.
    #[serde(default)]
    pub currency: Currency,
    /// Who sells: the account on X that bidders mention.
    #[serde(default)]
    pub house: House,
    pub schedule: Schedule,
    /// Outranks a clerk's pause. `Cancelled` is final.
    #[serde(default)]
    pub run_state: RunState,
    /// Where bids may come from.
    #[serde(default = "every_channel")]
    #[schemars(length(min = 1, max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub bid_channels: Vec<BidChannel>,
    /// Whether the lots follow each other or run at once.
    #[serde(default)]
    pub lot_order: LotOrder,
    /// With `Sequential`, the pause between the fall of one hammer and the opening of the next lot.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub lot_pause_seconds: i64,
    /// What happens between the end of a lot's time and the hammer.
    #[serde(default)]
    pub closing: Closing,
    /// Rules of every lot that does not state its own.
    #[serde(default)]
    pub lot_defaults: LotDefaults,
    /// What is sold, in order. While the auction is live lots may be added, never removed.
    #[schemars(
        length(min = 1, max = 200),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"])
    )]
    pub lots: Vec<Lot>,
    /// How the engine's worker is run.
    #[serde(default)]
    pub engine: Engine,
}

/// Token of the chain that the house settles on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Currency {
    #[default]
    #[serde(rename = "ETH")]
    Eth,
}

/// The seller's account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct House {
    /// The handle that bidders mention, without `@`. One live auction a handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_]{1,15}$"))]
    pub x_handle: Option<String>,
    /// The Secret with X's credentials, read by the social gateway alone. A rehearsal needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
}

/// A Secret in the auction's namespace; on one machine, a `Secret` document in the same file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRef {
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// When the show runs.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("!has(self.endsAt) || self.endsAt > self.startsAt", "endsAt must be after startsAt"))]
pub struct Schedule {
    /// When the first lot opens.
    pub starts_at: Timestamp,
    /// When it is planned to be over; the lots' scheduled durations must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// How long before that the processes are started.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 0, max = 3600))]
    pub warmup_seconds: i64,
    /// How long they stay after the last hammer, so that late readers find them.
    #[serde(default = "ten_minutes")]
    #[schemars(range(min = 0, max = 86400))]
    pub settle_grace_seconds: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum RunState {
    #[default]
    Running,
    Paused,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BidChannel {
    /// Posts that mention the house.
    X,
    /// HTTP and WebSocket.
    Web,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum LotOrder {
    /// One after the other.
    #[default]
    Sequential,
    /// All at `startsAt`; a post must then say which lot it means.
    Concurrent,
}

/// How a lot is brought to its hammer once its time is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Closing {
    /// How long the lot waits for posts that were written in time and arrive late.
    #[schemars(range(min = 0, max = 120))]
    pub drain_seconds: i64,
    /// Whether X's mentions must have been compared with the inbox before the hammer.
    pub gap_audit: GapAudit,
    /// How long the hammer waits for that comparison before the lot is held for the clerk.
    #[schemars(range(min = 1, max = 600))]
    pub gap_audit_deadline_seconds: i64,
}

impl Default for Closing {
    fn default() -> Self {
        Self { drain_seconds: 10, gap_audit: GapAudit::default(), gap_audit_deadline_seconds: 60 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum GapAudit {
    /// Needed wherever bids come in as posts; without the channel `x` there is nothing to compare.
    #[default]
    Required,
    /// The hammer does not wait. A post that X's streams lost may then be missed.
    Off,
}

/// How the engine runs this auction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Engine {
    pub isolation: Isolation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Isolation {
    /// A worker of its own.
    #[default]
    Dedicated,
    /// A place in the pool's shard, beside other auctions.
    Shared,
}

/// What the operator has seen. Bids and prices are never here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuctionStatus {
    /// The generation that the conditions speak of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition>,
}

fn every_channel() -> Vec<BidChannel> {
    vec![BidChannel::X, BidChannel::Web]
}

const fn five_seconds() -> i64 {
    5
}

const fn five_minutes() -> i64 {
    300
}

const fn ten_minutes() -> i64 {
    600
}
