//! `GET /v1/auctions/{auction}`: an auction with the price of each lot.

use std::sync::Arc;
use std::time::Duration;

use auction_core::AuctionId;
use axum::Json;
use axum::extract::State;
use wire::Problem;
use wire::rest::AuctionView;

use super::body::InAuction;
use super::{Api, Fault, problems};
use crate::{engine, public};

/// When to ask again while nobody holds the shard: a lease runs out within 2 s.
const TAKE_OVER: Duration = Duration::from_secs(1);

/// Shows an auction.
#[utoipa::path(get, path = "/v1/auctions/{auction}", tag = "auctions", params(("auction" = String, Path)),
    responses(
        (status = 200, description = "The auction", body = AuctionView),
        problems::Held,
        problems::Any,
    ))]
pub(super) async fn show(State(api): State<Api>, InAuction(auction): InAuction) -> Result<Json<AuctionView>, Fault> {
    Ok(Json(public::auction(&*find(&api, &auction)?)))
}

/// The newest committed view of an auction.
pub(super) fn find(api: &Api, auction: &AuctionId) -> Result<Arc<engine::AuctionView>, Fault> {
    let absent = || {
        if api.engine.standing().epoch.is_none() {
            let detail = "another worker takes this shard over";
            return Fault::busy(Problem::new(503, "NotHere", detail, "try again"), TAKE_OVER);
        }
        let detail = format!("no auction \"{auction}\" is held here");
        Fault::not_found("UnknownAuction", detail, "see /v1/auctions for the names")
    };
    api.engine.view(auction).ok_or_else(absent)
}
