//! The ports of a role's program in a pod: the seed's, for every pod has an address of its own.

use bootstrap::ports::{Ports, Service};
use k8s_openapi::api::core::v1::{ContainerPort, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use operator_plan::Role;

/// The name of the port that probes ask.
pub const HEALTH: &str = "health";
/// The name of the port that is scraped.
pub const METRICS: &str = "metrics";

/// RTMP's own port.
pub const RTMP: u16 = 1935;

/// The ports of a role's program.
pub fn of(role: Role) -> Ports {
    let nothing_set = |_: &str| None;
    bootstrap::ports::ports(service(role), nothing_set).expect("nothing is set that could be no port")
}

/// What the program of a role listens on, by name.
pub fn named(role: Role) -> Vec<(&'static str, u16)> {
    let Ports { api, ws, metrics, health } = of(role);
    let mut ports = vec![("api", api)];
    match role {
        Role::EngineWorker => ports.push(("ws", ws)),
        Role::XEmulator | Role::SocialGateway | Role::Compositor => {}
    }
    ports.extend([(METRICS, metrics), (HEALTH, health)]);
    ports
}

/// The container's list.
pub fn of_container(role: Role) -> Vec<ContainerPort> {
    let port = |(name, port): (&str, u16)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: port.into(),
        // Spelt out, for a list merges by port and protocol.
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    named(role).into_iter().map(port).collect()
}

/// The Service's list; probes go to the pod itself.
pub fn of_service(role: Role) -> Vec<ServicePort> {
    let port = |(name, port): (&str, u16)| ServicePort {
        name: Some(name.to_owned()),
        port: port.into(),
        target_port: Some(IntOrString::String(name.to_owned())),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    named(role).into_iter().filter(|(name, _)| *name != HEALTH).map(port).collect()
}

fn service(role: Role) -> Service {
    match role {
        Role::XEmulator => Service::XEmulator,
        Role::EngineWorker => Service::AuctionEngine,
        Role::SocialGateway => Service::SocialGateway,
        Role::Compositor => Service::Compositor,
    }
}
