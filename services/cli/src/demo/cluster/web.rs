//! People who bid over HTTP: through Traefik, by the route that the operator made, with tokens of their own.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bootstrap::auth::{LocalIssuer, Role};
use hdrhistogram::Histogram;
use serde::Serialize;
use wire::XId;
use wire::rest::{AuctionState, AuctionView, BidRequest, BidderLine, BidderState, LimitChange};
use wire::socket::{BidKind, LotState};

use crate::demo::house;
use crate::machine::engine::Engine;

/// How many there are.
const PEOPLE: usize = 3;
/// One of them bids this often: the crowd on X shall win now and then.
const EVERY: Duration = Duration::from_millis(1_500);
/// Longer than a show.
const TOKEN_SECONDS: Duration = Duration::from_hours(4);
/// A bid that has no answer by then is counted as one without.
const LONGEST_MS: u64 = 60_000;

/// What became of their bids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct WebBids {
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_refusal: Option<String>,
    /// No verdict: no answer, or the fault of somebody on the way.
    pub(super) failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_failure: Option<String>,
    pub(super) p50_ms: u64,
    pub(super) p99_ms: u64,
}

/// Somebody who bids.
pub(super) struct Bidder {
    engine: Engine,
}

impl Bidder {
    /// Their way in.
    pub(super) fn engine(&self) -> Engine {
        self.engine.clone()
    }
}

/// Makes accounts at X, registers them as bidders and gives them tokens. `engine` is the owner's way in.
pub(super) async fn introduce(emulator: &str, engine: &Engine, issuer: &LocalIssuer) -> anyhow::Result<Vec<Bidder>> {
    let mut bidders = Vec::new();
    let mut lines = Vec::new();
    for number in 1..=PEOPLE {
        let author = house::introduce(emulator, &format!("web_bidder_{number}")).await?;
        let id: u64 = author.id.parse().with_context(|| format!("\"{}\" is no account id", author.id))?;
        let x_id = XId(auction_core::BidderId(id));
        let token = issuer.token(&format!("x:{id}"), Some(id), &[Role::Bidder], TOKEN_SECONDS)?;
        let handle = Some(wire::Text::new(&author.handle)?);
        let status = Some(BidderState::Active);
        lines.push(BidderLine { x_id, handle, paddle: None, limit_wei: LimitChange::to(None), status, subject: None });
        bidders.push(Bidder { engine: engine.for_somebody(token) });
    }
    engine.import(&lines).await?;
    Ok(bidders)
}

/// They bid in turn on the lot that is on, until the auction is over.
pub(super) async fn bid(bidders: &[Bidder], auction: &str) -> anyhow::Result<WebBids> {
    let mut bids = WebBids::default();
    let mut took = Histogram::<u64>::new_with_max(LONGEST_MS, 3).context("the histogram's bounds are wrong")?;
    for bidder in bidders.iter().cycle() {
        tokio::time::sleep(EVERY).await;
        // A worker that is being replaced does not answer; the next one is asked at the next look.
        let Ok(view) = bidder.engine.get::<AuctionView>(&format!("/v1/auctions/{auction}")).await else { continue };
        if matches!(view.state, AuctionState::Completed | AuctionState::Cancelled) {
            break;
        }
        let open = view.lots.iter().find(|lot| lot.state == LotState::Open);
        let Some(lot) = open.map(|lot| lot.lot) else { continue };
        let request = BidRequest { lot: Some(lot), kind: BidKind::NextBid, amount_wei: None };
        let begun = Instant::now();
        let answer = bidder.engine.bid(auction, &request, &format!("web-{}", bids.sent)).await;
        bids.sent += 1;
        match answer {
            Ok(_) => {
                bids.accepted += 1;
                let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(LONGEST_MS);
                took.record(ms.min(LONGEST_MS)).context("the time is out of the histogram's range")?;
            }
            Err(error) if Engine::is_judged(&error) => {
                bids.refused += 1;
                bids.first_refusal.get_or_insert_with(|| error.to_string());
            }
            Err(error) => {
                bids.failed += 1;
                bids.first_failure.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
    (bids.p50_ms, bids.p99_ms) = (took.value_at_quantile(0.5), took.value_at_quantile(0.99));
    Ok(bids)
}
