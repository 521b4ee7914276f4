//! What can go wrong, in words that say what to do.

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("no cluster is configured; set KUBECONFIG, or name a file with --kubeconfig")]
    NoCluster(#[source] anyhow::Error),
    #[error("there is no auction {name} in namespace {namespace}; list them with: kubectl auction status -A")]
    NoAuction { name: String, namespace: String },
    #[error(
        "this cluster does not know auctions; apply the resource definitions first: kubectl apply --server-side -f crds/"
    )]
    NoDefinitions,
    #[error("{name} was cancelled, which is final; make a new auction for its lots")]
    Cancelled { name: String },
    #[error("{name} shows on no stream, so there is no compositor to hand over")]
    NoStream { name: String },
    #[error("there is no stream {name}, although the auction refers to it; see: kubectl auction status {auction}")]
    StreamMissing { name: String, auction: String },
    #[error("no pod of {name} runs; see: kubectl auction status {name}")]
    NoPods { name: String },
    #[error("{path} cannot be written")]
    Unwritable { path: String, source: std::io::Error },
}
