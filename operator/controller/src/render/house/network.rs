//! Network policies: nothing in, nothing out, and then the flows by name. They hold for the operator's children alone;
//! other pods of the namespace are their owners' business.

mod flow;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use operator_plan::House;
use operator_plan::Role;

use self::flow::{Peer, Whom, policy};
use crate::render::context::Context;
use crate::render::ports;

/// Secure RTMP and HTTPS.
const HTTPS: u16 = 443;
const DNS: u16 = 53;

/// The policies of a namespace.
pub(super) fn of(house: &House, context: &Context) -> Vec<NetworkPolicy> {
    let namespace = house.namespace.as_str();
    let neighbours = &context.neighbours;
    let (engine, emulator, gateway, compositor) =
        (Role::EngineWorker, Role::XEmulator, Role::SocialGateway, Role::Compositor);
    let operator = Peer::namespace(&neighbours.operator_namespace);
    let scraper = Peer::namespace(&neighbours.monitoring_namespace);
    let traefik = Peer::namespace(&context.proxy.namespace);
    let public = || vec![ports::of(engine).api, ports::of(engine).ws];
    let mut outputs: Vec<u16> = house.output_ports.iter().copied().collect();
    outputs.extend([HTTPS, ports::RTMP]);
    let mut policies = vec![
        policy("default-deny", Whom::All),
        policy("names", Whom::All).to_name_servers(DNS),
        policy("metrics", Whom::All).from(&[scraper], &Role::ALL.map(|role| ports::of(role).metrics)),
        // Data and the issuer's keys; a collector of traces is where its URL says.
        policy("data", Whom::Roles(&[engine, gateway])).to(&[Peer::Anywhere], &neighbours.data_ports),
        policy("issuer", Whom::Roles(&[engine, gateway, compositor])).to(&[Peer::Anywhere], &[HTTPS]),
        policy("engine", Whom::Roles(&[engine])).from(
            &[traefik, operator.clone(), Peer::Role(engine), Peer::Role(compositor), Peer::Role(emulator)],
            &public(),
        ),
        policy("to-engine", Whom::Roles(&[engine, compositor, emulator])).to(&[Peer::Role(engine)], &public()),
        policy("gateway", Whom::Roles(&[gateway])).from(&[operator.clone()], &[ports::of(gateway).api]),
        policy("emulator", Whom::Roles(&[emulator]))
            .from(&[operator.clone(), Peer::Role(gateway)], &[ports::of(emulator).api]),
        policy("to-emulator", Whom::Roles(&[gateway])).to(&[Peer::Role(emulator)], &[ports::of(emulator).api]),
        policy("compositor", Whom::Roles(&[compositor])).from(&[operator], &[ports::of(compositor).api]),
        policy("lease", Whom::Roles(&[compositor])).to(&[Peer::Anywhere], &neighbours.api_server_ports),
        policy("outputs", Whom::Roles(&[compositor])).to(&[Peer::Anywhere], &outputs),
    ];
    if neighbours.collector.is_some() {
        policies.push(policy("traces", Whom::All).to(&[Peer::Anywhere], &[neighbours.collector_port]));
    }
    policies.into_iter().map(|policy| policy.object(namespace)).collect()
}
