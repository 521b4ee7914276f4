//! A workload: one process that should run, in words that pods and child processes can both be rendered from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Stage;

/// One process that should run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// Deterministic, unique in a plan, a DNS label.
    pub name: String,
    pub role: Role,
    pub arguments: Vec<String>,
    /// By environment name. What only the renderer knows (addresses, secrets) is a reference.
    pub environment: BTreeMap<&'static str, Setting>,
    pub ports: PortChoice,
    /// The lease epoch that its shard had when the plan was made.
    pub epoch: Option<u64>,
    pub restart: Restart,
}

/// What a workload is for; each role is one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    /// The stand-in for X.
    XEmulator,
    /// The single writer of a shard.
    EngineWorker,
    /// The only holder of X credentials.
    SocialGateway,
}

impl Role {
    /// The name of its binary and of its container image.
    pub const fn program(self) -> &'static str {
        match self {
            Self::XEmulator => "x-emulator",
            Self::EngineWorker => "auction-engine",
            Self::SocialGateway => "social-gateway",
        }
    }
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Setting {
    Text(String),
    DatabaseUrl,
    RedisUrl,
    /// The issuer's key set.
    IssuerKeys,
    IssuerName,
    IssuerParty,
    /// Path of the worker's receipt key.
    ReceiptKeyFile,
    /// `true` where the worker makes its own key; left out where a Secret holds it.
    CreateReceiptKey,
    /// Address of X's API, or of the stand-in for the account of this handle.
    XApiUrl {
        handle: String,
    },
    /// Path of the house's credentials on X.
    XCredentialsFile,
}

/// Which ports a workload binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PortChoice {
    /// The service's well-known ones.
    Seed,
    /// Any free ones, found through the lease row or the ports file.
    Free,
}

/// What happens when the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Restart {
    /// It is started again after a growing pause.
    Always,
}

pub(crate) fn x_emulator(handle: &str, ports: PortChoice) -> Workload {
    Workload {
        name: of_handle(Role::XEmulator, handle),
        role: Role::XEmulator,
        arguments: vec!["serve".to_owned(), format!("--house={handle}")],
        environment: BTreeMap::from([("LOG_FORMAT", json_logs())]),
        ports,
        epoch: None,
        restart: Restart::Always,
    }
}

pub(crate) fn worker(shard: &str, epoch: Option<u64>, ports: PortChoice, stage: Stage) -> Workload {
    let mut environment = processing(stage);
    environment.extend(issuer());
    environment.extend([
        ("DATABASE_URL", Setting::DatabaseUrl),
        ("REDIS_URL", Setting::RedisUrl),
        ("RECEIPT_KEY_FILE", Setting::ReceiptKeyFile),
        ("CREATE_RECEIPT_KEY", Setting::CreateReceiptKey),
    ]);
    Workload {
        name: format!("auction-engine-{shard}"),
        role: Role::EngineWorker,
        arguments: vec!["worker".to_owned(), format!("--shard={shard}")],
        environment,
        ports,
        epoch,
        restart: Restart::Always,
    }
}

/// `auctions` share the handle and with it what X charges: the show that is charged has all their names.
pub(crate) fn social_gateway(handle: &str, auctions: &BTreeSet<&str>, ports: PortChoice, stage: Stage) -> Workload {
    let show = auctions.iter().copied().collect::<Vec<_>>().join("+");
    let mut environment = processing(stage);
    environment.extend(issuer());
    environment.extend([
        ("X_SHOW", Setting::Text(show)),
        ("DATABASE_URL", Setting::DatabaseUrl),
        ("REDIS_URL", Setting::RedisUrl),
        ("X_API_URL", Setting::XApiUrl { handle: handle.to_owned() }),
        ("X_CREDENTIALS_FILE", Setting::XCredentialsFile),
    ]);
    match stage {
        Stage::Air => {}
        // The stand-in lists a post after 1.5 s at most; X itself may take longer, so the gateway's default stands there.
        Stage::Rehearsal => {
            environment.insert("X_AUDIT_SETTLE_MS", Setting::Text("2000".to_owned()));
        }
    }
    Workload {
        name: of_handle(Role::SocialGateway, handle),
        role: Role::SocialGateway,
        arguments: vec![format!("--handle={handle}")],
        environment,
        ports,
        epoch: None,
        restart: Restart::Always,
    }
}

/// Whose tokens a service believes.
fn issuer() -> [(&'static str, Setting); 3] {
    [("AUTH_JWKS", Setting::IssuerKeys), ("AUTH_ISSUER", Setting::IssuerName), ("AUTH_AZP", Setting::IssuerParty)]
}

fn processing(stage: Stage) -> BTreeMap<&'static str, Setting> {
    let mut environment = BTreeMap::from([("LOG_FORMAT", json_logs())]);
    match stage {
        Stage::Air => {}
        Stage::Rehearsal => {
            environment.insert("REHEARSAL", Setting::Text("true".to_owned()));
        }
    }
    environment
}

/// A name that is a DNS label: a handle has no hyphen, so an underscore written as `-0` stays unique.
fn of_handle(role: Role, handle: &str) -> String {
    format!("{}-{}", role.program(), handle.replace('_', "-0"))
}

fn json_logs() -> Setting {
    Setting::Text("json".to_owned())
}
