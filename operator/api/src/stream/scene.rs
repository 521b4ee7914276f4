//! What is on screen, and where guests' pictures come in.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auction::Tls;
use crate::reference::{ConfigMapKeyRef, HOST, ObjectRef};

/// Where the scene's description is.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = (
    "has(self.configMapRef) != has(self.objectRef)",
    "give configMapRef or objectRef; without spec.scene the built-in scene is shown"
))]
pub struct Scene {
    /// A `ConfigMap` of the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapKeyRef>,
    /// An object in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_ref: Option<ObjectRef>,
}

/// Doors for guests' pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ingest {
    /// Plain RTMP by the stream manager's shared door, on 1935.
    pub rtmp: RtmpIngest,
    /// RTMP over TLS by a host name of its own, on 443.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmps: Option<RtmpsIngest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum RtmpIngest {
    /// Nobody may send.
    #[default]
    Closed,
    /// Whoever has a publishing key of this stream may send.
    Open,
}

/// TLS ends at the proxy, which tells streams apart by this name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RtmpsIngest {
    #[schemars(length(min = 1, max = 253), regex(pattern = HOST))]
    pub host: String,
    /// Left out, the proxy's default certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}
