//! `GET /v1/bidders`: the registry, by X id.

use auction_core::BidderId;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::XId;
use wire::rest::{BidderLine, Page};

use super::body::Asked;
use super::{Api, Fault, problems};
use crate::{auth, roster};

/// Bidders on one page when nothing else is asked for, and at most.
const PAGE: u32 = 500;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The last X id of the page before.
    #[param(value_type = Option<String>)]
    after: Option<XId>,
    /// 1 to 500.
    limit: Option<u32>,
}

/// Lists the bidders.
#[utoipa::path(get, path = "/v1/bidders", tag = "bidders", security(("bearer" = [])), params(Cursor),
    responses(
        (status = 200, description = "A page of bidders", body = Page<BidderLine>),
        problems::Token,
        problems::Query,
        problems::Any,
    ))]
pub(super) async fn list(
    State(api): State<Api>,
    _house: auth::House,
    Asked(cursor): Asked<Cursor>,
) -> Result<Json<Page<BidderLine>>, Fault> {
    let limit = cursor.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let after = cursor.after.map_or(BidderId(0), |XId(id)| id);
    let bidders = store::bidder::list(&api.pool, after, limit).await.map_err(Fault::database)?;
    let next = bidders.last().filter(|_| bidders.len() == limit as usize).map(|bidder| bidder.terms.bidder.to_string());
    Ok(Json(Page { items: bidders.into_iter().map(roster::line).collect(), next }))
}
