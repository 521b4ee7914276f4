//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use bootstrap::args::{Auth, Common};
use clap::Parser;

/// Composes one stream and sends it to its outputs.
#[derive(Debug, Clone, Parser)]
#[command(name = "compositor", version, after_help = "`compositor openapi` prints the description of the REST API.")]
pub struct Serve {
    /// The stream's name. What it shows and where it goes comes by `PUT /v1/spec`.
    #[arg(long, env = "STREAM")]
    pub stream: String,
    /// Who says that this compositor may publish: `lease:NAME` is a Kubernetes Lease that must name this pod; `sole` asks nobody.
    #[arg(long, env = "PUBLISHER")]
    pub publisher: Publisher,
    /// This pod, as the lease names it.
    #[arg(long, env = "POD_NAME", default_value = "")]
    pub pod_name: String,
    /// Where the lease is.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// Stream keys: one file an output, named after it.
    #[arg(long, env = "STREAM_KEYS", default_value = "/var/run/sothebais/stream-keys")]
    pub stream_keys: PathBuf,
    /// Where outputs of type Record and HLS are written; without it they are refused.
    #[arg(long, env = "RECORDINGS")]
    pub recordings: Option<PathBuf>,
    /// More fonts (.ttf, .otf, .ttc), for scripts that the house's own does not have.
    #[arg(long, env = "FONTS")]
    pub fonts: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub auth: Auth,
}

/// Who allows publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// Nobody else can be there: one machine.
    Sole,
    /// The Lease of this name.
    Lease(String),
}

impl FromStr for Publisher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "sole" => Ok(Self::Sole),
            Some(("lease", name)) if !name.is_empty() => Ok(Self::Lease(name.to_owned())),
            None | Some(_) => Err("write sole, or lease: and the name of the Lease".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_sole_or_a_lease() {
        assert_eq!("sole".parse(), Ok(Publisher::Sole));
        assert_eq!("lease:show-publisher".parse(), Ok(Publisher::Lease("show-publisher".into())));
        for bad in ["", "lease", "lease:", "lock:x"] {
            assert!(bad.parse::<Publisher>().is_err(), "{bad}");
        }
    }
}
