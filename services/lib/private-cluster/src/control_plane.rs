//! etcd, API server and controller manager as children of this process, on loopback: what an operator is tested on.
//!
//! There are no nodes: pods are made, bound and given a status by whoever tests. Each part can be killed, paused, stopped
//! and started again alone; what etcd holds outlives that. All die with this process, however it dies.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client};
use nix::sys::signal::Signal;
use private_servers::{Death, Identity, Output, Tie, Tied, free_port, spawn_tied};

use crate::access::wait_ready;
use crate::invocation::{self, Invocation, Ports, Site};
use crate::tools::{Group, Tools};
use crate::{Access, Error, Grant, files, foundation};

/// The API server fills its database at its first start; on a machine that is busy building that takes a while.
const READY_DEADLINE: Duration = Duration::from_mins(2);
/// The API server ends its watches first.
const STOP_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// One answer to one probe.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);
/// Of no meaning without nodes; Kubernetes' own default.
const NODE_GRACE: Duration = Duration::from_secs(40);

static STARTED: AtomicU32 = AtomicU32::new(0);

/// What can fail alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Etcd,
    ApiServer,
    ControllerManager,
}

/// A running control plane. Dropping it kills it; [`Self::stop`] ends it in order.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields are dropped in this order: whoever asks goes before whom it asks.
    controller_manager: Tied,
    api_server: Tied,
    etcd: Tied,
    site: Site,
    tools: Tools,
    access: Access,
    /// Removed at the end, when we made it.
    temporary: Option<PathBuf>,
}

impl ControlPlane {
    /// Starts one in a temporary directory; ready to answer when this returns.
    pub async fn start() -> Result<Self, Error> {
        let directory = temporary_directory()?;
        let mut plane = Self::start_in(&directory).await?;
        plane.temporary = Some(directory);
        Ok(plane)
    }

    /// Starts one in `directory`, which must be empty or not exist.
    pub async fn start_in(directory: &Path) -> Result<Self, Error> {
        let tools = Tools::of(Group::Kubernetes, &["etcd", "kube-apiserver", "kube-controller-manager"])?;
        let site = Site {
            directory: directory.to_owned(),
            address: Ipv4Addr::LOCALHOST,
            ports: free_ports()?,
            node_grace: NODE_GRACE,
        };
        foundation::lay(&site)?;
        let access = Access::from_kubeconfig(&site.kubeconfig("admin")).await?;
        let etcd = spawn(&invocation::etcd(&tools, &site), &site)?;
        let mut api_server = spawn(&invocation::api_server(&tools, &site), &site)?;
        wait_answering(&access, &mut api_server, &site).await?;
        let controller_manager = spawn(&invocation::controller_manager(&tools, &site), &site)?;
        let mut plane = Self { controller_manager, api_server, etcd, site, tools, access, temporary: None };
        plane.wait_managed().await?;
        Ok(plane)
    }

    /// The administrator's access.
    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn admin_client(&self) -> Result<Client, Error> {
        self.access.client()
    }

    /// A client that may do exactly what it was granted.
    pub async fn client_for(&self, grant: &Grant) -> Result<Client, Error> {
        self.access.grant(grant).await?.client()
    }

    /// The administrator's kubeconfig; it needs no other file.
    pub fn kubeconfig(&self) -> PathBuf {
        self.site.kubeconfig("admin")
    }

    /// See [`crate::audit::read`].
    pub fn audit_log(&self) -> PathBuf {
        self.site.audit_log()
    }

    pub fn url(&self) -> String {
        self.site.url()
    }

    pub fn pid(&self, part: Part) -> i32 {
        match part {
            Part::Etcd => self.etcd.pid(),
            Part::ApiServer => self.api_server.pid(),
            Part::ControllerManager => self.controller_manager.pid(),
        }
    }

    /// Sends a part a signal: `SIGSTOP` and `SIGCONT` make it silent for a while.
    pub fn signal(&self, part: Part, signal: Signal) {
        match part {
            Part::Etcd => self.etcd.signal(signal),
            Part::ApiServer => self.api_server.signal(signal),
            Part::ControllerManager => self.controller_manager.signal(signal),
        }
    }

    pub fn kill9(&mut self, part: Part) {
        self.part(part).kill9();
    }

    /// Ends a part in order. An API server without etcd would wait for minutes, so it is killed at the deadline.
    pub async fn stop_part(&mut self, part: Part) {
        end(self.part(part)).await;
    }

