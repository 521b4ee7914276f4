//! Follows one auction: read the engine's frames → fold them into what is known → show a view. A lost engine leaves the last
//! view on screen, and says how long ago it was heard.

mod ask;
mod fold;
mod socket;

use std::time::Duration;

use bootstrap::clock::Clock;
use scene::Moment;
use tokio_util::sync::CancellationToken;

use crate::program::SourcePlan;
use crate::stage::Shared;
use ask::Catalogue;
use fold::{Known, Need};
use socket::Socket;

/// The first wait before the engine is asked again, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How often a view is made without any news: results leave the screen, silence is told.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// Bids are asked for at most so often; prices come by themselves.
const BIDS_EVERY: Duration = Duration::from_millis(250);

/// Follows one auction.
pub(crate) struct Follower {
    plan: SourcePlan,
    shared: Shared,
    clock: Clock,
    known: Known,
}

impl Follower {
    pub(crate) fn new(plan: SourcePlan, shared: &Shared) -> Self {
        let known = Known::new(plan.auction.clone());
        Self { plan, clock: shared.clock.clone(), shared: shared.clone(), known }
    }

    /// Follows until `ended`.
    pub(crate) async fn run(mut self, ended: CancellationToken) -> anyhow::Result<()> {
        let catalogue = Catalogue::new(self.plan.engine.clone())?;
        let mut wait = FIRST_WAIT;
        while !ended.is_cancelled() {
            let heard = ended.run_until_cancelled(self.session(&catalogue)).await;
            let Some(Err(error)) = heard else { break };
            if self.known.is_fresh() {
                wait = FIRST_WAIT;
                tracing::warn!(auction = %self.plan.auction, error = format!("{error:#}"), "the engine is lost");
            }
            self.known.lost(self.now());
            self.show();
            if ended.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        Ok(())
    }

    /// One connection, until it breaks.
    async fn session(&mut self, catalogue: &Catalogue) -> anyhow::Result<()> {
        let mut socket = Socket::connect(&self.plan).await?;
        self.known.brief(catalogue.auction(&self.plan.auction).await?);
        let mut refresh = tokio::time::interval(REFRESH_EVERY);
        let mut bids = tokio::time::interval(BIDS_EVERY);
        bids.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = socket.next() => {
                    let message = message?;
                    self.known.take(message, self.now());
                    self.show();
                }
                _ = refresh.tick() => self.show(),
                _ = bids.tick() => {
                    for need in self.known.needs() {
                        match need {
                            Need::Lot(lot) => self.known.lot(catalogue.lot(&self.plan.auction, lot).await?),
                            Need::Bids(range) => socket.ask(range).await?,
                        }
                    }
                }
            }
        }
    }

    fn show(&self) {
        let now = self.now();
        self.shared.view.store(std::sync::Arc::new(self.known.view(now)));
        self.shared.observe.state_age.set(self.known.age(now).as_secs().try_into().unwrap_or(i64::MAX));
    }

    fn now(&self) -> Moment {
        Moment(self.clock.now_ms())
    }
}
