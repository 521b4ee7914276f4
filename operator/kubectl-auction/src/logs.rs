//! `logs`: the lines of all pods of an auction, each with its pod's name in front.

use std::io::Write;

use futures_util::{AsyncBufReadExt as _, StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};

use crate::args::{Logs, Part};
use crate::cluster::Cluster;
use crate::trouble::Trouble;

/// The recommended label that names a pod's program.
const PROGRAM_LABEL: &str = operator_api::labels::NAME;

pub(crate) async fn run(cluster: &Cluster, wanted: &Logs, out: &mut impl Write) -> anyhow::Result<()> {
    let auction = cluster.auction(&wanted.name).await?;
    let pods = cluster.pods_of(&auction).await?;
    let names = chosen(&pods, &wanted.part);
    if names.is_empty() {
        return Err(Trouble::NoPods { name: wanted.name.clone() }.into());
    }
    let api = Api::<Pod>::namespaced(cluster.client.clone(), &cluster.namespace);
    let parameters = LogParams { follow: wanted.follow, tail_lines: Some(wanted.tail), ..LogParams::default() };
    let mut sources = Vec::with_capacity(names.len());
    for name in names {
        match api.log_stream(&name, &parameters).await {
            Ok(lines) => sources.push(lines.lines().map_ok(move |line| format!("{name} {line}")).boxed_local()),
            Err(error) => writeln!(out, "{name} has no log yet: {error}")?,
        }
    }
    let mut lines = stream::select_all(sources);
    while let Some(line) = lines.next().await {
        writeln!(out, "{}", line?)?;
    }
    Ok(())
}

/// The pods of the wanted parts; of all when none is named.
fn chosen(pods: &[Pod], parts: &[Part]) -> Vec<String> {
    let wanted = |pod: &&Pod| {
        let program = pod.metadata.labels.as_ref().and_then(|labels| labels.get(PROGRAM_LABEL));
        parts.is_empty() || parts.iter().any(|part| program.is_some_and(|program| program == part.program()))
    };
    pods.iter().filter(wanted).filter_map(|pod| pod.metadata.name.clone()).collect()
}
