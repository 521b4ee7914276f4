//! One round: a fresh shard under load, some blows, the hammer, and the evidence of it all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::{AuctionId, BidderId, Wei};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::socket::LotState;

use super::bidder::{Bidder, Channel, Heard, Phase};
use super::check::{Violation, check};
use super::cluster::Cluster;
use super::evidence::{Call, Evidence, Sighting, Standing, Written};
use super::viewer::Viewer;
use super::{journal, nemesis};
use crate::rig::{Bidders, Rig, STEP_WEI, Show};

/// Half of them over HTTP, half over WebSocket.
const BIDDERS: Bidders = Bidders(12);
const VIEWERS: u32 = 2;
const LOTS: u32 = 2;
/// Lots stay open for the whole round; the clerk ends them.
const LOT_DURATION: Duration = Duration::from_hours(1);
/// Load goes on after the last blow for so long.
const AFTERMATH: Duration = Duration::from_millis(400);
/// After the last blow everything asked is answered within this: lease, recovery, retries.
const SETTLE_DEADLINE: Duration = Duration::from_secs(20);

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
    pub(super) epochs: u64,
    pub(super) seen: usize,
}

/// Runs one round on the drill's servers with a shard of its own.
pub(super) async fn run(rig: &mut Rig, engine: &Path, seed: u64, round: u32) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let name = format!("drill-{}", uuid::Uuid::new_v4().simple());
    let show = Show { name: name.clone(), lots: LOTS, duration: LOT_DURATION, handle: None };
    let blows = nemesis::plan(seed, round);
    let mut cluster = Cluster::start(rig, engine, name).await?;
    cluster.rig.open(cluster.worker(0)?, std::slice::from_ref(&show), BIDDERS).await?;

    let (phase, phases) = watch::channel(Phase::Bidding);
    let mut bidders =
        start_bidders(&cluster, &show, &phases, StdRng::seed_from_u64(seed.wrapping_add(u64::from(round))))?;
    let mut viewers = start_viewers(&cluster, &show, &phases);
    for planned in &blows {
        tokio::time::sleep(planned.after).await;
        nemesis::strike(&mut cluster, *planned).await.with_context(|| format!("blow {}", planned.blow.name()))?;
    }
    tokio::time::sleep(AFTERMATH).await;
    phase.send_replace(Phase::Settling);
    let settled = tokio::time::timeout(SETTLE_DEADLINE, gather(&mut bidders)).await;
    let calls = settled.context("not every bid was answered after the last blow")??;
    let standings = close(&mut cluster, &show).await?;
    phase.send_replace(Phase::Over);
    let sightings = gather(&mut viewers).await?;
    cluster.stop_workers().await;

    let evidence = evidence(&cluster, &show, (calls, sightings, standings)).await?;
    let figures = figures(&evidence);
    Ok(Outcome { round, blows, figures, violations: check(&evidence), took: begun.elapsed() })
}

fn start_bidders(
    cluster: &Cluster<'_>,
    show: &Show,
    phase: &watch::Receiver<Phase>,
    mut dice: StdRng,
) -> anyhow::Result<JoinSet<Vec<Call>>> {
    let (heard, since) = (Heard::new(show.lots), Instant::now());
    let tokens = cluster.rig.tokens(BIDDERS)?;
    let mut running = JoinSet::new();
    for (number, (id, token)) in BIDDERS.ids().zip(tokens).enumerate() {
        let bidder = Bidder {
            id: BidderId(id),
            token,
            channel: if number % 2 == 0 { Channel::Http } else { Channel::WebSocket },
            auction: show.name.clone(),
            lots: show.lots,
            addresses: cluster.addresses(),
            phase: phase.clone(),
            heard: heard.clone(),
            since,
            dice: StdRng::from_rng(&mut dice),
        };
        running.spawn(bidder.run());
    }
    Ok(running)
}

fn start_viewers(cluster: &Cluster<'_>, show: &Show, phase: &watch::Receiver<Phase>) -> JoinSet<Vec<Sighting>> {
    let mut running = JoinSet::new();
    for number in 0..VIEWERS {
        let (addresses, phase) = (cluster.addresses(), phase.clone());
        running.spawn(Viewer { number, auction: show.name.clone(), addresses, phase }.run());
    }
    running
}

async fn gather<T: Send + 'static>(running: &mut JoinSet<Vec<T>>) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(one) = running.join_next().await {
        all.extend(one?);
    }
    Ok(all)
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

async fn evidence(
    cluster: &Cluster<'_>,
    show: &Show,
    (calls, sightings, standings): (Vec<Call>, Vec<Sighting>, Vec<Standing>),
) -> anyhow::Result<Evidence> {
    let auction = AuctionId::new(&show.name)?;
    let journal::Read { rows, commits, replays } =
        journal::read(&cluster.rig.pool()?, cluster.shard(), &auction, show.lots).await?;
    let step = Wei::from(STEP_WEI);
    Ok(Evidence { step, calls, rows, commits, sightings, posts: Vec::new(), replays, standings })
}

fn figures(evidence: &Evidence) -> Figures {
    Figures {
        asked: evidence.calls.len(),
        answered: evidence.calls.iter().map(|call| call.answers.len()).sum(),
        accepted: evidence.rows.iter().filter(|row| matches!(row.verdict, Written::Accepted { .. })).count(),
        rows: evidence.rows.len(),
        epochs: evidence.commits.last().map_or(0, |commit| commit.epoch),
        seen: evidence.sightings.len(),
    }
}
