//! `GET` and `PUT /v1/bidders/{x_id}`: one entry of the registry. Workers take a change into their journals within a second.

use axum::Json;
use axum::extract::{Path, State};
use store::bidder::PutError;
use wire::rest::{BidderBody, BidderLine};
use wire::{Problem, XId};

use super::body::Body;
use super::{Api, Fault, problems};
use crate::{auth, roster};

/// Shows a bidder.
#[utoipa::path(get, path = "/v1/bidders/{x_id}", tag = "bidders", security(("bearer" = [])), params(("x_id" = String, Path)),
    responses(
        (status = 200, description = "The bidder", body = BidderLine),
        problems::Token,
        problems::Query,
        (status = 404, description = "Nobody is registered under this id", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn show(
    State(api): State<Api>,
    _house: auth::House,
    Path(x_id): Path<String>,
) -> Result<Json<BidderLine>, Fault> {
    let XId(id) = named(&x_id)?;
    let bidder = store::bidder::get(&api.pool, id).await.map_err(Fault::database)?;
    let unknown = || Fault::not_found("UnknownBidder", format!("{id} is not registered"), "register it by PUT");
    bidder.map(|bidder| Json(roster::line(bidder))).ok_or_else(unknown)
}

/// Adds or changes a bidder: what the body leaves out stays. A new one without a paddle gets the next free one.
#[utoipa::path(put, path = "/v1/bidders/{x_id}", tag = "bidders", security(("bearer" = [])), params(("x_id" = String, Path)), request_body = BidderBody,
    responses(
        (status = 200, description = "The bidder as they are now", body = BidderLine),
        problems::Token,
        problems::Json,
        (status = 409, description = "The paddle or subject is another bidder’s", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn put(
    State(api): State<Api>,
    _clerk: auth::Clerk,
    Path(x_id): Path<String>,
    Body(body): Body<BidderBody>,
) -> Result<Json<BidderLine>, Fault> {
    let line = body.of(named(&x_id)?);
    let changes = roster::changes(vec![line])?;
    let bidders = store::bidder::change(&api.pool, &changes).await.map_err(not_put)?;
    api.engine.note_bidders();
    let bidder = bidders.into_iter().next().expect("one change is one bidder");
    Ok(Json(roster::line(bidder)))
}

fn named(x_id: &str) -> Result<XId, Fault> {
    x_id.parse().map_err(|error: String| Problem::new(422, "XIdInvalid", error, "use the account's numeric id").into())
}

pub(super) fn not_put(error: PutError) -> Fault {
    match error {
        PutError::PaddleTaken { .. } => {
            Problem::new(409, "PaddleTaken", error.to_string(), "choose another paddle, or leave it out").into()
        }
        PutError::SubjectTaken => {
            let remedy = "name the subject of a token that no other bidder has";
            Problem::new(409, "SubjectTaken", error.to_string(), remedy).into()
        }
        PutError::Failed(error) => Fault::database(error),
    }
}
