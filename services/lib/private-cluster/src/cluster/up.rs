//! Brings a cluster up: what runs already is left alone, what is missing or died is started, so it can be said again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::Api;
use kube::api::ListParams;

use super::answers::answers;
use super::parts::{self, Part, start_with};
use super::programs::{self, NodeProgram};
use super::state::{Cluster, Kind, NodeName, check_directory};
use super::{images, network, packages, services};
use crate::access::wait_ready;
use crate::invocation::{Ports, Site};
use crate::tools::Tools;
use crate::{Access, Error, files, foundation};

/// A cold start on two busy cores.
const READY_DEADLINE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(100);
/// A cluster that is there already answers at once.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// Ports of the machine's end of the cluster's network, which is nobody else's, and of loopback.
const PORTS: Ports = Ports { etcd: 2479, etcd_peer: 2480, api: 6443, controller_manager: 10357, scheduler: 10359 };

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the cluster is noted and all its files lie; absolute.
    pub directory: PathBuf,
    pub nodes: u8,
    /// How long a node may be silent before it counts as lost.
    pub node_grace: Duration,
}

/// Brings the cluster up and returns when all nodes are ready, names resolve and Traefik answers. `say` is told what is done.
pub async fn up(plan: &Plan, say: &mut dyn FnMut(&str)) -> Result<Cluster, Error> {
    check_directory(&plan.directory)?;
    let noted = Cluster::read(&plan.directory)?;
    check_alone(plan, noted.as_ref())?;
    packages::require(say)?;
    let tools = parts::tools()?;
    let cluster = found(plan, noted.as_ref())?;
    let Kind::Own { site, nodes: _ } = &cluster.kind else { return Err(occupied(&plan.directory)) };

    network::lay_bridge()?;
    say("starting the control plane");
    for part in [Part::Etcd, Part::ApiServer] {
        start_with(&cluster, &tools, part)?;
    }
    // Nodes are made while the API server fills its database.
    for node in cluster.nodes() {
        programs::configure(&cluster, site, node)?;
        start_with(&cluster, &tools, Part::Program(node, NodeProgram::Containerd))?;
    }
    let access = Access::from_kubeconfig(&cluster.kubeconfig()).await?;
    wait_part(&cluster, &access, Part::ApiServer).await?;
    start_with(&cluster, &tools, Part::ControllerManager)?;
    start_with(&cluster, &tools, Part::Scheduler)?;
    say("starting nodes, DNS and Traefik");
    give_images(&cluster, &tools).await?;
    for node in cluster.nodes() {
        start_with(&cluster, &tools, Part::Node(node))?;
    }
    services::admit(&tools, site)?;
    start_with(&cluster, &tools, Part::Dns)?;
    start_with(&cluster, &tools, Part::Traefik)?;
    wait_whole(&cluster, &access).await?;
    Ok(cluster)
}

/// Notes somebody else's cluster in place of one of ours, after it has answered.
pub async fn adopt(directory: &Path, kubeconfig: &Path) -> Result<Cluster, Error> {
    if let Some(Cluster { kind: Kind::Own { .. }, .. }) = Cluster::read(directory)? {
        return Err(occupied(directory));
    }
    let path = std::path::absolute(kubeconfig).map_err(Error::path(kubeconfig))?;
    let access = Access::from_kubeconfig(&path).await?;
    wait_ready(&access, ANSWER_DEADLINE, &path, || None).await?;
    let cluster = Cluster { directory: directory.to_owned(), kind: Kind::Foreign { kubeconfig: path } };
    cluster.write()?;
    Ok(cluster)
}

/// There is one network of ours on a machine, so there is one cluster.
fn check_alone(plan: &Plan, noted: Option<&Cluster>) -> Result<(), Error> {
    match noted.map(|cluster| &cluster.kind) {
        Some(Kind::Foreign { .. }) => Err(occupied(&plan.directory)),
        Some(Kind::Own { .. }) => Ok(()),
        None if network::links()?.is_empty() => Ok(()),
        None => Err(Error::Failed {
            program: format!("a cluster in {}", plan.directory.display()),
            output: "another one is on this machine; take it down first (`cluster status --directory …` shows it)"
                .into(),
        }),
    }
}

