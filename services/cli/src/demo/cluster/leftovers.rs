//! What an auction's children are, asked of the API server: nothing of them may be left when it is deleted.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::commands::Program;
use super::site::ASK;

/// Every kind that the operator makes, but cert-manager's, which is not installed here.
const KINDS: &str = "auctions,streams,pods,services,leases,poddisruptionbudgets,networkpolicies,serviceaccounts,roles,\
                     rolebindings,ingressroutes.traefik.io,ingressroutetcps.traefik.io,middlewares.traefik.io";
/// Selects what the operator has made.
pub(super) const OURS: &str = "app.kubernetes.io/managed-by=sothebais-operator";
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    kind: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

/// Objects of the operator in the namespace, as `Kind/name`.
pub(super) async fn now(kubectl: &Program) -> anyhow::Result<Vec<String>> {
    let list: List = kubectl.read(&["get", KINDS, "-l", OURS, "-o", "json"], ASK).await?;
    Ok(list.items.into_iter().map(|Item { kind, metadata }| format!("{kind}/{}", metadata.name)).collect())
}

/// Waits until nothing is left; what is left at the deadline otherwise.
pub(super) async fn until_none(kubectl: &Program, deadline: Duration) -> anyhow::Result<Vec<String>> {
    let begun = Instant::now();
    loop {
        let left = now(kubectl).await?;
        if left.is_empty() || begun.elapsed() >= deadline {
            return Ok(left);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
