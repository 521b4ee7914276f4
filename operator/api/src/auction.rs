//! `Auction`: one show, an ordered list of lots under one house's rules.
//!
//! Durations are whole seconds with the unit in the name. Amounts are decimal strings in main units with at most nine places.
//! The schema refuses what it can express, CEL what it cannot; [`crate::validate`] says the rest, with a remedy.

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod lot;
mod program;
mod routing;
mod settlement;
mod status;

use crate::disruption::Disruption;
use crate::reference::NameRef;
pub use crate::reference::SecretRef;
pub use lot::{HalfCut, Ladder, Lot, LotDefaults, Reserve, ReserveKind, Rung, SoftClose};
pub use program::{Engine, Isolation, Rollout, StreamSource};
pub use routing::{Compress, PublicViewer, RateLimit, Routing, Tls};
pub use settlement::{Nft, Settlement, Tier, TokenStandard};
pub use status::{AuctionPhase, AuctionStatus, CurrentLot, Session, WorkloadStatus};

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
    doc = "One show: an ordered list of lots, sold under one house's rules.",
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name":"Lot","type":"string","jsonPath":".status.currentLot.place"}"#,
    printcolumn = r#"{"name":"Starts","type":"string","jsonPath":".spec.schedule.startsAt"}"#,
    printcolumn = r#"{"name":"Stream","type":"string","jsonPath":".status.conditions[?(@.type=='StreamReady')].reason"}"#,
    printcolumn = r#"{"name":"Handle","type":"string","jsonPath":".spec.house.xHandle","priority":1}"#,
    printcolumn = r#"{"name":"URL","type":"string","jsonPath":".status.url","priority":1}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].reason","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = ("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "the name must be a DNS label of at most 40 characters, because pods, Services and routes are named after it"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        self.spec.schedule.startsAt == oldSelf.spec.schedule.startsAt",
        "startsAt is frozen while the auction is live; set endsAt, runState or the lots that have not opened instead"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        oldSelf.spec.lots.all(old, self.spec.lots.exists(lot, lot.id == old.id))",
        "lots cannot be removed while the auction is live; withdraw the lot at the clerk's desk instead"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        (has(self.spec.stream) == has(oldSelf.spec.stream) && (!has(self.spec.stream) || \
        (has(self.spec.stream.ref) == has(oldSelf.spec.stream.ref) && \
        (!has(self.spec.stream.ref) || self.spec.stream.ref.name == oldSelf.spec.stream.ref.name))))",
        "the stream cannot be exchanged while the auction is live; edit the stream that it has, or wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        (has(self.spec.routing) == has(oldSelf.spec.routing) && \
        (!has(self.spec.routing) || self.spec.routing.host == oldSelf.spec.routing.host))",
        "routing.host is frozen while the auction is live: bidders would be cut off; wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        (has(self.spec.house.xHandle) == has(oldSelf.spec.house.xHandle) && \
        (!has(self.spec.house.xHandle) || self.spec.house.xHandle == oldSelf.spec.house.xHandle))",
        "house.xHandle is frozen while the auction is live: bids are read from its mentions; wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        self.spec.engine.isolation == oldSelf.spec.engine.isolation",
        "engine.isolation is frozen while the auction is live: its shard cannot be moved; wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        self.spec.lotOrder == oldSelf.spec.lotOrder",
        "lotOrder is frozen while the auction is live; wait until it has ended"),
    validation = ("!has(oldSelf.status) || !has(oldSelf.status.conditions) || \
        !oldSelf.status.conditions.exists(c, c.type == 'Live' && c.status == 'True') || \
        (has(self.spec.settlement) == has(oldSelf.spec.settlement) && \
        (!has(self.spec.settlement) || self.spec.settlement == oldSelf.spec.settlement))",
        "settlement is frozen while the auction is live: mandates name its contracts; wait until it has ended")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("!('x' in self.bidChannels) || (has(self.house) && has(self.house.xHandle))",
        "bids by post need house.xHandle; name the account that bidders mention, or leave x out of bidChannels"),
    validation = ("!has(self.settlement) || self.lots.all(lot, has(lot.seller) && has(lot.nft))",
        "settlement on a chain needs seller and nft of every lot")
)]
pub struct AuctionSpec {
    /// What the show is called.
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// The unit of every amount here; immutable.
    #[serde(default)]
    #[x_kube(validation = ("self == oldSelf", "currency is immutable; make a new auction"))]
    pub currency: Currency,
    /// Who sells: the account on X that bidders mention.
    #[serde(default)]
    pub house: House,
    pub schedule: Schedule,
    /// Outranks a clerk's pause. `Cancelled` is final.
    #[serde(default)]
    #[x_kube(validation = ("oldSelf != 'Cancelled' || self == 'Cancelled'",
        "a cancelled auction stays cancelled; make a new one"))]
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
    /// The stream that shows it; without one the auction runs without a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamSource>,
    /// How viewers and bidders reach it from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// What may interrupt it.
    #[serde(default)]
    pub disruption: Disruption,
    /// When a changed template reaches workloads that run.
    #[serde(default)]
    pub rollout: Rollout,
    /// How long the resource stays after the show is over; left out, it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i64>,
    /// The host's persona: a `ConfigMap` of the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_ref: Option<NameRef>,
    /// The contracts that money and NFTs move through; left out, nothing is settled on a chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
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
    Skipped,
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