fn occupied(directory: &Path) -> Error {
    Error::Failed {
        program: format!("a cluster in {}", directory.display()),
        output: "another kind of cluster is noted there; `cluster down` first".into(),
    }
}

/// The noted cluster with the nodes that are wanted, or a new one with its keys.
fn found(plan: &Plan, noted: Option<&Cluster>) -> Result<Cluster, Error> {
    let before = noted.map_or(0, |cluster| cluster.nodes().len());
    let site = Site {
        directory: plan.directory.join("control-plane"),
        address: network::MACHINE,
        ports: PORTS,
        node_grace: plan.node_grace,
    };
    let authority = if noted.is_none() {
        files::create_directory(&plan.directory)?;
        let authority = foundation::lay(&site)?;
        services::identify(&site, &authority)?;
        authority
    } else {
        foundation::again(&site)?
    };
    let nodes = plan.nodes.max(u8::try_from(before).unwrap_or(u8::MAX));
    for node in (1..=nodes).map(NodeName).skip(before) {
        programs::identify(&site, &authority, node)?;
    }
    let cluster = Cluster { directory: plan.directory.clone(), kind: Kind::Own { site, nodes } };
    cluster.write()?;
    Ok(cluster)
}

/// The images without which no pod starts and no cluster can be tried.
async fn give_images(cluster: &Cluster, tools: &Tools) -> Result<(), Error> {
    let pause = cluster.directory.join("pause.tar");
    let probe = cluster.directory.join("probe.tar");
    images::archive(tools.program("pause"), images::PAUSE, &pause)?;
    images::archive(tools.program("probe"), images::PROBE, &probe)?;
    let begun = Instant::now();
    while let Err(error) = images::import(cluster, &[pause.clone(), probe.clone()]) {
        // containerd may not listen yet.
        if begun.elapsed() > READY_DEADLINE / 6 {
            return Err(error);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

pub(crate) async fn wait_part(cluster: &Cluster, access: &Access, part: Part) -> Result<(), Error> {
    let (name, log) = (part.to_string(), cluster.log(&part.to_string()));
    let registry = cluster.registry();
    let ended = || (!registry.is_alive(&name)).then(|| files::tail(&log));
    wait_ready(access, READY_DEADLINE, &log, ended).await
}

async fn wait_whole(cluster: &Cluster, access: &Access) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let missing = match missing(cluster, access).await {
            Ok(None) => return Ok(()),
            Ok(Some(missing)) => missing,
            // One answer that did not come is no reason to give up.
            Err(error) => error.to_string(),
        };
        if let Some(part) = Part::all(cluster).into_iter().find(|part| !cluster.registry().is_alive(&part.to_string()))
        {
            let output = files::tail(&cluster.log(&part.to_string()));
            return Err(Error::Failed { program: part.to_string(), output });
        }
        if begun.elapsed() > READY_DEADLINE {
            return Err(Error::Waited { what: missing, condition: "ready", waited: READY_DEADLINE });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What is not ready yet.
async fn missing(cluster: &Cluster, access: &Access) -> Result<Option<String>, Error> {
    let client = access.client()?;
    let nodes: Api<Node> = Api::all(client.clone());
    let listed = nodes.list(&ListParams::default()).await.map_err(Error::api("list the nodes"))?;
    for node in cluster.nodes() {
        let found = listed.items.iter().find(|item| item.metadata.name.as_deref() == Some(&node.to_string()));
        if !found.is_some_and(is_ready) {
            return Ok(Some(node.to_string()));
        }
    }
    let accounts: Api<ServiceAccount> = Api::namespaced(client, "default");
    if accounts.get_opt("default").await.map_err(Error::api("show a ServiceAccount"))?.is_none() {
        return Ok(Some("the first ServiceAccount".into()));
    }
    let servers = [("CoreDNS", services::DNS_READY, "/ready"), ("Traefik", services::TRAEFIK_OWN, "/ping")];
    let silent = servers.iter().find(|(_, address, path)| !answers((*address).into(), path));
    Ok(silent.map(|(what, ..)| (*what).into()))
}

pub(crate) fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}
