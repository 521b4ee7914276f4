//! Why a cluster, or a part of one, could not be had.

use std::path::PathBuf;
use std::time::Duration;

/// Why a cluster, or a part of one, could not be had. Every one is a failure, never a rejection.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} could not be used", path = path.display())]
    Path { path: PathBuf, source: std::io::Error },
    #[error("{program} could not be started")]
    Spawn { program: String, source: std::io::Error },
    #[error("{program} failed: {output}")]
    Failed { program: String, output: String },
    #[error("{what} was not ready within {} s; its log is {}", waited.as_secs(), log.display())]
    NotReady { what: String, waited: Duration, log: PathBuf },
    #[error("the programs of {group} could not be built; tools/build said why above")]
    Tools { group: &'static str },
    #[error("there is no free port")]
    NoPort(#[source] private_servers::Error),
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    #[error("the kubeconfig {path} could not be read", path = path.display())]
    Kubeconfig { path: PathBuf, source: Box<kube::config::KubeconfigError> },
    #[error("the API server refused to {action}")]
    Api { action: String, source: kube::Error },
    #[error("the client of the API server could not be made")]
    Client(#[source] kube::Error),
    #[error("{path} is not a resource definition", path = path.display())]
    Definition { path: PathBuf, source: Box<serde_saphyr::Error> },
    #[error("{path}, line {line}, is not an audit event", path = path.display())]
    AuditLine { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{what} did not become {condition} within {} s", waited.as_secs())]
    Waited { what: String, condition: &'static str, waited: Duration },
}

impl Error {
    pub(crate) fn path(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Path { path, source }
    }

    pub(crate) fn api(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let action = action.into();
        move |source| Self::Api { action, source }
    }
}
