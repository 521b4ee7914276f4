//! The public way to an auction's engine, and the way in for a stream's source.

use operator_plan::Role;
use operator_plan::{Ingest, Owner, Route, Tls};

use super::certificate::{Certificate, CertificateSpec, IssuerRef};
use super::context::{Context, Proxy};
use super::{labels, limits, meta, names, ports};
use crate::object::{Kind, Object};
use crate::traefik::rule::{BadRulePart, Condition, Host, Path, Rule};
use crate::traefik::{self, IngressRoute, IngressRouteSpec, IngressRouteTCP, IngressRouteTCPSpec, RouteKind};

/// Everything public that the engine answers lies below it.
const PREFIX: &str = "/v1";
/// What steers a worker is the operator's and stays inside.
const CONTROL: &str = "/v1/spec";
/// Viewers and bidders.
const SOCKET: &str = "/v1/ws";

/// The objects of a route; a host that is no host name makes none.
pub(super) fn of(route: &Route, namespace: &str, context: &Context) -> Result<Vec<Object>, BadRulePart> {
    let host = Host::new(&route.host)?;
    let proxy = &context.proxy;
    let path = |path: &str| Path::new(path).expect("our own paths are plain");
    let ports = ports::of(Role::EngineWorker);
    let to = |port: u16, rule: Rule, middlewares: Vec<String>| traefik::Route {
        rule,
        kind: RouteKind::Rule,
        services: vec![traefik::ServiceRef { name: names::service(&route.service), port }],
        middlewares: middlewares.into_iter().map(|name| traefik::MiddlewareRef { name }).collect(),
    };
    // No two rules take the same request, so nothing hangs on Traefik's order of them.
    let socket = Rule::all([Condition::Host(host.clone()), Condition::Path(path(SOCKET))]);
    let rest = Rule::all([
        Condition::Host(host.clone()),
        Condition::PathPrefix(path(PREFIX)),
        Condition::NotPath(path(CONTROL)),
        Condition::NotPath(path(SOCKET)),
    ]);
    let spec = IngressRouteSpec {
        entry_points: vec![entry_point(&route.tls, proxy).to_owned()],
        routes: vec![
            to(ports.ws, socket, limits::for_sockets(&route.limits, proxy)),
            to(ports.api, rest, limits::for_requests(&route.limits, proxy)),
        ],
        tls: end_of_tls(&route.tls, &route.auction),
    };
    let metadata =
        meta::owned(names::label(&route.auction), namespace, labels::of_owner(&route.owner), owners(&route.owner));
    let certificate = certificate(&route.tls, &route.auction, &host, &route.owner, (namespace, proxy));
    let route = Object::new(Kind::IngressRoute, &IngressRoute { metadata, spec });
    Ok(certificate.into_iter().chain([route]).collect())
}

/// The objects of a way in for RTMPS. TLS ends at Traefik; what comes after is plain RTMP.
pub(super) fn of_ingest(ingest: &Ingest, namespace: &str, context: &Context) -> Result<Vec<Object>, BadRulePart> {
    let host = Host::new(&ingest.host)?;
    let proxy = &context.proxy;
    let name = names::with_ending(&ingest.stream, "ingest");
    let certificate = certificate(&ingest.tls, &name, &host, &ingest.owner, (namespace, proxy));
    let route = IngressRouteTCP {
        metadata: meta::owned(name.clone(), namespace, labels::of_owner(&ingest.owner), owners(&ingest.owner)),
        spec: IngressRouteTCPSpec {
            entry_points: vec![proxy.rtmps_entry_point.clone()],
            routes: vec![traefik::TcpRoute {
                rule: Rule::all([Condition::HostSni(host)]),
                services: vec![traefik::TcpServiceRef { name: names::service(&ingest.service), port: ports::RTMP }],
            }],
            // Without TLS there is no name to tell streams apart by.
            tls: end_of_tls(&ingest.tls, &name).unwrap_or_default(),
        },
    };
    Ok(certificate.into_iter().chain([Object::new(Kind::IngressRouteTcp, &route)]).collect())
}

fn entry_point<'a>(tls: &Tls, proxy: &'a Proxy) -> &'a str {
    match tls {
        Tls::Off => &proxy.plain_entry_point,
        Tls::Secret(_) | Tls::Issuer(_) => &proxy.tls_entry_point,
    }
}

fn end_of_tls(tls: &Tls, name: &str) -> Option<traefik::Tls> {
    let secret = match tls {
        Tls::Off => return None,
        Tls::Secret(secret) => secret.clone(),
        Tls::Issuer(_) => names::with_ending(name, "tls"),
    };
    Some(traefik::Tls { secret_name: Some(secret) })
}

fn certificate(
    tls: &Tls,
    name: &str,
    host: &Host,
    owner: &Owner,
    (namespace, proxy): (&str, &Proxy),
) -> Option<Object> {
    let issuer = match tls {
        Tls::Off | Tls::Secret(_) => return None,
        Tls::Issuer(issuer) => issuer.clone(),
    };
    let name = names::with_ending(name, "tls");
    let certificate = Certificate {
        metadata: meta::owned(name.clone(), namespace, labels::of_owner(owner), owners(owner)),
        spec: CertificateSpec {
            secret_name: name,
            dns_names: vec![host.as_str().to_owned()],
            issuer_ref: IssuerRef { name: issuer, kind: proxy.issuer_kind },
        },
    };
    Some(Object::new(Kind::Certificate, &certificate))
}

fn owners(owner: &Owner) -> &[Owner] {
    std::slice::from_ref(owner)
}
