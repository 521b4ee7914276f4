//! `GET /v1/auctions`: the auctions of this shard, by name.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::rest::{AuctionBrief, Page};

use super::body::Asked;
use super::{Api, Fault, problems};
use crate::public;

/// Auctions on one page when nothing else is asked for, and at most.
const PAGE: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The last name of the page before.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<usize>,
}

/// Lists the auctions that this worker serves.
#[utoipa::path(get, path = "/v1/auctions", tag = "auctions", params(Cursor),
    responses(
        (status = 200, description = "A page of auctions", body = Page<AuctionBrief>),
        problems::Query,
        problems::Any,
    ))]
pub(super) async fn list(
    State(api): State<Api>,
    Asked(cursor): Asked<Cursor>,
) -> Result<Json<Page<AuctionBrief>>, Fault> {
    let limit = cursor.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let after = cursor.after.unwrap_or_default();
    let views = api.engine.views();
    let mut items: Vec<_> = views
        .iter()
        .filter(|view| view.auction.as_str() > after.as_str())
        .take(limit + 1)
        .map(|view| public::brief(view))
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|brief| brief.auction.to_string());
    Ok(Json(Page { items, next }))
}
