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
    /// Secrets that it reads as files.
    pub secret_files: Vec<SecretFile>,
    pub ports: PortChoice,
    /// The auctions that it works for, in the order of their names.
    pub auctions: BTreeSet<String>,
    /// How long it may take to stop; it is killed afterwards.
    pub grace_seconds: i64,
    pub restart: Restart,
}

/// Keys of a Secret that a workload finds as files. What a Secret holds never passes through the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretFile {
    pub secret: String,
    /// One key of it, or all.
    pub key: Option<String>,
    /// The file of the one key, or the directory of all.
    pub path: String,
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
    /// Renders a stream and sends it to its outputs.
    Compositor,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::XEmulator, Self::EngineWorker, Self::SocialGateway, Self::Compositor];

    /// The role of a program.
    pub fn of_program(program: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.program() == program)
    }

    /// The name of its binary and of its container image.
    pub const fn program(self) -> &'static str {
        match self {
            Self::XEmulator => "x-emulator",
            Self::EngineWorker => "auction-engine",
            Self::SocialGateway => "social-gateway",
            Self::Compositor => "compositor",
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
    /// Where viewers of a shard's auctions connect.
    EngineSocket {
        shard: String,
    },
    /// The name of the instance, which a publisher's lease names.
    InstanceName,
    /// The namespace that the instance is in.
    Namespace,
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

/// A stop takes a service at most 20 s; orchestrators kill after this.
const GRACE_SECONDS: i64 = 30;
/// Where the keys of the outputs are found, each under its output's name.
const STREAM_KEYS: &str = "/var/run/sothebais/stream-keys";
/// Where the house's credentials on X are found, each under its environment name.
const X_CREDENTIALS: &str = "/var/run/sothebais/x-credentials";

/// `crowd` is what the emulator is told about who bids while no person does.
pub(crate) fn x_emulator(
    handle: &str,
    auctions: &BTreeSet<&str>,
    crowd: &BTreeMap<&'static str, Setting>,
    ports: PortChoice,
) -> Workload {
    let mut environment = crowd.clone();
    environment.insert("LOG_FORMAT", json_logs());
    Workload {
        name: of_handle(Role::XEmulator, handle),
        role: Role::XEmulator,
        arguments: vec!["serve".to_owned(), format!("--house={handle}")],
        environment,
        secret_files: Vec::new(),
        ports,
        auctions: owned(auctions),
        grace_seconds: GRACE_SECONDS,
        restart: Restart::Always,
    }
}

pub(crate) fn worker(shard: &str, auctions: &BTreeSet<String>, ports: PortChoice, stage: Stage) -> Workload {
    let mut environment = processing(stage);
    environment.extend(issuer());
    environment.extend([
        ("DATABASE_URL", Setting::DatabaseUrl),
        ("REDIS_URL", Setting::RedisUrl),
        ("RECEIPT_KEY_FILE", Setting::ReceiptKeyFile),
        ("CREATE_RECEIPT_KEY", Setting::CreateReceiptKey),
    ]);
    Workload {
        name: of_shard(shard),
        role: Role::EngineWorker,
        arguments: vec!["worker".to_owned(), format!("--shard={shard}")],
        environment,
        secret_files: Vec::new(),
        ports,
        auctions: auctions.clone(),
        grace_seconds: GRACE_SECONDS,
        restart: Restart::Always,
    }
}

/// `auctions` share the handle and with it what X charges: the show that is charged has all their names.
pub(crate) fn social_gateway(
    handle: &str,
    auctions: &BTreeSet<&str>,
    credentials: Option<&str>,
    ports: PortChoice,
    stage: Stage,
) -> Workload {
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
        secret_files: credentials.map(whole_secret).into_iter().collect(),
        ports,
        auctions: owned(auctions),
        grace_seconds: GRACE_SECONDS,
        restart: Restart::Always,
    }
}

/// One output's key, by the Secret that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputKey {
    pub output: String,
    pub secret: String,
    pub key: String,
}

/// The compositor of a stream. It is told what to show and whether to publish over its API, never by arguments: those
/// would change the template of one that is on air.
pub fn compositor(
    stream: &str,
    auction: Option<&str>,
    keys: &[OutputKey],
    grace_seconds: i64,
    stage: Stage,
) -> Workload {
    let mut environment = processing(stage);
    environment.extend(issuer());
    environment.extend([("POD_NAME", Setting::InstanceName), ("POD_NAMESPACE", Setting::Namespace)]);
    let key_file = |OutputKey { output, secret, key }: &OutputKey| SecretFile {
        secret: secret.clone(),
        key: Some(key.clone()),
        path: format!("{STREAM_KEYS}/{output}"),
    };
    Workload {
        name: format!("{}-{stream}", Role::Compositor.program()),
        role: Role::Compositor,
        arguments: vec![format!("--stream={stream}"), format!("--publisher=lease:{}", publisher_lease(stream))],
        environment,
        secret_files: keys.iter().map(key_file).collect(),
        ports: PortChoice::Seed,
        auctions: auction.map(str::to_owned).into_iter().collect(),
        grace_seconds,
        restart: Restart::Always,
    }
}

/// The Lease that says which instance may publish a stream.
pub fn publisher_lease(stream: &str) -> String {
    format!("{stream}-publisher")
}

fn whole_secret(secret: &str) -> SecretFile {
    SecretFile { secret: secret.to_owned(), key: None, path: X_CREDENTIALS.to_owned() }
}

fn owned(names: &BTreeSet<&str>) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
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

/// The name of the worker of a shard.
pub fn of_shard(shard: &str) -> String {
    format!("{}-{shard}", Role::EngineWorker.program())
}

/// The name of a handle's workload, a DNS label: a handle has no hyphen, so an underscore written as `-0` stays unique.
pub fn of_handle(role: Role, handle: &str) -> String {
    format!("{}-{}", role.program(), handle.replace('_', "-0"))
}

fn json_logs() -> Setting {
    Setting::Text("json".to_owned())
}
