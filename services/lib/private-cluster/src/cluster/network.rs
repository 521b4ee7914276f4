//! The cluster's network on this machine: one bridge, one cable to each node, a route to each node's pods.
//!
//! Everything hangs on the bridge or in a node's network namespace; removing the bridge removes the routes too.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::command::run;
use super::node::Namespaces;
use super::state::NodeName;
use crate::Error;
use crate::invocation::SERVICE_RANGE;

/// The machine's own end: what the API server, DNS and Traefik listen on.
pub(crate) const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 89, 0, 1);
/// All pods of all nodes.
pub(crate) const POD_RANGE: &str = "10.88.0.0/16";
/// The kernel buries a network namespace in its own time.
const REMOVE_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
const BRIDGE: &str = "sothebais0";

impl NodeName {
    pub(crate) fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, 0, self.0 + 1)
    }

    pub(crate) fn pod_range(self) -> String {
        format!("10.88.{}.0/24", self.0)
    }

    /// The machine's end of the node's cable.
    fn cable(self) -> String {
        format!("sothebais{}", self.0)
    }
}

/// Makes the bridge, when it is not there yet.
pub(crate) fn lay_bridge() -> Result<(), Error> {
    if !exists(BRIDGE) {
        run("ip", &["link", "add", BRIDGE, "type", "bridge"])?;
    }
    run("ip", &["address", "replace", &format!("{MACHINE}/24"), "dev", BRIDGE])?;
    run("ip", &["link", "set", BRIDGE, "up"])?;
    Ok(())
}

/// Connects a node that has just been born: its address, its way to the machine, and the machine's way to its pods.
pub(crate) fn connect(node: NodeName, namespaces: &Namespaces) -> Result<(), Error> {
    let cable = node.cable();
    if exists(&cable) {
        // The cable of a node that has just died; it may go by itself meanwhile.
        drop(run("ip", &["link", "delete", &cable]));
    }
    let pid = namespaces.pid().to_string();
    run("ip", &["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &pid])?;
    run("ip", &["link", "set", &cable, "master", BRIDGE, "up"])?;
    let address = format!("{}/24", node.address());
    let machine = MACHINE.to_string();
    namespaces.run(&["ip", "link", "set", "lo", "up"])?;
    namespaces.run(&["ip", "address", "add", &address, "dev", "eth0"])?;
    namespaces.run(&["ip", "link", "set", "eth0", "up"])?;
    namespaces.run(&["ip", "route", "add", "default", "via", &machine])?;
    // Pods are behind the node, so it forwards; this is the node's own setting, not the machine's.
    namespaces.run(&["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])?;
    Ok(())
}

/// Tells the machine and all nodes the way to everybody's pods. The first node is the machine's door to Services.
pub(crate) fn route(nodes: &[(NodeName, Namespaces)]) -> Result<(), Error> {
    for (node, namespaces) in nodes {
        run("ip", &["route", "replace", &node.pod_range(), "via", &node.address().to_string()])?;
        for (other, _) in nodes.iter().filter(|(other, _)| other != node) {
            namespaces.run(&["ip", "route", "replace", &other.pod_range(), "via", &other.address().to_string()])?;
        }
    }
    if let Some((first, _)) = nodes.first() {
        run("ip", &["route", "replace", SERVICE_RANGE, "via", &first.address().to_string()])?;
    }
    Ok(())
}

/// Cuts a node's cable, or joins it again: a partition, seen from both sides.
pub(crate) fn set_cable(node: NodeName, up: bool) -> Result<(), Error> {
    run("ip", &["link", "set", &node.cable(), if up { "up" } else { "down" }]).map(drop)
}

/// Removes every link of ours. What is not there is fine.
pub(crate) fn remove() -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let links = links()?;
        let Some(last) = links.last() else { return Ok(()) };
        // A node's cable goes by itself when the node's namespace does, which the kernel may be doing right now.
        let failed = links.iter().map(|link| run("ip", &["link", "delete", link])).find_map(Result::err);
        if let Some(error) = failed.filter(|_| begun.elapsed() > REMOVE_DEADLINE && exists(last)) {
            return Err(error);
        }
        std::thread::sleep(POLL);
    }
}

/// The links of ours that exist.
pub(crate) fn links() -> Result<Vec<String>, Error> {
    let directory = std::path::Path::new("/sys/class/net");
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .map_err(Error::path(directory))?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_ours(name))
        .collect();
    names.sort();
    Ok(names)
}

fn is_ours(link: &str) -> bool {
    link.strip_prefix("sothebais")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn exists(link: &str) -> bool {
    std::path::Path::new("/sys/class/net").join(link).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_an_address_and_a_pod_range_of_its_own() {
        assert_eq!(
            (NodeName(1).address().to_string(), NodeName(1).pod_range()),
            ("10.89.0.2".into(), "10.88.1.0/24".into())
        );
        assert_eq!(
            (NodeName(2).address().to_string(), NodeName(2).pod_range()),
            ("10.89.0.3".into(), "10.88.2.0/24".into())
        );
    }

    #[test]
    fn only_links_of_ours_are_ever_removed() {
        assert!(is_ours("sothebais0") && is_ours("sothebais12"));
        assert!(!is_ours("sothebais") && !is_ours("sothebais-x") && !is_ours("eth0"));
    }
}
