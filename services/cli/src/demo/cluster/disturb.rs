//! What happens to a cluster while a show is on: each disturbance is done, waited out, and measured by the show's pulse.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::leftovers::OURS;
use super::pulse::Pulse;
use super::site::{ASK, Site};

/// How long the control plane is away: longer than a lease of a worker or a publisher, shorter than a node's grace.
const AWAY: Duration = Duration::from_secs(12);
/// Between two disturbances, so that one is not taken for the other's.
const PAUSE: Duration = Duration::from_secs(3);
/// Until everything is as it should be again.
const RECOVERY_DEADLINE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// What a show may miss without having been disturbed: a look, a keyframe and a busy machine.
const UNNOTICED: Duration = Duration::from_secs(3);
const COMMAND: Duration = Duration::from_mins(2);

/// What is done to a cluster, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(super) enum Disturbance {
    OperatorKilled,
    ApiServerStopped,
    EtcdKilled,
    RedisFlushed,
    TraefikKilled,
    ChartUpgraded,
    ChartRolledBack,
    PostgresRestarted,
    WorkerKilled,
    CompositorKilled,
}

/// What became of the show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Survival {
    pub(super) what: Disturbance,
    /// The longest time without an answer to a bid.
    pub(super) silent_ms: u64,
    /// The longest time without a frame at the receiver.
    pub(super) dark_ms: u64,
    /// Pods of the show that are new or were restarted.
    pub(super) changed: Vec<String>,
    pub(super) holds: bool,
}

/// A pod's life: another one has another UID, and a restart counts.
type Lives = BTreeMap<String, (String, u64)>;

#[derive(Deserialize)]
struct Pods {
    items: Vec<Pod>,
}

#[derive(Deserialize)]
struct Pod {
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    uid: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    container_statuses: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    restart_count: u64,
    ready: bool,
}

impl Disturbance {
    /// How long bids may have no answer.
    fn silence(self) -> Duration {
        match self {
            Self::OperatorKilled
            | Self::ApiServerStopped
            | Self::EtcdKilled
            | Self::RedisFlushed
            | Self::ChartUpgraded
            | Self::ChartRolledBack
            | Self::CompositorKilled => UNNOTICED,
            // People come through it; its start and its first look at the routes.
            Self::TraefikKilled => Duration::from_secs(15),
            // The kubelet starts the container anew, and the worker finds its way back.
            Self::PostgresRestarted => Duration::from_secs(30),
            // The next epoch: noticed, scheduled, started, leased, folded, routed.
            Self::WorkerKilled => Duration::from_secs(20),
        }
    }

    /// How long the receiver may get no frame.
    fn darkness(self) -> Duration {
        match self {
            Self::CompositorKilled => Duration::from_secs(20),
            Self::OperatorKilled
            | Self::ApiServerStopped
            | Self::EtcdKilled
            | Self::RedisFlushed
            | Self::TraefikKilled
            | Self::ChartUpgraded
            | Self::ChartRolledBack
            | Self::PostgresRestarted
            | Self::WorkerKilled => UNNOTICED,
        }
    }

    /// The program whose pod may be another one afterwards.
    fn replaces(self) -> Option<&'static str> {
        match self {
            Self::WorkerKilled => Some("auction-engine"),
            Self::CompositorKilled => Some("compositor"),
            Self::OperatorKilled
            | Self::ApiServerStopped
            | Self::EtcdKilled
            | Self::RedisFlushed
            | Self::TraefikKilled
            | Self::ChartUpgraded
            | Self::ChartRolledBack
            | Self::PostgresRestarted => None,
        }
    }

    async fn happen(self, site: &Site) -> anyhow::Result<()> {
        let kill = |label: &'static str| async move {
            site.kubectl.run(&["delete", "pods", "-l", label, "--grace-period=0", "--force"], COMMAND).await
        };
        match self {
            Self::OperatorKilled => drop(kill("app.kubernetes.io/component=operator").await?),
            Self::WorkerKilled => drop(kill("app.kubernetes.io/name=auction-engine").await?),
            Self::CompositorKilled => drop(kill("app.kubernetes.io/name=compositor").await?),
            Self::ApiServerStopped => site.without("kube-apiserver", "stop", AWAY).await?,
            Self::EtcdKilled => site.without("etcd", "kill", AWAY).await?,
            Self::TraefikKilled => site.without("traefik", "kill", Duration::ZERO).await?,
            Self::RedisFlushed => {
                let flush = ["exec", "deployment/sothebais-redis", "--", "redis-cli", "FLUSHALL"];
                drop(site.kubectl.run(&flush, COMMAND).await?);
            }
            Self::PostgresRestarted => {
                // A fast shutdown: every connection is cut.
                let stop = ["exec", "sothebais-postgres-0", "--", "bash", "-c", "kill -INT 1"];
                drop(site.kubectl.run(&stop, COMMAND).await?);
            }
            Self::ChartUpgraded => site.upgrade().await?,
            Self::ChartRolledBack => site.roll_back().await?,
        }
        Ok(())
    }
}

