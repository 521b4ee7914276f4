//! One policy: whose, which way, with whom, on which ports.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use operator_plan::Role;

use crate::object::{MANAGED_BY, MANAGER};
use crate::render::labels::{self, Labels};
use crate::render::meta;

/// Whose traffic a policy is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whom {
    All,
    Roles(&'static [Role]),
}

/// The other end.
#[derive(Debug, Clone)]
pub(super) enum Peer {
    Anywhere,
    Namespace(String),
    Role(Role),
}

impl Peer {
    /// A neighbour whose namespace nobody has named may be anywhere.
    pub(super) fn namespace(name: &str) -> Self {
        if name.is_empty() { Self::Anywhere } else { Self::Namespace(name.to_owned()) }
    }

    fn rendered(&self) -> Option<NetworkPolicyPeer> {
        match self {
            Self::Anywhere => None,
            Self::Namespace(name) => Some(NetworkPolicyPeer {
                // The label that every namespace carries with its own name.
                namespace_selector: Some(matching([("kubernetes.io/metadata.name".to_owned(), name.clone())].into())),
                ..NetworkPolicyPeer::default()
            }),
            Self::Role(role) => {
                Some(NetworkPolicyPeer { pod_selector: Some(running(&[*role])), ..NetworkPolicyPeer::default() })
            }
        }
    }
}

/// A policy that is being written.
pub(super) struct Policy {
    name: &'static str,
    whom: Whom,
    way: Way,
}

enum Way {
    Nothing,
    From(NetworkPolicyIngressRule),
    To(NetworkPolicyEgressRule),
}

/// A policy that lets nothing in or out until it is told what.
pub(super) fn policy(name: &'static str, whom: Whom) -> Policy {
    Policy { name, whom, way: Way::Nothing }
}

impl Policy {
    pub(super) fn from(self, peers: &[Peer], ports: &[u16]) -> Self {
        let rule = NetworkPolicyIngressRule { from: ends(peers), ports: Some(tcp(ports)) };
        Self { way: Way::From(rule), ..self }
    }

    pub(super) fn to(self, peers: &[Peer], ports: &[u16]) -> Self {
        let rule = NetworkPolicyEgressRule { to: ends(peers), ports: Some(tcp(ports)) };
        Self { way: Way::To(rule), ..self }
    }

    /// Names are asked for over UDP, long answers over TCP.
    pub(super) fn resolving(self, port: u16) -> Self {
        let both = ["UDP", "TCP"].map(|protocol| by_protocol(protocol, port)).to_vec();
        Self { way: Way::To(NetworkPolicyEgressRule { to: None, ports: Some(both) }), ..self }
    }

    pub(super) fn object(self, namespace: &str) -> NetworkPolicy {
        let ways = match self.way {
            Way::Nothing => ["Ingress", "Egress"].map(str::to_owned).to_vec(),
            Way::From(_) => vec!["Ingress".to_owned()],
            Way::To(_) => vec!["Egress".to_owned()],
        };
        let (ingress, egress) = match self.way {
            Way::Nothing => (vec![], vec![]),
            Way::From(rule) => (vec![rule], vec![]),
            Way::To(rule) => (vec![], vec![rule]),
        };
        NetworkPolicy {
            metadata: meta::shared(&format!("sothebais-{}", self.name), namespace, labels::managed()),
            spec: Some(NetworkPolicySpec {
                pod_selector: Some(self.whom.selector()),
                policy_types: Some(ways),
                // Empty lists are ours as well: what somebody adds to them would open what this keeps shut.
                ingress: Some(ingress),
                egress: Some(egress),
            }),
        }
    }
}

impl Whom {
    fn selector(self) -> LabelSelector {
        match self {
            Self::All => ours(),
            Self::Roles(roles) => running(roles),
        }
    }
}

/// The operator's own pods of these programs.
fn running(roles: &[Role]) -> LabelSelector {
    LabelSelector {
        match_expressions: Some(vec![LabelSelectorRequirement {
            key: labels::NAME.to_owned(),
            operator: "In".to_owned(),
            values: Some(roles.iter().map(|role| role.program().to_owned()).collect()),
        }]),
        ..ours()
    }
}

fn ours() -> LabelSelector {
    matching([(MANAGED_BY.to_owned(), MANAGER.to_owned())].into())
}

fn matching(labels: Labels) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), match_expressions: None }
}

/// No list at all is everybody; an empty one would be too, and reads as nobody.
fn ends(peers: &[Peer]) -> Option<Vec<NetworkPolicyPeer>> {
    peers.iter().map(Peer::rendered).collect()
}

fn tcp(ports: &[u16]) -> Vec<NetworkPolicyPort> {
    let mut ports = ports.to_vec();
    ports.sort_unstable();
    ports.dedup();
    ports.into_iter().map(|port| by_protocol("TCP", port)).collect()
}

fn by_protocol(protocol: &str, port: u16) -> NetworkPolicyPort {
    NetworkPolicyPort { protocol: Some(protocol.to_owned()), port: Some(IntOrString::Int(port.into())), end_port: None }
}
