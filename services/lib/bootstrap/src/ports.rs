//! Ports and their environment names: one pattern for every service, derived by one function.
//!
//! A service has a base port; its WebSocket is at +1, its metrics at +90, its health at +91. The operator's are 8080 and 8081.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

const WEBSOCKET: u16 = 1;
const METRICS: u16 = 90;
const HEALTH: u16 = 91;

/// The deployables that listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    AuctionEngine,
    SocialGateway,
    EventHandler,
    StreamManager,
    Compositor,
    Agent,
    Admin,
    XEmulator,
    /// It has no API of its own: metrics and health only.
    Operator,
}

/// What a service listens on. 0 asks for any free port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub api: u16,
    pub ws: u16,
    pub metrics: u16,
    pub health: u16,
}

/// An environment variable that holds no port.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is \"{value}\": not a port; write a number from 0 (any free port) to 65535")]
pub struct BadPort {
    pub name: String,
    pub value: String,
}

impl Service {
    pub const ALL: [Self; 9] = [
        Self::AuctionEngine,
        Self::SocialGateway,
        Self::EventHandler,
        Self::StreamManager,
        Self::Compositor,
        Self::Agent,
        Self::Admin,
        Self::XEmulator,
        Self::Operator,
    ];

    /// The name of its binary, its log file and its `service` label.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuctionEngine => "auction-engine",
            Self::SocialGateway => "social-gateway",
            Self::EventHandler => "event-handler",
            Self::StreamManager => "stream-manager",
            Self::Compositor => "compositor",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::XEmulator => "x-emulator",
            Self::Operator => "operator",
        }
    }

    /// How far a port is from the base.
    fn offset(self, port: Port) -> u16 {
        match (self, port) {
            (_, Port::Api) => 0,
            (Self::Operator, Port::Metrics) => 1,
            (Self::Operator, Port::Health) => 2,
            (Self::Operator, Port::Ws) => 3,
            (_, Port::Ws) => WEBSOCKET,
            (_, Port::Metrics) => METRICS,
            (_, Port::Health) => HEALTH,
        }
    }

    fn base(self) -> u16 {
        match self {
            Self::AuctionEngine => 4400,
            Self::SocialGateway => 4600,
            Self::EventHandler => 4300,
            // The same block: each compositor has a pod of its own.
            Self::StreamManager | Self::Compositor => 4200,
            Self::Agent => 4500,
            Self::Admin => 3000,
            Self::XEmulator => 4700,
            // Kept free, so that metrics and health come to 8080 and 8081, where operators have them.
            Self::Operator => 8079,
        }
    }

    /// The environment names of a port, the first one first: `AUCTION_ENGINE_PORT`, `…_WS_PORT`, …
    fn names(self, port: Port) -> Vec<String> {
        let prefix = self.name().to_uppercase().replace('-', "_");
        let name = |suffix: &str| format!("{prefix}_{suffix}");
        match port {
            Port::Api => vec![name("PORT")],
            // The event handler's WebSocket has a name of its own; the pattern's is an alias.
            Port::Ws if self == Self::EventHandler => vec![name("STREAM_PORT"), name("WS_PORT")],
            Port::Ws => vec![name("WS_PORT")],
            Port::Metrics => vec![name("METRICS_PORT")],
            Port::Health => vec![name("HEALTH_PORT")],
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy)]
enum Port {
    Api,
    Ws,
    Metrics,
    Health,
}

