//! Everybody who uses the house during a round: bidders, an author of posts, viewers.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::{BidderId, Handle};
use bootstrap::clock::Clock;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::bidder::{Bidder, Channel, Heard, Phase};
use super::cluster::Cluster;
use super::evidence::{Call, Post, Sighting};
use super::poster::Poster;
use super::viewer::Viewer;
use crate::rig::{Bidders, Show};

/// Half of them over HTTP, half over WebSocket.
pub(super) const BIDDERS: Bidders = Bidders(12);
const VIEWERS: u32 = 2;
/// After the last blow everything asked is answered within this: lease, recovery, retries.
const SETTLE_DEADLINE: Duration = Duration::from_secs(20);

/// The running crowd of a round.
pub(super) struct Crowd {
    phase: watch::Sender<Phase>,
    bidders: JoinSet<Vec<Call>>,
    posters: JoinSet<anyhow::Result<Vec<Post>>>,
    viewers: JoinSet<Vec<Sighting>>,
}

/// What they wrote down, once every bid has its answer.
pub(super) struct Settled {
    pub(super) calls: Vec<Call>,
    pub(super) posts: Vec<Post>,
}

impl Crowd {
    pub(super) fn start(cluster: &Cluster<'_>, show: &Show, handle: &Handle, mut dice: StdRng) -> anyhow::Result<Self> {
        let (phase, phases) = watch::channel(Phase::Bidding);
        let (heard, since) = (Heard::new(show.lots), Instant::now());
        let mut bidders = JoinSet::new();
        for (number, (id, token)) in BIDDERS.ids().zip(cluster.rig.tokens(BIDDERS)?).enumerate() {
            let bidder = Bidder {
                id: BidderId(id),
                token,
                channel: if number % 2 == 0 { Channel::Http } else { Channel::WebSocket },
                auction: show.name.clone(),
                lots: show.lots,
                addresses: cluster.addresses(),
                phase: phases.clone(),
                heard: heard.clone(),
                since,
                dice: StdRng::from_rng(&mut dice),
            };
            bidders.spawn(bidder.run());
        }
        let poster = Poster {
            pool: cluster.rig.pool()?,
            handle: handle.clone(),
            bidders: BIDDERS,
            lots: show.lots,
            heard,
            phase: phases.clone(),
            clock: Clock::System,
            dice: StdRng::from_rng(&mut dice),
        };
        let mut posters = JoinSet::new();
        posters.spawn(poster.run());
        let mut viewers = JoinSet::new();
        for number in 0..VIEWERS {
            let (addresses, phase) = (cluster.addresses(), phases.clone());
            viewers.spawn(Viewer { number, auction: show.name.clone(), addresses, phase }.run());
        }
        Ok(Self { phase, bidders, posters, viewers })
    }

    /// Takes no new bids and waits until every bid that was asked is answered.
    pub(super) async fn settle(&mut self) -> anyhow::Result<Settled> {
        self.phase.send_replace(Phase::Settling);
        let calls = tokio::time::timeout(SETTLE_DEADLINE, gather(&mut self.bidders)).await;
        let calls = calls.context("not every bid was answered after the last blow")??;
        let posted = self.posters.join_next().await.context("nobody posted")?;
        let posts = posted?.context("the posts did not reach the inbox")?;
        Ok(Settled { calls, posts })
    }

    /// Sends the viewers home with what they saw.
    pub(super) async fn end(mut self) -> anyhow::Result<Vec<Sighting>> {
        self.phase.send_replace(Phase::Over);
        gather(&mut self.viewers).await
    }
}

async fn gather<T: Send + 'static>(running: &mut JoinSet<Vec<T>>) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(one) = running.join_next().await {
        all.extend(one?);
    }
    Ok(all)
}
