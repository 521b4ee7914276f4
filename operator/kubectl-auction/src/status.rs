//! `status`: auctions at a glance, or one with what is wrong with it and what to do next.

use std::io::Write;

use jiff::Timestamp;
use kube::api::{Api, ListParams};
use operator_api::{Auction, Guarded};

use crate::cluster::{Cluster, no_definitions};

mod story;
mod table;
#[cfg(test)]
mod tests;

/// Prints one line for each auction.
pub(crate) async fn all(cluster: &Cluster, everywhere: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let api: Api<Guarded<Auction>> = if everywhere {
        Api::all(cluster.client.clone())
    } else {
        Api::namespaced(cluster.client.clone(), &cluster.namespace)
    };
    let auctions = api.list(&ListParams::default()).await.map_err(no_definitions)?;
    let text = match (auctions.items.is_empty(), everywhere) {
        (false, _) => story::overview(&auctions.items, everywhere),
        (true, true) => "no auctions\n".to_owned(),
        (true, false) => format!("no auctions in namespace {}\n", cluster.namespace),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// Prints all that matters about one auction.
pub(crate) async fn one(cluster: &Cluster, name: &str, now: Timestamp, out: &mut impl Write) -> anyhow::Result<()> {
    let auction = cluster.auction(name).await?;
    let stream = cluster.stream_of(&auction).await?;
    let pods = cluster.pods_of(&auction).await?;
    Ok(out.write_all(story::of(&auction, stream.as_ref(), &pods, now).as_bytes())?)
}
