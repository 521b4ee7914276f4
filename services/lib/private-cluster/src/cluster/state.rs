//! What is noted of a cluster between two commands, and where its files lie.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::daemon::Registry;
use crate::invocation::Site;
use crate::{Error, files};

/// A Unix socket's path may be no longer; containerd's lies deepest.
const LONGEST_SOCKET: usize = 107;
/// Nodes see their own directories in these places, so a cluster's files cannot lie there.
const HIDDEN_IN_NODES: [&str; 2] = ["/run", "/var"];

/// A cluster of ours, or somebody else's that is used in its place.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) directory: PathBuf,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Kind {
    Own {
        site: Site,
        nodes: u8,
    },
    /// Only looked at: nothing of it is started or stopped.
    Foreign {
        kubeconfig: PathBuf,
    },
}

/// `node1`, `node2` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeName(pub u8);

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node{}", self.0)
    }
}

impl FromStr for NodeName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let number = word.strip_prefix("node").and_then(|number| number.parse().ok()).filter(|&number| number > 0);
        number.map(Self).ok_or_else(|| format!("\"{word}\" is no node; nodes are node1, node2 and so on"))
    }
}

impl Cluster {
    /// The cluster that is noted in `directory`, if any.
    pub fn read(directory: &Path) -> Result<Option<Self>, Error> {
        let path = note(directory);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::path(path)(error)),
        };
        let kind = serde_json::from_slice(&text).map_err(|error| Error::path(path)(error.into()))?;
        Ok(Some(Self { directory: directory.to_owned(), kind }))
    }

    pub(crate) fn write(&self) -> Result<(), Error> {
        files::create_directory(&self.directory)?;
        let text = serde_json::to_string_pretty(&self.kind).expect("notes are JSON");
        // Whole or not at all, also for a reader that comes meanwhile.
        let (path, new) = (note(&self.directory), self.directory.join(".cluster.json.new"));
        files::write(&new, &text)?;
        std::fs::rename(&new, &path).map_err(Error::path(path))
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        match &self.kind {
            Kind::Own { site, nodes: _ } => site.kubeconfig("admin"),
            Kind::Foreign { kubeconfig } => kubeconfig.clone(),
        }
    }

    /// Where kubectl keeps what it learnt, so that it goes with the cluster.
    pub fn cache(&self) -> PathBuf {
        self.directory.join("kubectl")
    }

    /// The nodes that are ours.
    pub fn nodes(&self) -> Vec<NodeName> {
        match self.kind {
            Kind::Own { site: _, nodes } => (1..=nodes).map(NodeName).collect(),
            Kind::Foreign { .. } => Vec::new(),
        }
    }

    pub(crate) fn registry(&self) -> Registry {
        Registry::new(&self.directory)
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.directory.join("logs").join(format!("{}.log", name.replace('/', ".")))
    }

    /// Where a node's own `/run` and `/var` lie.
    pub(crate) fn node_directory(&self, node: NodeName) -> PathBuf {
        node_directory(&self.directory, node)
    }

    /// containerd's socket of a node, as seen from outside it.
    pub fn containerd_socket(&self, node: NodeName) -> PathBuf {
        containerd_socket(&self.directory, node)
    }
}

fn note(directory: &Path) -> PathBuf {
    directory.join("cluster.json")
}

fn node_directory(directory: &Path, node: NodeName) -> PathBuf {
    directory.join(node.to_string())
}

fn containerd_socket(directory: &Path, node: NodeName) -> PathBuf {
    node_directory(directory, node).join("run/containerd/containerd.sock")
}

/// Says why a directory cannot hold a cluster.
pub(crate) fn check_directory(directory: &Path) -> Result<(), Error> {
    let refuse =
        |output: String| Err(Error::Failed { program: format!("a cluster in {}", directory.display()), output });
    if !directory.is_absolute() {
        return refuse("the path must be absolute".into());
    }
    if let Some(hidden) = HIDDEN_IN_NODES.iter().find(|hidden| directory.starts_with(hidden)) {
        return refuse(format!("nodes have a {hidden} of their own; use a directory elsewhere"));
    }
    let length = containerd_socket(directory, NodeName(u8::MAX)).as_os_str().len();
    if length > LONGEST_SOCKET {
        return refuse(format!("the path is too long by {} bytes for a socket", length - LONGEST_SOCKET));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_nodes_cannot_see_or_whose_sockets_cannot_be_named_is_refused() {
        for refused in ["relative", "/var/lib/cluster", "/run/cluster"] {
            assert!(check_directory(Path::new(refused)).is_err(), "{refused}");
        }
        assert!(check_directory(&Path::new("/srv").join("d".repeat(80))).is_err());
        assert!(check_directory(Path::new("/home/me/.local/state/sothebais/cluster")).is_ok());
    }
}
