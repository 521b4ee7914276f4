use serde_json::json;

use super::rule::{Condition, Host, Rule};
use super::*;

#[test]
fn a_middleware_is_a_field_of_its_own_name() {
    let limit = RateLimit { average: 50, burst: 100, period: "1s".to_owned(), source_criterion: None };
    let middleware = Middleware::new("limit", MiddlewareSpec::RateLimit(limit));
    let expected = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "limit"},
        "spec": {"rateLimit": {"average": 50, "burst": 100, "period": "1s"}},
    });
    assert_eq!(serde_json::to_value(middleware).unwrap(), expected);
}

#[test]
fn a_tcp_route_is_told_apart_by_name() {
    let route = IngressRouteTCPSpec {
        entry_points: vec!["websecure".to_owned()],
        routes: vec![TcpRoute {
            rule: Rule::all([Condition::HostSni(Host::new("in.example").unwrap())]),
            services: vec![TcpServiceRef { name: "compositor".to_owned(), port: 1935 }],
        }],
        tls: Tls::default(),
    };
    let expected = json!({
        "entryPoints": ["websecure"],
        "routes": [{"match": "HostSNI(`in.example`)", "services": [{"name": "compositor", "port": 1935}]}],
        "tls": {},
    });
    assert_eq!(serde_json::to_value(&route).unwrap(), expected);
    assert_eq!(serde_json::from_value::<IngressRouteTCPSpec>(expected).unwrap(), route);
}
