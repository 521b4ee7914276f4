//! A show with everything in it: a worker, a gateway with credentials, a compositor with two keys, a route, a way in.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use operator_plan::{
    Apart, Compression, Desired, House, Ingest, Limits, OutputKey, Owner, OwnerKind, Place, PortChoice, Protection,
    Publisher, Rate, Resources, Restart, Role, Route, Scheduling, SecretFile, Setting, Stage, Tls, Toleration, Unit,
    Workload,
};

use super::super::{Context, Images, Neighbours, Proxy, Secrets, Tokens};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    tokens: Tokens,
    #[command(flatten)]
    proxy: Proxy,
    #[command(flatten)]
    neighbours: Neighbours,
}

/// What the operator has when it is given these flags.
pub(super) fn context_of(stage: Stage, flags: &[&str]) -> Context {
    let Flags { images, secrets, tokens, proxy, neighbours } =
        Flags::parse_from(["operator", "--image-tag=1"].iter().chain(flags));
    let tokens = Tokens { machine_jwks: r#"{"keys":[]}"#.to_owned(), ..tokens };
    Context { stage, images, secrets, tokens, proxy, neighbours }
}

pub(super) fn context() -> Context {
    let flags = [
        "--auth-jwks-url=https://clerk.example/.well-known/jwks.json",
        "--auth-issuer=https://clerk.example",
        "--traefik-namespace=traefik",
        "--monitoring-namespace=monitoring",
        "--operator-namespace=sothebais",
        "--priority-class=show-on-air",
    ];
    context_of(Stage::Air, &flags)
}

pub(super) fn auction() -> Owner {
    Owner { kind: OwnerKind::Auction, name: "night".to_owned(), uid: "0a".to_owned() }
}

pub(super) fn stream() -> Owner {
    Owner { kind: OwnerKind::Stream, name: "night".to_owned(), uid: "0b".to_owned() }
}

fn workload(role: Role, of: &str, arguments: &[&str], environment: &[(&'static str, Setting)]) -> Workload {
    Workload {
        name: format!("{}-{of}", role.program()),
        role,
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        environment: environment.iter().cloned().collect(),
        secret_files: Vec::new(),
        ports: PortChoice::Seed,
        auctions: BTreeSet::from(["night".to_owned()]),
        grace_seconds: 30,
        restart: Restart::Always,
    }
}

fn issuer() -> [(&'static str, Setting); 3] {
    [("AUTH_JWKS", Setting::IssuerKeys), ("AUTH_ISSUER", Setting::IssuerName), ("AUTH_AZP", Setting::IssuerParty)]
}

fn data() -> [(&'static str, Setting); 2] {
    [("DATABASE_URL", Setting::DatabaseUrl), ("REDIS_URL", Setting::RedisUrl)]
}

pub(super) fn place(epoch: u64, protection: Protection, apart: Apart) -> Place {
    Place { epoch, protection, apart }
}

fn unit(workload: Workload, owner: Owner, instances: Vec<Place>) -> Unit {
    Unit {
        workload,
        owners: vec![owner],
        instances,
        resources: Resources::default(),
        scheduling: Scheduling::default(),
    }
}

/// A worker that is live.
pub(super) fn worker() -> Unit {
    let keys = [("RECEIPT_KEY_FILE", Setting::ReceiptKeyFile), ("CREATE_RECEIPT_KEY", Setting::CreateReceiptKey)];
    let environment: Vec<_> = issuer().into_iter().chain(data()).chain(keys).collect();
    let workload = workload(Role::EngineWorker, "night", &["worker", "--shard=night"], &environment);
    unit(workload, auction(), vec![place(3, Protection::Protected, Apart::No)])
}

/// A gateway with the house's credentials.
pub(super) fn gateway() -> Unit {
    let own = [
        ("X_API_URL", Setting::XApiUrl { handle: "the_house".to_owned() }),
        ("X_CREDENTIALS_FILE", Setting::XCredentialsFile),
        ("X_SHOW", Setting::Text("night".to_owned())),
    ];
    let environment: Vec<_> = issuer().into_iter().chain(data()).chain(own).collect();
    let mut workload = workload(Role::SocialGateway, "the-0house", &["--handle=the_house"], &environment);
    workload.secret_files = vec![SecretFile {
        secret: "house-on-x".to_owned(),
        key: None,
        path: "/var/run/sothebais/x-credentials".to_owned(),
    }];
    unit(workload, auction(), vec![place(1, Protection::Open, Apart::No)])
}

/// The stand-in for X.
pub(super) fn emulator() -> Unit {
    let workload = workload(Role::XEmulator, "the-0house", &["serve", "--house=the_house"], &[]);
    unit(workload, auction(), vec![place(1, Protection::Open, Apart::No)])
}

/// A compositor in the middle of a hand-over, with a wish for everything that can be wished for.
pub(super) fn compositor() -> Unit {
    let key = |output: &str, secret: &str| OutputKey {
        output: output.to_owned(),
        secret: secret.to_owned(),
        key: "key".to_owned(),
    };
    let keys = [key("x", "x-stream-key"), key("archive", "archive-key")];
    let workload = operator_plan::compositor("night", Some("night"), &keys, 90, Stage::Air);
    let instances =
        vec![place(6, Protection::Protected, Apart::No), place(7, Protection::Protected, Apart::FromElders)];
    Unit {
        resources: Resources { cpu_request: Some("2".to_owned()), memory: Some("1Gi".to_owned()) },
        scheduling: Scheduling {
            node_selector: BTreeMap::from([("pool".to_owned(), "media".to_owned())]),
            priority_class: Some("on-air".to_owned()),
            tolerations: vec![Toleration {
                key: Some("media".to_owned()),
                operator: Some("Exists".to_owned()),
                value: None,
                effect: Some("NoSchedule".to_owned()),
                seconds: None,
            }],
        },
        ..unit(workload, stream(), instances)
    }
}

pub(super) fn limits() -> Limits {
    Limits {
        rate: Some(Rate { average: 50, burst: 100 }),
        in_flight: Some(20),
        allow_cidrs: vec!["203.0.113.0/24".to_owned(), "2001:db8::/32".to_owned()],
        compression: Compression::On,
    }
}

pub(super) fn route(tls: Tls) -> Route {
    Route {
        auction: "night".to_owned(),
        owner: auction(),
        service: "auction-engine-night".to_owned(),
        host: "night.live.example".to_owned(),
        tls,
        limits: limits(),
    }
}

pub(super) fn ingest() -> Ingest {
    Ingest {
        stream: "night".to_owned(),
        owner: stream(),
        service: "compositor-night".to_owned(),
        host: "in.live.example".to_owned(),
        tls: Tls::Secret("in-tls".to_owned()),
    }
}

/// Everything at once.
pub(super) fn show(namespace: &str) -> Desired {
    Desired {
        namespace: namespace.to_owned(),
        units: vec![worker(), emulator(), gateway(), compositor()],
        routes: vec![route(Tls::Issuer("letsencrypt".to_owned()))],
        ingests: vec![ingest()],
        publisher: Some(Publisher {
            stream: "night".to_owned(),
            owner: stream(),
            holder: Some("compositor-night-6".to_owned()),
            epoch: 6,
        }),
    }
}

/// What the namespace of that show has once.
pub(super) fn house(namespace: &str) -> House {
    House {
        namespace: namespace.to_owned(),
        limits: vec![limits(), Limits::default(), limits()],
        streams: BTreeSet::from(["night".to_owned()]),
        output_ports: BTreeSet::from([1936]),
    }
}
