//! Certificates: what we ask of cert-manager (`cert-manager.io/v1`) where a route names an issuer.

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// A certificate for some names, kept fresh in a Secret.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "cert-manager.io",
    version = "v1",
    kind = "Certificate",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSpec {
    pub secret_name: String,
    pub dns_names: Vec<String>,
    pub issuer_ref: IssuerRef,
}

/// Who signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerRef {
    pub name: String,
    pub kind: IssuerKind,
}

/// Whether the issuer serves one namespace or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[clap(rename_all = "PascalCase")]
pub enum IssuerKind {
    Issuer,
    ClusterIssuer,
}
