//! `handover`: a mark on the stream that the operator acts on, at the moment that the stream's policy allows.

use std::io::Write;

use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use operator_api::disruption::DisruptionPolicy;
use operator_api::labels::HANDOVER_REQUESTED;
use serde_json::json;

use crate::cluster::{Cluster, stream_name};
use crate::trouble::Trouble;

pub(crate) async fn run(cluster: &Cluster, name: &str, now: Timestamp, out: &mut impl Write) -> anyhow::Result<()> {
    let auction = cluster.auction(name).await?;
    let stream = stream_name(&auction).ok_or_else(|| Trouble::NoStream { name: name.to_owned() })?;
    let missing = || Trouble::StreamMissing { name: stream.clone(), auction: name.to_owned() };
    let found = cluster.streams().get_opt(&stream).await?.ok_or_else(missing)?;
    let mark = json!({"metadata": {"annotations": {HANDOVER_REQUESTED: now.to_string()}}});
    cluster.streams().patch(&stream, &PatchParams::default(), &Patch::Merge(mark)).await?;
    writeln!(out, "asked for a hand-over of stream {stream}; {}", when(found.spec.disruption.policy))?;
    writeln!(out, "follow it with: kubectl get stream {stream} --watch")?;
    Ok(())
}

/// What the policy makes of it.
const fn when(policy: DisruptionPolicy) -> &'static str {
    match policy {
        DisruptionPolicy::Never => "its policy is Never, so it waits until the show is over",
        DisruptionPolicy::BetweenLots => "its policy is BetweenLots, so it waits until no lot is open",
        DisruptionPolicy::Handover | DisruptionPolicy::Always => "its policy allows it at once",
    }
}
