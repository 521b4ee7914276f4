//! A planned workload as a child process: the same plan that becomes pods in a cluster.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::Context as _;
use bootstrap::ports::{Ports, Service, ports, ports_from_env};
use operator_plan::{PortChoice, Restart, Role, Setting, Workload};

use super::Machine;
use super::child::Recipe;
use crate::trouble::Trouble;

/// The name that the plan gives to a shard's worker.
pub(super) fn worker_name(shard: &str) -> String {
    format!("{}-{shard}", Role::EngineWorker.program())
}

/// The child process of a workload on this machine.
pub(super) fn recipe(workload: &Workload, machine: &Machine) -> anyhow::Result<Recipe> {
    // Secrets of one machine are files of its data directory, which settings name.
    let Workload { name, role, arguments, environment, secret_files: _, ports, auctions: _, grace_seconds: _, restart } =
        workload;
    match restart {
        Restart::Always => {}
    }
    let program = machine.options.programs.join(role.program());
    if !program.exists() {
        let message = format!("{} is not in {}", role.program(), machine.options.programs.display());
        return Err(Trouble::new("ProgramMissing", message, "build it: cargo build --release (./just build)").into());
    }
    let mut settings = BTreeMap::new();
    for (variable, setting) in environment {
        if let Some(value) = value(setting, machine)? {
            settings.insert((*variable).to_owned(), value);
        }
    }
    settings.extend(port_settings(service(*role), *ports, machine)?);
    let ports_file = machine.data.ports_file(name);
    settings.insert("PORTS_FILE".to_owned(), ports_file.display().to_string());
    let extra = machine.options.arguments.iter().filter(|(of, _)| of == role).flat_map(|(_, more)| more.clone());
    Ok(Recipe {
        name: name.clone(),
        program,
        arguments: arguments.iter().cloned().chain(extra).collect(),
        environment: settings.into_iter().collect(),
        log: machine.data.logs().join(format!("{name}.jsonl")),
        ports_file,
    })
}

/// What a reference of the plan stands for here; `None` leaves the variable out.
fn value(setting: &Setting, machine: &Machine) -> anyhow::Result<Option<String>> {
    let path = |path: &Path| Some(path.display().to_string());
    Ok(match setting {
        Setting::Text(text) => Some(text.clone()),
        Setting::DatabaseUrl => Some(machine.postgres.url()),
        Setting::RedisUrl => Some(machine.redis.url()),
        Setting::IssuerKeys => path(machine.issuer().jwks()),
        Setting::IssuerName => Some(machine.issuer().issuer().to_owned()),
        Setting::IssuerParty => Some(machine.issuer().party().to_owned()),
        Setting::CreateReceiptKey => Some("true".to_owned()),
        Setting::ReceiptKeyFile => path(&machine.data.keys().join("receipt.key")),
        Setting::XCredentialsFile => {
            path(&machine.data.keys().join("x-credentials.json")).filter(|p| Path::new(p).exists())
        }
        Setting::XApiUrl { handle } => emulator(machine, handle)?,
        // A crowd on this machine is told where to look once ports are known; instances and namespaces are the cluster's.
        Setting::EngineSocket { .. } | Setting::InstanceName | Setting::Namespace => None,
    })
}

/// The emulator's address; the plan starts it before whoever asks it.
fn emulator(machine: &Machine, handle: &str) -> anyhow::Result<Option<String>> {
    let house = format!("--house={handle}");
    let is_its = |workload: &Workload| workload.role == Role::XEmulator && workload.arguments.contains(&house);
    let Some((_, child)) = machine.children.iter().find(|(workload, _)| is_its(workload)) else {
        return Ok(None);
    };
    let file = std::fs::read_to_string(&child.recipe().ports_file).context("the emulator has published no ports")?;
    let ports: Ports = serde_json::from_str(&file).context("the emulator's ports file is not JSON")?;
    Ok(Some(format!("http://127.0.0.1:{}", ports.api)))
}

fn service(role: Role) -> Service {
    match role {
        Role::XEmulator => Service::XEmulator,
        Role::EngineWorker => Service::AuctionEngine,
        Role::SocialGateway => Service::SocialGateway,
        Role::Compositor => Service::Compositor,
    }
}

/// The seed's ports where all four are free, else any free ones, with a word about it.
fn port_settings(service: Service, choice: PortChoice, machine: &Machine) -> anyhow::Result<Vec<(String, String)>> {
    let variable = format!("{}_PORT", service.name().to_uppercase().replace('-', "_"));
    let any_free = || vec![(variable.clone(), "0".to_owned())];
    let Ports { api, ws, metrics, health } = ports_from_env(service)?;
    if choice == PortChoice::Free || api == 0 {
        return Ok(any_free());
    }
    let Some(taken) = [api, ws, metrics, health].into_iter().find(|port| !is_free(*port)) else {
        return Ok(Vec::new());
    };
    if ports(service, |_| None)?.api != api {
        // Somebody chose this port: another one would not be found there.
        let message = format!("port {taken} of {service} is taken");
        return Err(Trouble::new("PortTaken", message, format!("free it, or set {variable} to another one")).into());
    }
    machine.progress.note(&format!("port {taken} is taken: {service} takes free ones"));
    Ok(any_free())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
