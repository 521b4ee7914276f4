//! Middlewares: what a namespace's routes let through. Equal limits are one object, named by what it says, so a hundred
//! auctions under one rule share it and none changes another's.

use std::collections::BTreeMap;

use operator_plan::{Compression, Limits};

use super::context::Proxy;
use super::{labels, meta, names};
use crate::traefik::{
    Compress, Headers, InFlightRequests, IpAllowList, IpStrategy, Middleware, MiddlewareSpec, RateLimit,
    SourceCriterion,
};

/// Smaller answers grow when they are compressed.
const LEAST_WORTH_COMPRESSING: i64 = 1_024;
/// A browser that came by HTTPS once insists on it for a year.
const INSIST_ON_HTTPS_SECONDS: i64 = 31_536_000;

/// The Middlewares that requests pass, by name, in this order: who may come in, then how many, then what goes out.
pub(super) fn for_requests(limits: &Limits, proxy: &Proxy) -> Vec<String> {
    chain(limits, proxy).into_iter().map(|(name, _)| name).collect()
}

/// Those that sockets pass. One socket is one request that stays, so the bound on requests under way would count viewers;
/// and its frames are compressed by nobody.
pub(super) fn for_sockets(limits: &Limits, proxy: &Proxy) -> Vec<String> {
    let lasting = Limits { in_flight: None, compression: Compression::Off, ..limits.clone() };
    for_requests(&lasting, proxy)
}

/// The Middlewares that all these limits need.
pub(super) fn of(all: &[Limits], namespace: &str, proxy: &Proxy) -> Vec<Middleware> {
    let needed: BTreeMap<_, _> = all.iter().flat_map(|limits| chain(limits, proxy)).collect();
    let object =
        |(name, spec): (String, _)| Middleware { metadata: meta::shared(&name, namespace, labels::managed()), spec };
    needed.into_iter().map(object).collect()
}

fn chain(limits: &Limits, proxy: &Proxy) -> Vec<(String, MiddlewareSpec)> {
    let Limits { rate, in_flight, allow_cidrs, compression } = limits;
    let source = source(proxy);
    let mut chain = Vec::new();
    if !allow_cidrs.is_empty() {
        let list = IpAllowList { source_range: sorted(allow_cidrs), ip_strategy: strategy(proxy) };
        chain.push(named("allow", MiddlewareSpec::IpAllowList(list)));
    }
    if let Some(rate) = rate {
        let limit = RateLimit {
            average: rate.average,
            burst: rate.burst,
            period: "1s".to_owned(),
            source_criterion: source.clone(),
        };
        chain.push(named("rate", MiddlewareSpec::RateLimit(limit)));
    }
    if let Some(amount) = *in_flight {
        let limit = InFlightRequests { amount, source_criterion: source };
        chain.push(named("in-flight", MiddlewareSpec::InFlightReq(limit)));
    }
    chain.push(named("headers", MiddlewareSpec::Headers(headers())));
    match compression {
        Compression::On => chain.push(named("compress", MiddlewareSpec::Compress(compress()))),
        Compression::Off => {}
    }
    chain
}

/// A name that says what the Middleware does and which of its kind it is.
fn named(what: &str, spec: MiddlewareSpec) -> (String, MiddlewareSpec) {
    let content = serde_json::to_vec(&spec).expect("a Middleware has text keys alone");
    (format!("sothebais-{what}-{}", names::digest(&content)), spec)
}

fn sorted(networks: &[String]) -> Vec<String> {
    let mut networks = networks.to_vec();
    networks.sort();
    networks.dedup();
    networks
}

fn strategy(proxy: &Proxy) -> Option<IpStrategy> {
    let depth = proxy.proxies_before;
    (depth > 0).then_some(IpStrategy { depth })
}

fn source(proxy: &Proxy) -> Option<SourceCriterion> {
    strategy(proxy).map(|ip_strategy| SourceCriterion { ip_strategy })
}

/// An API has no page that could be framed and no reason to be sniffed.
fn headers() -> Headers {
    Headers {
        content_type_nosniff: true,
        frame_deny: true,
        referrer_policy: "no-referrer".to_owned(),
        sts_seconds: INSIST_ON_HTTPS_SECONDS,
        custom_response_headers: BTreeMap::from([("Server".to_owned(), String::new())]),
    }
}

fn compress() -> Compress {
    let encodings = ["zstd", "br", "gzip"].map(str::to_owned).to_vec();
    Compress { min_response_body_bytes: LEAST_WORTH_COMPRESSING, encodings }
}