    /// Starts a part again on the same port, after [`Self::kill9`] or [`Self::stop_part`], and waits until the API
    /// answers; etcd alone is not waited for while the API server is down.
    pub async fn restart(&mut self, part: Part) -> Result<(), Error> {
        let invocation = match part {
            Part::Etcd => invocation::etcd(&self.tools, &self.site),
            Part::ApiServer => invocation::api_server(&self.tools, &self.site),
            Part::ControllerManager => invocation::controller_manager(&self.tools, &self.site),
        };
        *self.part(part) = spawn(&invocation, &self.site)?;
        if part == Part::Etcd && !matches!(self.api_server.try_wait(), Ok(None)) {
            return Ok(());
        }
        wait_answering(&self.access, &mut self.api_server, &self.site).await
    }

    /// Ends everything in order, whoever asks before whom it asks, and removes a temporary directory.
    pub async fn stop(mut self) {
        for part in [Part::ControllerManager, Part::ApiServer, Part::Etcd] {
            self.stop_part(part).await;
        }
    }

    fn part(&mut self, part: Part) -> &mut Tied {
        match part {
            Part::Etcd => &mut self.etcd,
            Part::ApiServer => &mut self.api_server,
            Part::ControllerManager => &mut self.controller_manager,
        }
    }

    /// Waits until the controller manager has made the first `ServiceAccount`: pods cannot be made before.
    async fn wait_managed(&mut self) -> Result<(), Error> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.admin_client()?, "default");
        let begun = Instant::now();
        while begun.elapsed() < READY_DEADLINE {
            if let Ok(Some(status)) = self.controller_manager.try_wait() {
                return Err(ended("kube-controller-manager", status, &self.site));
            }
            if let Ok(Ok(Some(_))) = tokio::time::timeout(PROBE_DEADLINE, accounts.get_opt("default")).await {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(not_ready("kube-controller-manager", &self.site))
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.controller_manager.kill9();
        self.api_server.kill9();
        self.etcd.kill9();
        if let Some(directory) = &self.temporary {
            // What is left is found by the next start.
            drop(std::fs::remove_dir_all(directory));
        }
    }
}

fn free_ports() -> Result<Ports, Error> {
    let port = || free_port().map_err(Error::NoPort);
    Ok(Ports { etcd: port()?, etcd_peer: port()?, api: port()?, controller_manager: port()?, scheduler: port()? })
}

fn spawn(invocation: &Invocation, site: &Site) -> Result<Tied, Error> {
    let name = invocation::name(&invocation.program);
    let log = files::open_log(&site.log(&name))?;
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments).current_dir(&site.directory);
    let tie = Tie { death: Death::Kill, identity: Identity::Same, output: Output::File(log) };
    spawn_tied(&command, tie).map_err(|source| Error::Spawn { program: name, source })
}

async fn end(child: &mut Tied) {
    child.signal(Signal::SIGTERM);
    // A paused one hears nothing before it goes on.
    child.signal(Signal::SIGCONT);
    if !matches!(child.wait(STOP_DEADLINE).await, Ok(Some(_))) {
        child.kill9();
    }
}

async fn wait_answering(access: &Access, api_server: &mut Tied, site: &Site) -> Result<(), Error> {
    let log = site.log("kube-apiserver");
    let ended = || {
        let status = api_server.try_wait().ok().flatten()?;
        Some(format!("{status}; {}", files::tail(&log)))
    };
    wait_ready(access, READY_DEADLINE, &log, ended).await
}

fn ended(program: &str, status: std::process::ExitStatus, site: &Site) -> Error {
    Error::Failed { program: program.into(), output: format!("{status}; {}", files::tail(&site.log(program))) }
}

fn not_ready(program: &str, site: &Site) -> Error {
    Error::NotReady { what: program.into(), waited: READY_DEADLINE, log: site.log(program) }
}

/// A directory of this process's own. Those of processes that are gone are removed first.
fn temporary_directory() -> Result<PathBuf, Error> {
    let all = std::env::temp_dir().join("sothebais-control-planes");
    for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.split('-').next());
        if !pid.is_some_and(|pid| Path::new("/proc").join(pid).exists()) {
            // Another process may be removing the same one.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let own = all.join(format!("{}-{number}", std::process::id()));
    files::create_directory(&own)?;
    Ok(own)
}
