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

const ENGINE: Role = Role::EngineWorker;
const EMULATOR: Role = Role::XEmulator;
const GATEWAY: Role = Role::SocialGateway;
const COMPOSITOR: Role = Role::Compositor;

/// The policies of a namespace.
pub(super) fn of(house: &House, context: &Context) -> Vec<NetworkPolicy> {
    let namespace = house.namespace.as_str();
    let neighbours = &context.neighbours;
    let operator = Peer::namespace(&neighbours.operator_namespace);
    let scraper = Peer::namespace(&neighbours.monitoring_namespace);
    let traefik = Peer::namespace(&context.proxy.namespace);
    let public = || vec![ports::of(ENGINE).api, ports::of(ENGINE).ws];
    let mut outputs: Vec<u16> = house.output_ports.iter().copied().collect();
    outputs.extend([HTTPS, ports::RTMP]);
    let mut policies = vec![
        policy("default-deny", Whom::All),
        policy("names", Whom::All).resolving(DNS),
        policy("metrics", Whom::All).from(&[scraper], &Role::ALL.map(|role| ports::of(role).metrics)),
        // Data and the issuer's keys; a collector of traces is where its URL says.
        policy("data", Whom::Roles(&[ENGINE, GATEWAY])).to(&[Peer::Anywhere], &neighbours.data_ports),
        policy("issuer", Whom::Roles(&[ENGINE, GATEWAY, COMPOSITOR])).to(&[Peer::Anywhere], &[HTTPS]),
        policy("engine", Whom::Roles(&[ENGINE])).from(
            &[traefik, operator.clone(), Peer::Role(ENGINE), Peer::Role(COMPOSITOR), Peer::Role(EMULATOR)],
            &public(),
        ),
        policy("to-engine", Whom::Roles(&[ENGINE, COMPOSITOR, EMULATOR])).to(&[Peer::Role(ENGINE)], &public()),
        policy("gateway", Whom::Roles(&[GATEWAY])).from(std::slice::from_ref(&operator), &[ports::of(GATEWAY).api]),
        policy("emulator", Whom::Roles(&[EMULATOR]))
            .from(&[operator.clone(), Peer::Role(GATEWAY)], &[ports::of(EMULATOR).api]),
        policy("to-emulator", Whom::Roles(&[GATEWAY])).to(&[Peer::Role(EMULATOR)], &[ports::of(EMULATOR).api]),
        policy("compositor", Whom::Roles(&[COMPOSITOR]))
            .from(std::slice::from_ref(&operator), &[ports::of(COMPOSITOR).api]),
        policy("lease", Whom::Roles(&[COMPOSITOR])).to(&[Peer::Anywhere], &neighbours.api_server_ports),
        policy("outputs", Whom::Roles(&[COMPOSITOR])).to(&[Peer::Anywhere], &outputs),
    ];
    if neighbours.collector.is_some() {
        policies.push(policy("traces", Whom::All).to(&[Peer::Anywhere], &[neighbours.collector_port]));
    }
    policies.into_iter().map(|policy| policy.object(namespace)).collect()
}
