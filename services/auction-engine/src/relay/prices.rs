//! Live prices on `rt:auction:{id}`, off the way of answers: conflated, each message standing for itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auction_core::AuctionId;
use bootstrap::chain;
use bus::{Bus, keys};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::engine::{AuctionView, EngineHandle, LotState};
use crate::observe::Observe;

/// The least time between two messages of one auction: people do not see faster, and a newer price replaces an older.
const PACE: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Prices<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    auction: &'a str,
    epoch: u64,
    seq: u64,
    lots: Vec<LotPrice>,
}

#[derive(Serialize)]
struct LotPrice {
    number: u32,
    lot_seq: u64,
    state: &'static str,
    price_wei: Option<String>,
    leader_paddle: Option<u32>,
    ends_at_ms: Option<i64>,
}

/// The position of each auction that was published last.
type Sent = BTreeMap<AuctionId, (u64, u64)>;

/// Publishes changed prices until `stopping`.
pub(crate) async fn run(engine: EngineHandle, bus: Bus, observe: Arc<Observe>, stopping: CancellationToken) {
    let mut sent = Sent::new();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(PACE) => {}
        }
        let views = engine.views();
        let lots = views.iter().flat_map(|view| &view.lots);
        observe.lots_open(lots.filter(|lot| lot.state == LotState::Open).count());
        publish_changed(&views, &bus, &mut sent).await;
    }
}

/// Publishes what has not been published yet. A price that did not go out is tried again: it may be the last of its lot.
async fn publish_changed(views: &[Arc<AuctionView>], bus: &Bus, sent: &mut Sent) {
    for view in views {
        let position = (view.epoch, view.seq);
        if sent.get(&view.auction) == Some(&position) {
            continue;
        }
        let message = serde_json::to_vec(&prices(view)).expect("prices of plain data always serialise");
        match bus.publish(&keys::live_auction(view.auction.as_str()), &message).await {
            Ok(()) => drop(sent.insert(view.auction.clone(), position)),
            Err(error) => tracing::debug!(error = %chain(&error), "a price could not be published"),
        }
    }
}

fn prices(view: &AuctionView) -> Prices<'_> {
    let lots = view.lots.iter().map(|lot| LotPrice {
        number: lot.number.0,
        lot_seq: lot.lot_seq,
        state: state_name(lot.state),
        price_wei: lot.price.map(|price| price.to_string()),
        leader_paddle: lot.leader.map(|paddle| paddle.0),
        ends_at_ms: lot.ends_at.map(|at| at.0),
    });
    Prices { kind: "price", auction: view.auction.as_str(), epoch: view.epoch, seq: view.seq, lots: lots.collect() }
}

fn state_name(state: LotState) -> &'static str {
    match state {
        LotState::Upcoming => "upcoming",
        LotState::Open => "open",
        LotState::Draining => "draining",
        LotState::Held => "held",
        LotState::Sold => "sold",
        LotState::Passed => "passed",
        LotState::Skipped => "skipped",
        LotState::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_price_that_redis_did_not_take_is_sent_again() {
        let views = [crate::public::testing::view(7, &[100])];
        let mut sent = Sent::new();
        publish_changed(&views, &Bus::new("redis://127.0.0.1:1").unwrap(), &mut sent).await;
        assert_eq!(sent, Sent::new());
        publish_changed(&views, &Bus::new(&testkit::redis().await.unwrap()).unwrap(), &mut sent).await;
        assert_eq!(sent, Sent::from([(views[0].auction.clone(), (1, 7))]));
    }
}