/// Does them one after the other.
pub(super) async fn all(wanted: &[Disturbance], site: &Site, pulse: &Pulse) -> anyhow::Result<Vec<Survival>> {
    let mut survivals = Vec::new();
    for &what in wanted {
        tokio::time::sleep(PAUSE).await;
        let before = lives(site).await?;
        let begun = Instant::now();
        what.happen(site).await?;
        until_well(site, pulse).await?;
        let after = lives(site).await?;
        let survival = judge(what, pulse.longest_silence(begun), pulse.longest_darkness(begun), &before, &after);
        site.progress.done(&survival.line());
        survivals.push(survival);
    }
    Ok(survivals)
}

/// Waits until bids are answered, frames come, and every pod of the show is ready; at the deadline what is, is judged.
async fn until_well(site: &Site, pulse: &Pulse) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < RECOVERY_DEADLINE {
        tokio::time::sleep(LOOK_EVERY).await;
        // The API server may be on its way back.
        let ready = site
            .kubectl
            .read::<Pods>(&["get", "pods", "-l", OURS, "-o", "json"], ASK)
            .await
            .is_ok_and(|pods| all_ready(&pods));
        if ready && pulse.is_well(UNNOTICED / 3) {
            return Ok(());
        }
    }
    Ok(())
}

fn all_ready(pods: &Pods) -> bool {
    let ready = |pod: &Pod| {
        let containers = &pod.status.container_statuses;
        !containers.is_empty() && containers.iter().all(|container| container.ready)
    };
    pods.items.iter().all(ready)
}

async fn lives(site: &Site) -> anyhow::Result<Lives> {
    let pods: Pods = site.kubectl.read(&["get", "pods", "-l", OURS, "-o", "json"], ASK).await?;
    let life = |pod: Pod| {
        let restarts = pod.status.container_statuses.iter().map(|container| container.restart_count).sum();
        (pod.metadata.name, (pod.metadata.uid, restarts))
    };
    Ok(pods.items.into_iter().map(life).collect())
}

fn judge(what: Disturbance, silence: Duration, darkness: Duration, before: &Lives, after: &Lives) -> Survival {
    let changed: Vec<String> =
        after.iter().filter(|(name, life)| before.get(*name) != Some(life)).map(|(name, _)| name.clone()).collect();
    let expected = |name: &String| what.replaces().is_some_and(|program| name.starts_with(program));
    let holds = silence <= what.silence() && darkness <= what.darkness() && changed.iter().all(expected);
    let (silent_ms, dark_ms) = (super::millis(silence), super::millis(darkness));
    Survival { what, silent_ms, dark_ms, changed, holds }
}

impl Survival {
    /// For the terminal.
    pub(super) fn line(&self) -> String {
        let Self { what, silent_ms, dark_ms, changed, holds } = self;
        let verdict = if *holds { "survived" } else { "NOT SURVIVED" };
        let changed = if changed.is_empty() { "no pod changed".to_owned() } else { changed.join(", ") };
        format!("{verdict:<12} {what:?}: no answer for {silent_ms} ms, no frame for {dark_ms} ms, {changed}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(pods: &[(&str, &str, u64)]) -> Lives {
        pods.iter().map(|(name, uid, restarts)| ((*name).to_owned(), ((*uid).to_owned(), *restarts))).collect()
    }

    #[test]
    fn a_pod_that_was_replaced_or_restarted_is_only_forgiven_to_its_killer() {
        let before = lives(&[("auction-engine-a-1", "u1", 0), ("compositor-a-1", "u2", 0)]);
        let replaced = lives(&[("auction-engine-a-2", "u3", 0), ("compositor-a-1", "u2", 0)]);
        let restarted = lives(&[("auction-engine-a-1", "u1", 1), ("compositor-a-1", "u2", 0)]);
        let second = Duration::from_secs(1);
        let judged = |what, after: &Lives| judge(what, second, second, &before, after).holds;
        assert!(judged(Disturbance::WorkerKilled, &replaced));
        assert!(!judged(Disturbance::OperatorKilled, &replaced));
        assert!(!judged(Disturbance::ChartUpgraded, &restarted));
        assert!(judged(Disturbance::ChartUpgraded, &before));
    }

    #[test]
    fn a_gap_beyond_the_bar_does_not_hold() {
        let none = Lives::new();
        let judged = |silence, darkness| {
            let secs = Duration::from_secs;
            judge(Disturbance::WorkerKilled, secs(silence), secs(darkness), &none, &none).holds
        };
        assert!(judged(15, 1) && !judged(25, 1) && !judged(15, 9));
    }
}
