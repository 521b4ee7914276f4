//! `GET /v1/auctions/{auction}/lots/{lot}`: a lot's price and the terms that it is offered under.

use std::sync::Arc;

use auction_core::LotNumber;
use axum::Json;
use axum::extract::State;
use wire::rest::LotView;

use super::body::InLot;
use super::{Api, Fault, auction, problems};
use crate::{engine, public};

/// Shows a lot.
#[utoipa::path(get, path = "/v1/auctions/{auction}/lots/{lot}", tag = "auctions",
    params(("auction" = String, Path), ("lot" = u32, Path)),
    responses(
        (status = 200, description = "The lot", body = LotView),
        problems::Held,
        problems::Any,
    ))]
pub(super) async fn show(State(api): State<Api>, InLot { auction, lot }: InLot) -> Result<Json<LotView>, Fault> {
    let view = auction::find(&api, &auction)?;
    Ok(Json(public::lot(&view, &*find(&view, lot)?)))
}

/// The lot with this number.
pub(super) fn find(view: &engine::AuctionView, lot: LotNumber) -> Result<Arc<engine::LotView>, Fault> {
    let unknown = || {
        let detail = format!("\"{}\" has no lot {lot}", view.auction);
        Fault::not_found("UnknownLot", detail, "use the lot's number in its auction's catalogue, from 1")
    };
    view.lot(lot).cloned().ok_or_else(unknown)
}
