//! Who does the house harm: a plan drawn from a seed, and the hand that carries it out.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::cluster::Cluster;

/// One blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Blow {
    /// The writer dies at once; another is started.
    KillEngine,
    /// Every process of PostgreSQL dies at once and the server is started again.
    KillPostgres,
    /// PostgreSQL stands still in the middle of whatever it does; a moment later it and the writer die together. Whatever
    /// was said meanwhile was said before it was durable.
    KillTogether,
    /// Redis dies at once and comes back empty.
    KillRedis,
    /// Redis forgets everything.
    FlushRedis,
    /// The writer stands still beyond its lease while another takes over, and then goes on.
    PauseWriter,
}

impl Blow {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KillEngine => "kill engine",
            Self::KillPostgres => "kill PostgreSQL",
            Self::KillTogether => "kill both",
            Self::KillRedis => "kill Redis",
            Self::FlushRedis => "flush Redis",
            Self::PauseWriter => "pause writer",
        }
    }
}

/// A blow and the quiet before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Planned {
    pub(super) after: Duration,
    pub(super) blow: Blow,
    /// How long a paused writer stays still after another has taken over.
    pub(super) linger: Duration,
}

/// Load runs at least this long before a blow, so that something can be lost.
const QUIET_AT_LEAST: Duration = Duration::from_millis(200);
const QUIET_AT_MOST: Duration = Duration::from_millis(900);
const LINGER_AT_MOST: Duration = Duration::from_millis(400);
/// How long PostgreSQL stands still before it dies: many bids come in meanwhile, and no commit can come back.
const FROZEN: Duration = Duration::from_millis(150);

/// The blows of a round. Each round has one on the way to the disk (in turn, so that four rounds meet all of them), and
/// one or two more of any kind.
pub(super) fn plan(seed: u64, round: u32) -> Vec<Planned> {
    let mut dice = StdRng::seed_from_u64(seed ^ (u64::from(round) << 32));
    let main = [Blow::PauseWriter, Blow::KillTogether, Blow::KillEngine, Blow::KillPostgres];
    let any = [Blow::KillTogether, Blow::KillEngine, Blow::KillPostgres, Blow::KillRedis, Blow::FlushRedis];
    let mut blows = vec![main[usize::try_from(round).unwrap_or(0) % main.len()]];
    for _ in 0..dice.random_range(1..=2) {
        blows.insert(dice.random_range(0..=blows.len()), *any.choose(&mut dice).expect("the list is not empty"));
    }
    let mut between =
        |least: Duration, most: Duration| Duration::from_millis(dice.random_range(millis(least)..=millis(most)));
    let planned = |blow| Planned {
        after: between(QUIET_AT_LEAST, QUIET_AT_MOST),
        blow,
        linger: between(Duration::ZERO, LINGER_AT_MOST),
    };
    blows.into_iter().map(planned).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Strikes once, and returns when what was harmed is there again.
pub(super) async fn strike(cluster: &mut Cluster<'_>, planned: Planned) -> anyhow::Result<()> {
    match planned.blow {
        Blow::KillEngine => {
            let writer = cluster.wait_serving().await?;
            cluster.kill_worker(writer);
            cluster.add_worker().await?;
        }
        Blow::KillPostgres => {
            cluster.rig.postgres.kill9().await;
            cluster.rig.postgres.restart().await?;
        }
        Blow::KillTogether => {
            let writer = cluster.wait_serving().await?;
            for pid in cluster.rig.postgres.pids() {
                // A backend that ended meanwhile is fine.
                let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
            }
            tokio::time::sleep(FROZEN).await;
            cluster.kill_worker(writer);
            cluster.rig.postgres.kill9().await;
            cluster.rig.postgres.restart().await?;
            cluster.add_worker().await?;
        }
        Blow::KillRedis => {
            cluster.rig.redis.kill9();
            cluster.rig.redis.restart().await?;
        }
        Blow::FlushRedis => cluster.rig.redis.flush().await?,
        Blow::PauseWriter => {
            let writer = cluster.wait_serving().await?;
            cluster.worker(writer)?.pause();
            cluster.add_worker().await?;
            // The paused writer does not answer, so whoever does is the other one.
            cluster.wait_serving().await?;
            tokio::time::sleep(planned.linger).await;
            cluster.worker(writer)?.resume();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_blows() {
        for round in 0..20 {
            assert_eq!(plan(7, round), plan(7, round));
        }
        assert_ne!(plan(7, 0), plan(8, 0));
    }

    #[test]
    fn four_rounds_meet_every_blow_on_the_way_to_the_disk() {
        for seed in 0..50 {
            let met: Vec<Blow> = (0..4).flat_map(|round| plan(seed, round)).map(|planned| planned.blow).collect();
            for blow in [Blow::PauseWriter, Blow::KillTogether, Blow::KillEngine, Blow::KillPostgres] {
                assert!(met.contains(&blow), "seed {seed}: {met:?}");
            }
        }
    }
}
