//! One round: a fresh shard under load, some blows, the hammer, and the evidence of it all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::{AuctionId, Handle, Wei};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use wire::socket::LotState;

use super::check::{Violation, check, check_stuck};
use super::cluster::Cluster;
use super::crowd::{BIDDERS, Crowd, Settled};
use super::evidence::{Evidence, Standing, Written};
use super::{journal, nemesis, poster};
use crate::rig::{Rig, STEP_WEI, Show};

const LOTS: u32 = 2;
/// Handles of X are short; so much of the shard's random name keeps them apart.
const HANDLE_LENGTH: usize = 15;
/// Lots stay open for the whole round; the clerk ends them.
const LOT_DURATION: Duration = Duration::from_hours(1);
/// Load goes on after the last blow for so long.
const AFTERMATH: Duration = Duration::from_millis(400);
/// What a round came to.
pub(super) struct Outcome {
    pub(super) round: u32,
    pub(super) blows: Vec<nemesis::Planned>,
    pub(super) figures: Figures,
    pub(super) violations: Vec<Violation>,
    pub(super) took: Duration,
}

/// The size of what was checked.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(super) struct Figures {
    pub(super) asked: usize,
    pub(super) answered: usize,
    pub(super) accepted: usize,
    pub(super) rows: usize,
    pub(super) posts: usize,
    pub(super) epochs: u64,
    pub(super) seen: usize,
}

/// Runs one round on the drill's servers with a shard of its own.
pub(super) async fn run(rig: &mut Rig, engine: &Path, seed: u64, round: u32) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let name = format!("drill-{}", uuid::Uuid::new_v4().simple());
    let handle = Handle::new(&name.replace('-', "")[..HANDLE_LENGTH])?;
    let show = Show { name: name.clone(), lots: LOTS, duration: LOT_DURATION, handle: Some(handle.to_string()) };
    let blows = nemesis::plan(seed, round);
    let mut cluster = Cluster::start(rig, engine, name).await?;
    cluster.rig.open(cluster.worker(0)?, std::slice::from_ref(&show), BIDDERS).await?;

    let mut crowd = Crowd::start(&cluster, &show, &handle, StdRng::seed_from_u64(seed.wrapping_add(u64::from(round))))?;
    let played = play(&mut cluster, &show, &mut crowd, &blows).await;
    let sightings = crowd.end().await?;
    cluster.stop_workers().await;

    let auction = AuctionId::new(&show.name)?;
    let pool = cluster.rig.pool()?;
    let journal::Read { rows, commits, replays } = journal::read(&pool, cluster.shard(), &auction, show.lots).await?;
    let found = Evidence { step: Wei::from(STEP_WEI), rows, commits, sightings, replays, ..Evidence::default() };
    let (evidence, violations) = match played {
        Ok((Settled { calls, posts }, standings)) => {
            let evidence = Evidence { calls, posts, standings, ..found };
            let violations = check(&evidence);
            (evidence, violations)
        }
        Err(stuck) => {
            let violations = check_stuck(format!("{stuck:#}"), &found);
            (found, violations)
        }
    };
    let figures = figures(&evidence);
    Ok(Outcome { round, blows, figures, violations, took: begun.elapsed() })
}

/// The blows, and what must come after them. An error means that the house did not serve again.
async fn play(
    cluster: &mut Cluster<'_>,
    show: &Show,
    crowd: &mut Crowd,
    blows: &[nemesis::Planned],
) -> anyhow::Result<(Settled, Vec<Standing>)> {
    for planned in blows {
        tokio::time::sleep(planned.after).await;
        nemesis::strike(cluster, *planned).await.with_context(|| format!("blow {}", planned.blow.name()))?;
    }
    tokio::time::sleep(AFTERMATH).await;
    let settled = crowd.settle().await?;
    poster::wait_judged(&cluster.rig.pool()?, cluster.shard(), &settled.posts).await;
    let standings = close(cluster, show).await?;
    Ok((settled, standings))
}

/// Ends every lot and waits for the hammer; returns the lots as the worker that serves now shows them.
async fn close(cluster: &mut Cluster<'_>, show: &Show) -> anyhow::Result<Vec<Standing>> {
    let serving = cluster.wait_serving().await?;
    let house = cluster.rig.house(cluster.worker(serving)?);
    for lot in 1..=show.lots {
        house.end_lot(show, lot).await.context("a lot was not ended")?;
    }
    let ended = |state| matches!(state, LotState::Sold | LotState::Passed);
    let lots = house.wait_until(show, |lot| ended(lot.state)).await?;
    let standing = |price: &wire::socket::Price| Standing {
        lot: price.lot,
        price: price.price_wei.map(|amount| amount.0),
        lot_seq: price.lot_seq,
    };
    Ok(lots.iter().map(standing).collect())
}

fn figures(evidence: &Evidence) -> Figures {
    Figures {
        asked: evidence.calls.len(),
        answered: evidence.calls.iter().map(|call| call.answers.len()).sum(),
        accepted: evidence.rows.iter().filter(|row| matches!(row.verdict, Written::Accepted { .. })).count(),
        rows: evidence.rows.len(),
        posts: evidence.posts.len(),
        epochs: evidence.commits.last().map_or(0, |commit| commit.epoch),
        seen: evidence.sightings.len(),
    }
}
