//! What one reconcile wants to exist, before anybody renders it: units with their instances, routes, the publisher's lease.
//!
//! Names here are those of Kubernetes where there is no older word, but nothing speaks of pods: an instance may be a
//! process as well.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::Workload;

/// Everything that one resource should have in its namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Desired {
    pub namespace: String,
    pub units: Vec<Unit>,
    pub routes: Vec<Route>,
    pub ingests: Vec<Ingest>,
    pub publisher: Option<Publisher>,
}

/// A workload with the instances of it that should exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unit {
    pub workload: Workload,
    /// Who it goes with: it is collected when all of them are gone.
    pub owners: Vec<Owner>,
    pub instances: Vec<Place>,
    pub resources: Resources,
    pub scheduling: Scheduling,
}

/// One instance of a unit. Its name is the workload's and its epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub epoch: u64,
    pub protection: Protection,
    /// While an older one still publishes: the new one goes to another node if there is one.
    pub apart: Apart,
}

/// Whether an instance may be evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Protection {
    Open,
    /// Nobody may evict it: it is live, or about to be.
    Protected,
}

/// Whether an instance keeps away from its elder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Apart {
    No,
    FromElders,
}

/// A resource that owns others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Owner {
    pub kind: OwnerKind,
    pub name: String,
    pub uid: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum OwnerKind {
    Auction,
    Stream,
}

impl OwnerKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auction => "Auction",
            Self::Stream => "Stream",
        }
    }
}

/// What an instance may use. Empty: the renderer's defaults for the role. Texts are quantities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Resources {
    pub cpu_request: Option<String>,
    pub memory: Option<String>,
}

/// Where instances may be put.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scheduling {
    pub node_selector: std::collections::BTreeMap<String, String>,
    pub priority_class: Option<String>,
    /// As the orchestrator writes them.
    pub tolerations: Vec<Toleration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Toleration {
    pub key: Option<String>,
    pub operator: Option<String>,
    pub value: Option<String>,
    pub effect: Option<String>,
    pub seconds: Option<i64>,
}

/// The public way to an auction's engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    pub auction: String,
    pub owner: Owner,
    /// The workload that answers.
    pub service: String,
    pub host: String,
    pub tls: Tls,
    pub limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Tls {
    Off,
    /// The Secret that holds the certificate.
    Secret(String),
    /// An issuer of cert-manager, which then fills the Secret `<auction>-tls`.
    Issuer(String),
}

/// What is let through, and how fast.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Limits {
    pub rate: Option<Rate>,
    /// Requests of one source under way at once.
    pub in_flight: Option<i64>,
    /// Empty: everybody.
    pub allow_cidrs: Vec<String>,
    pub compression: Compression,
}

/// Requests a second of one source, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rate {
    pub average: i64,
    pub burst: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Compression {
    #[default]
    On,
    Off,
}

/// Where an outside source may send a stream in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ingest {
    pub stream: String,
    pub owner: Owner,
    pub service: String,
    /// The name that the TLS connection asks for.
    pub host: String,
    pub tls: Tls,
}

/// Who may publish a stream: the first form of the lease. Later ones are written by comparison with the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publisher {
    pub stream: String,
    pub owner: Owner,
    /// The instance's name; `None` before the first.
    pub holder: Option<String>,
    pub epoch: u64,
}

/// What a namespace with at least one auction or stream has once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct House {
    pub namespace: String,
    /// The limits of all routes: equal ones share their Middlewares.
    pub limits: Vec<Limits>,
    /// The streams whose publishers renew a lease.
    pub streams: BTreeSet<String>,
    /// The ports that outputs are pushed to, as far as their URLs name any.
    pub output_ports: BTreeSet<u16>,
}
