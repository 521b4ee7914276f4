//! Middlewares: what Traefik does with a request before it passes it on.

use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Exactly one thing that is done with a request; on the wire a field of that name.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "traefik.io",
    version = "v1alpha1",
    kind = "Middleware",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub enum MiddlewareSpec {
    RateLimit(RateLimit),
    Headers(Headers),
    IpAllowList(IpAllowList),
    InFlightReq(InFlightRequests),
    Compress(Compress),
}

/// A token bucket for each source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests in a `period`.
    pub average: i64,
    /// Requests that may come at once.
    pub burst: i64,
    /// A Go duration such as `1s`.
    pub period: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_criterion: Option<SourceCriterion>,
}

/// At most so many requests at once from each source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InFlightRequests {
    pub amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_criterion: Option<SourceCriterion>,
}

/// Lets in these networks alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpAllowList {
    /// Addresses and networks in CIDR form.
    pub source_range: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_strategy: Option<IpStrategy>,
}

/// Whom a request is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceCriterion {
    pub ip_strategy: IpStrategy,
}

/// Which address is the client's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpStrategy {
    /// How many proxies stand before Traefik: the client is this far from the end of `X-Forwarded-For`.
    pub depth: i64,
}

/// Headers that every answer carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Headers {
    pub content_type_nosniff: bool,
    pub frame_deny: bool,
    pub referrer_policy: String,
    /// How long a browser insists on HTTPS; it ignores this over plain HTTP.
    pub sts_seconds: i64,
    pub custom_response_headers: BTreeMap<String, String>,
}

/// Compresses answers as the client wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Compress {
    pub min_response_body_bytes: i64,
    /// In the order of preference.
    pub encodings: Vec<String>,
}
