//! `GET /v1/status`: what this worker serves, for the operator and `sothebais up`. Prices here are for people who watch a
//! show's progress; nobody builds on them.

use std::sync::PoisonError;

use axum::Json;
use axum::extract::State;
use wire::rest::{AuctionStatus, StatusBody};

use super::{Api, problems};
use crate::{engine, public};

/// Shows where the worker stands.
#[utoipa::path(get, path = "/v1/status", tag = "operation", responses(
        (status = 200, description = "Where the worker stands", body = StatusBody),
        problems::Any,
    ))]
pub(super) async fn show(State(api): State<Api>) -> Json<StatusBody> {
    let (generation, observed_generation) = api.spec.lock().unwrap_or_else(PoisonError::into_inner).generations();
    let standing = api.engine.standing();
    let views = api.engine.views();
    Json(StatusBody {
        generation,
        observed_generation,
        shard: standing.shard.to_string(),
        epoch: standing.epoch.unwrap_or_default(),
        seq: views.iter().map(|view| view.seq).max().unwrap_or_default(),
        auctions: views.iter().map(|view| auction(view)).collect(),
    })
}

fn auction(view: &engine::AuctionView) -> AuctionStatus {
    AuctionStatus {
        name: view.auction.clone(),
        state: public::auction_state(view.state),
        generation: view.terms.generation,
        lots: view.lots.iter().map(|lot| public::lot_status(view, lot)).collect(),
    }
}
