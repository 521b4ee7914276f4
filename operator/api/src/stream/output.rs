//! Where a stream goes.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::SecretKeyRef;

/// One receiver, with a queue of its own.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = ("self.type != 'RTMP' || (has(self.url) && self.url.startsWith('rtmp://'))",
        "an output of type RTMP needs a url that begins with rtmp://"),
    validation = ("self.type != 'RTMPS' || (has(self.url) && self.url.startsWith('rtmps://'))",
        "an output of type RTMPS needs a url that begins with rtmps://"),
    validation = ("!(self.type in ['HLS', 'Record']) || !has(self.url) || self.url.startsWith('s3://')",
        "HLS and Record are written to the object store: begin the url with s3://, or leave it out for the operator's bucket"),
    validation = ("!has(self.streamKeySecretRef) || self.type in ['RTMP', 'RTMPS']",
        "only RTMP and RTMPS have a stream key; remove streamKeySecretRef")
)]
pub struct Output {
    /// Stable name; also that of the stream key's file.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    #[serde(rename = "type")]
    pub kind: OutputType,
    /// The server and application, as in `rtmps://va.pscp.tv:443/x`. Never a key: that stands in a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512), regex(pattern = r"^(rtmps?|s3)://[A-Za-z0-9\[][^\s]*$"))]
    #[x_kube(
        validation = ("!self.matches('^[a-z0-9]+://[^/?#]*@')",
            "a url holds no credentials; put the stream key into a Secret and name it in streamKeySecretRef"),
        validation = ("!self.matches('(?i)[?&](key|token|secret|password|streamkey|signature)=')",
            "a url holds no key or token; put it into a Secret and name it in streamKeySecretRef")
    )]
    pub url: Option<String>,
    /// The Secret with the stream key. Mounted into the compositor; the operator never reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_key_secret_ref: Option<SecretKeyRef>,
    /// Whether the show counts as live without it.
    #[serde(default)]
    pub importance: Importance,
}

impl Output {
    /// Whether the show is only live while this output takes frames.
    pub fn is_required(&self) -> bool {
        match self.importance {
            Importance::Required => true,
            Importance::BestEffort => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OutputType {
    /// Plain RTMP.
    #[serde(rename = "RTMP")]
    Rtmp,
    /// RTMP over TLS.
    #[serde(rename = "RTMPS")]
    Rtmps,
    /// The recording's playlist.
    #[serde(rename = "HLS")]
    Hls,
    /// The recording.
    Record,
}

/// What the loss of an output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Importance {
    /// The show is not live without it.
    #[default]
    Required,
    /// Its loss is reported, no more.
    BestEffort,
}
