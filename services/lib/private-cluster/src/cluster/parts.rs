//! A cluster's parts by name: each can be started, stopped in order or killed alone, which is how faults are played.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::answers::answers;
use super::daemon::Process;
use super::programs::{self, NodeProgram};
use super::state::{Cluster, Kind, NodeName};
use super::{network, node, services, up};
use crate::invocation::{self, Invocation, Site};
use crate::tools::{Group, Tools};
use crate::{Access, Error, files};

/// The API server ends its watches first; a node's programs need no more.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// A containerd with many images takes a while to serve, the more so on a busy machine.
const KUBELET_DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);

/// What can be started and fail alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Dns,
    Traefik,
    /// A whole node: killing it is a power cut.
    Node(NodeName),
    Program(NodeName, NodeProgram),
}

impl Part {
    /// All parts of a cluster in the order in which they start; they stop the other way round.
    pub fn all(cluster: &Cluster) -> Vec<Self> {
        let mut parts = vec![Self::Etcd, Self::ApiServer, Self::ControllerManager, Self::Scheduler];
        for node in cluster.nodes() {
            parts.push(Self::Node(node));
            parts.extend(NodeProgram::ALL.map(|program| Self::Program(node, program)));
        }
        parts.extend([Self::Dns, Self::Traefik]);
        parts
    }

