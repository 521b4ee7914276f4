//! Says what of a cluster runs: its parts with their memory, its nodes, how to reach it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;
use serde::Serialize;

use super::daemon::Process;
use super::parts::Part;
use super::services::ENTRY_POINTS;
use super::state::{Cluster, Kind};
use super::{network, up};
use crate::{Access, Error};

/// A status that waits is none.
const ANSWER_DEADLINE: Duration = Duration::from_secs(5);
const MEBIBYTE: u64 = 1 << 20;

/// What of a cluster runs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub kubeconfig: PathBuf,
    /// Empty for a cluster that is not ours.
    pub parts: Vec<PartReport>,
    /// `None` when the API server does not answer.
    pub nodes: Option<Vec<NodeReport>>,
    /// Traefik's, as `name=address`.
    pub entry_points: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartReport {
    pub name: String,
    /// `None` when it does not run.
    pub pid: Option<i32>,
    pub resident_bytes: Option<u64>,
    pub log: PathBuf,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    pub name: String,
    pub ready: bool,
}

impl Report {
    /// Whether every part runs and every node is ready.
    pub fn is_whole(&self) -> bool {
        let nodes = self.nodes.as_ref().is_some_and(|nodes| nodes.iter().all(|node| node.ready));
        nodes && self.parts.iter().all(|part| part.pid.is_some())
    }
}

/// Looks at a cluster. A part that does not run or does not answer is part of the report, not a failure.
pub async fn report(cluster: &Cluster) -> Result<Report, Error> {
    let registry = cluster.registry();
    let part = |part: Part| {
        let name = part.to_string();
        let process = registry.find(&name).filter(|process| process.is_alive());
        PartReport {
            pid: process.map(|process| process.pid),
            resident_bytes: process.and_then(Process::resident_bytes),
            log: cluster.log(&name),
            name,
        }
    };
    let (parts, entry_points) = match &cluster.kind {
        Kind::Own { .. } => (
            Part::all(cluster).into_iter().map(part).collect(),
            ENTRY_POINTS.map(|(name, port)| format!("{name}={}:{port}", network::MACHINE)).to_vec(),
        ),
        Kind::Foreign { .. } => (Vec::new(), Vec::new()),
    };
    let nodes = tokio::time::timeout(ANSWER_DEADLINE, nodes(cluster)).await;
    Ok(Report { kubeconfig: cluster.kubeconfig(), parts, nodes: nodes.ok().and_then(Result::ok), entry_points })
}

async fn nodes(cluster: &Cluster) -> Result<Vec<NodeReport>, Error> {
    let client = Access::from_kubeconfig(&cluster.kubeconfig()).await?.client()?;
    let nodes: Api<Node> = Api::all(client);
    let listed = nodes.list(&ListParams::default()).await.map_err(Error::api("list the nodes"))?;
    let of =
        |node: &Node| NodeReport { name: node.metadata.name.clone().unwrap_or_default(), ready: up::is_ready(node) };
    Ok(listed.items.iter().map(of).collect())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match (part.pid, part.resident_bytes) {
                (Some(pid), Some(bytes)) => writeln!(f, "{:<24} pid {pid:<8} {:>5} MiB", part.name, bytes / MEBIBYTE)?,
                _ => writeln!(f, "{:<24} not running; log: {}", part.name, part.log.display())?,
            }
        }
        match &self.nodes {
            None => writeln!(f, "the API server does not answer")?,
            Some(nodes) => {
                for node in nodes {
                    writeln!(f, "{:<24} {}", node.name, if node.ready { "Ready" } else { "NotReady" })?;
                }
            }
        }
        for entry_point in &self.entry_points {
            writeln!(f, "{entry_point}")?;
        }
        write!(f, "KUBECONFIG={}", self.kubeconfig.display())
    }
}