/// The ports of `service`: from the environment where it names them, else derived from the API port.
///
/// `lookup` reads one variable. With an API port of 0 the others are 0 too unless named.
pub fn ports(service: Service, lookup: impl Fn(&str) -> Option<String>) -> Result<Ports, BadPort> {
    let read = |port: Port| -> Result<Option<u16>, BadPort> {
        let found = service.names(port).into_iter().find_map(|name| lookup(&name).map(|value| (name, value)));
        found.map(|(name, value)| value.trim().parse().map_err(|_| BadPort { name, value })).transpose()
    };
    let api = read(Port::Api)?.unwrap_or(service.base());
    let derived = |port: Port| if api == 0 { 0 } else { api.saturating_add(service.offset(port)) };
    Ok(Ports {
        api,
        ws: read(Port::Ws)?.unwrap_or(derived(Port::Ws)),
        metrics: read(Port::Metrics)?.unwrap_or(derived(Port::Metrics)),
        health: read(Port::Health)?.unwrap_or(derived(Port::Health)),
    })
}

/// [`ports`] by the process's own environment.
pub fn ports_from_env(service: Service) -> Result<Ports, BadPort> {
    #[expect(clippy::disallowed_methods, reason = "this crate reads the environment for everybody")]
    ports(service, |name| std::env::var(name).ok())
}

/// Writes the ports that were really bound, as one line of JSON, all at once: a reader never sees half a file.
pub fn publish(file: &Path, bound: &Ports) -> std::io::Result<()> {
    let partial = file.with_extension("partial");
    std::fs::write(&partial, format!("{}\n", serde_json::to_string(bound).expect("four numbers are JSON")))?;
    std::fs::rename(partial, file)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_engines_ports_are_the_seeds() {
        let all = ports(Service::AuctionEngine, |_| None).unwrap();
        assert_eq!(all, Ports { api: 4400, ws: 4401, metrics: 4490, health: 4491 });
    }

    #[test]
    fn the_operator_has_the_ports_where_operators_have_them() {
        let Ports { metrics, health, .. } = ports(Service::Operator, |_| None).unwrap();
        assert_eq!((metrics, health), (8080, 8081));
    }

    #[test]
    fn the_event_handlers_websocket_answers_to_both_names() {
        let only = |wanted: &'static str| move |name: &str| (name == wanted).then(|| "5000".to_owned());
        assert_eq!(ports(Service::EventHandler, only("EVENT_HANDLER_STREAM_PORT")).unwrap().ws, 5000);
        assert_eq!(ports(Service::EventHandler, only("EVENT_HANDLER_WS_PORT")).unwrap().ws, 5000);
        assert_eq!(ports(Service::AuctionEngine, only("AUCTION_ENGINE_STREAM_PORT")).unwrap().ws, 4401);
    }

    #[test]
    fn no_two_services_share_a_port() {
        let mut seen = BTreeMap::new();
        for service in Service::ALL {
            let Ports { api, ws, metrics, health } = ports(service, |_| None).unwrap();
            for port in [api, ws, metrics, health] {
                let other = seen.insert(port, service).filter(|_| service != Service::Compositor);
                assert_eq!(other, None, "{service} shares port {port}");
            }
        }
    }

    #[test]
    fn a_word_is_no_port() {
        let refused = ports(Service::Agent, |_| Some("four".into())).unwrap_err();
        assert_eq!(refused, BadPort { name: "AGENT_PORT".into(), value: "four".into() });
    }

    proptest! {
        #[test]
        fn a_named_base_moves_all_and_a_named_port_moves_one(base in 1_u16..=65_000, ws in 0_u16..) {
            for service in Service::ALL {
                let base_name = service.names(Port::Api).remove(0);
                let ws_name = service.names(Port::Ws).remove(0);
                let moved = ports(service, |name| (name == base_name).then(|| base.to_string())).unwrap();
                let at = |port: Port| base + service.offset(port);
                let expected = Ports { api: base, ws: at(Port::Ws), metrics: at(Port::Metrics), health: at(Port::Health) };
                prop_assert_eq!(moved, expected);
                let one = ports(service, |name| {
                    if name == base_name { Some(base.to_string()) } else { (name == ws_name).then(|| ws.to_string()) }
                }).unwrap();
                prop_assert_eq!(one, Ports { ws, ..moved });
            }
        }
    }
}