    /// The node that it belongs to.
    fn node(self) -> Option<NodeName> {
        match self {
            Self::Node(node) | Self::Program(node, _) => Some(node),
            Self::Etcd | Self::ApiServer | Self::ControllerManager | Self::Scheduler | Self::Dns | Self::Traefik => {
                None
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Etcd => f.write_str("etcd"),
            Self::ApiServer => f.write_str("kube-apiserver"),
            Self::ControllerManager => f.write_str("kube-controller-manager"),
            Self::Scheduler => f.write_str("kube-scheduler"),
            Self::Dns => f.write_str("coredns"),
            Self::Traefik => f.write_str("traefik"),
            Self::Node(node) => node.fmt(f),
            Self::Program(node, program) => write!(f, "{node}/{}", program.name()),
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let fixed = [Self::Etcd, Self::ApiServer, Self::ControllerManager, Self::Scheduler, Self::Dns, Self::Traefik];
        if let Some(part) = fixed.into_iter().find(|part| part.to_string() == word) {
            return Ok(part);
        }
        let unknown = || {
            let names = fixed.map(|part| part.to_string()).join(", ");
            format!(
                "there is no part \"{word}\"; there are {names}, nodeN, nodeN/containerd, nodeN/kubelet, nodeN/kube-proxy"
            )
        };
        let (node, program) = word.split_once('/').map_or((word, None), |(node, program)| (node, Some(program)));
        let node = node.parse().map_err(|_| unknown())?;
        match program {
            None => Ok(Self::Node(node)),
            Some(name) => {
                let program = NodeProgram::ALL.into_iter().find(|program| program.name() == name);
                program.map(|program| Self::Program(node, program)).ok_or_else(unknown)
            }
        }
    }
}

/// Everything that a cluster of ours is made of.
pub(crate) fn tools() -> Result<Tools, Error> {
    let kubernetes =
        ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"];
    Ok(Tools::of(Group::Kubernetes, &kubernetes)?
        .and(Tools::of(Group::CoreDns, &["coredns"])?)
        .and(Tools::of(Group::Traefik, &["traefik", "crds.yaml"])?)
        .and(Tools::of(Group::Pods, &["pause", "probe"])?))
}

/// Starts a part that does not run; a node is started with all of its programs. An API server is waited for, and then
/// whoever died for the lack of it is started too, as an init system would.
pub async fn start(cluster: &Cluster, part: Part) -> Result<(), Error> {
    let tools = tools()?;
    start_with(cluster, &tools, part)?;
    if part == Part::ApiServer {
        let access = Access::from_kubeconfig(&cluster.kubeconfig()).await?;
        up::wait_part(cluster, &access, part).await?;
        for other in Part::all(cluster) {
            if cluster.registry().has_died(&other.to_string()) {
                start_with(cluster, &tools, other)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn start_with(cluster: &Cluster, tools: &Tools, part: Part) -> Result<(), Error> {
    let registry = cluster.registry();
    let name = part.to_string();
    if registry.is_alive(&name) && !matches!(part, Part::Node(_)) {
        return Ok(());
    }
    let site = own_site(cluster, part)?;
    let log = cluster.log(&name);
    files::create_directory(log.parent().expect("a log lies in a directory"))?;
    let on_machine = |invocation: &Invocation| registry.start(&name, invocation, &log).map(drop);
    match part {
        Part::Etcd => on_machine(&invocation::etcd(tools, site)),
        Part::ApiServer => on_machine(&invocation::api_server(tools, site)),
        Part::ControllerManager => on_machine(&invocation::controller_manager(tools, site)),
        Part::Scheduler => on_machine(&invocation::scheduler(tools, site)),
        Part::Dns => on_machine(&services::dns(tools, site)?),
        Part::Traefik => on_machine(&services::traefik(tools, site)),
        Part::Node(name) => start_node(cluster, tools, site, name),
        Part::Program(node, program) => {
            let namespaces = node::enter_or_create(cluster, node)?;
            let invocation = programs::invocation(tools, site, node, namespaces, program);
            match program {
                NodeProgram::Kubelet => start_kubelet(cluster, node, &invocation),
                NodeProgram::Containerd | NodeProgram::KubeProxy => {
                    registry.start_inner(&name, &invocation, &log).map(drop)
                }
            }
        }
    }
}

fn start_node(cluster: &Cluster, tools: &Tools, site: &Site, name: NodeName) -> Result<(), Error> {
    programs::configure(cluster, site, name)?;
    node::enter_or_create(cluster, name)?;
    let alive: Result<Vec<_>, Error> = cluster
        .nodes()
        .into_iter()
        .filter(|&other| other == name || cluster.registry().is_alive(&other.to_string()))
        .map(|other| node::enter_or_create(cluster, other).map(|namespaces| (other, namespaces)))
        .collect();
    network::route(&alive?)?;
    for program in NodeProgram::ALL {
        start_with(cluster, tools, Part::Program(name, program))?;
    }
    Ok(())
}

/// Starts a kubelet and waits until it is well. It ends when containerd does not serve yet, and is started again, as an
/// init system would.
fn start_kubelet(cluster: &Cluster, node: NodeName, invocation: &Invocation) -> Result<(), Error> {
    let (registry, name) = (cluster.registry(), Part::Program(node, NodeProgram::Kubelet).to_string());
    let log = cluster.log(&name);
    let begun = Instant::now();
    while begun.elapsed() < KUBELET_DEADLINE {
        registry.start_inner(&name, invocation, &log)?;
        while registry.is_alive(&name) && begun.elapsed() < KUBELET_DEADLINE {
            if answers((node.address(), programs::KUBELET_HEALTH).into(), "/healthz") {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }
    Err(Error::NotReady { what: name, waited: KUBELET_DEADLINE, log })
}

fn own_site(cluster: &Cluster, part: Part) -> Result<&Site, Error> {
    let refuse = |output: &str| Err(Error::Failed { program: part.to_string(), output: output.into() });
    match &cluster.kind {
        Kind::Foreign { .. } => refuse("this cluster is not ours to start or stop"),
        Kind::Own { site, nodes } => match part.node() {
            Some(node) if node.0 == 0 || node.0 > *nodes => refuse("the cluster has no such node"),
            Some(_) | None => Ok(site),
        },
    }
}

/// Ends a part in order; one that does not run is fine. A node ends as a whole.
pub fn stop(cluster: &Cluster, part: Part) -> Result<(), Error> {
    if matches!(part, Part::Node(_)) {
        // The first process of a node hears nothing else.
        return kill(cluster, part);
    }
    end(cluster, part, |process| process.end(STOP_DEADLINE))
}

/// Kills a part at once; one that does not run is fine.
pub fn kill(cluster: &Cluster, part: Part) -> Result<(), Error> {
    end(cluster, part, Process::kill9)
}

fn end(cluster: &Cluster, part: Part, how: impl FnOnce(Process)) -> Result<(), Error> {
    own_site(cluster, part)?;
    let registry = cluster.registry();
    if let Some(process) = registry.find(&part.to_string()) {
        how(process);
    }
    registry.forget(&part.to_string());
    if let Part::Node(node) = part {
        for program in NodeProgram::ALL {
            registry.forget(&Part::Program(node, program).to_string());
        }
    }
    Ok(())
}

/// Cuts a node's cable: a partition, seen from both sides.
pub fn cut(cluster: &Cluster, node: NodeName) -> Result<(), Error> {
    own_site(cluster, Part::Node(node))?;
    network::set_cable(node, false)
}

/// Joins a node's cable again.
pub fn heal(cluster: &Cluster, node: NodeName) -> Result<(), Error> {
    own_site(cluster, Part::Node(node))?;
    network::set_cable(node, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read_by_the_name_that_it_is_shown_by() {
        let node = NodeName(2);
        let parts = [
            Part::Etcd,
            Part::ApiServer,
            Part::ControllerManager,
            Part::Scheduler,
            Part::Dns,
            Part::Traefik,
            Part::Node(node),
            Part::Program(node, NodeProgram::Containerd),
            Part::Program(node, NodeProgram::Kubelet),
            Part::Program(node, NodeProgram::KubeProxy),
        ];
        for part in parts {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert!("node2/etcd".parse::<Part>().is_err() && "nodex".parse::<Part>().is_err());
    }
}
