//! How viewers and bidders reach an auction through the proxy.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::{HOST, OBJECT_NAME};

/// One host name, and who may ask how often. Without `spec.routing` the auction is reached inside the cluster only.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Routing {
    /// One host name for one auction at a time; the older one keeps it. Frozen while the auction is live.
    #[schemars(length(min = 1, max = 253), regex(pattern = HOST))]
    pub host: String,
    /// Left out, the proxy's default certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    #[serde(default)]
    pub rate_limit: RateLimit,
    /// Networks that may ask; empty means everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 43)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(validation = ("self.all(network, isCIDR(network))",
        "allowCidrs holds networks such as 203.0.113.0/24 or 2001:db8::/32"))]
    pub allow_cidrs: Vec<String>,
    /// Requests and sockets of one address that are open at the same time.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100_000))]
    pub in_flight: i32,
    #[serde(default)]
    pub compress: Compress,
    /// Whether anybody may watch, or only who has a token.
    #[serde(default)]
    pub public_viewer: PublicViewer,
}

/// Where the certificate comes from.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = (
    "has(self.secretName) != has(self.certManagerIssuer)",
    "give secretName or certManagerIssuer; without tls the proxy's default certificate is served"
))]
pub struct Tls {
    /// A Secret of type `kubernetes.io/tls` in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub secret_name: Option<String>,
    /// A `ClusterIssuer` of cert-manager, which is then asked for a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub cert_manager_issuer: Option<String>,
}

/// Requests of one address.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("self.burst >= self.averagePerSecond",
    "burst is below averagePerSecond, so the average could never be reached; raise burst"))]
pub struct RateLimit {
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 100_000))]
    pub average_per_second: i32,
    /// How many may come at once.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100_000))]
    pub burst: i32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { average_per_second: fifty(), burst: hundred() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Compress {
    #[default]
    Enabled,
    Disabled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum PublicViewer {
    #[default]
    Enabled,
    Disabled,
}

const fn fifty() -> i32 {
    50
}

const fn hundred() -> i32 {
    100
}
