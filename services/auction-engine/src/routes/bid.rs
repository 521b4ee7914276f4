//! `POST /v1/auctions/{auction}/bids`: a bid by HTTP. The answer comes after COMMIT.

use auction_core::{Action, AuctionId, BidderId, Command, Intent, Refusal, Source, SourceKind, Verdict};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use wire::Problem;
use wire::rest::{BidAnswer, BidRequest};

use super::body::{Body, IdempotencyKey, InAuction, Trace};
use super::{Api, Fault, problems};
use crate::{answer, auth, engine, ws};

/// Places a bid. The same key always gets the first decision.
#[utoipa::path(post, path = "/v1/auctions/{auction}/bids", tag = "bids", security(("bearer" = [])), request_body = BidRequest,
    params(("auction" = String, Path), ("Idempotency-Key" = String, Header)),
    responses(
        (status = 200, description = "Accepted", body = BidAnswer),
        (status = 202, description = "Parked: timed after the end, judged when the end moves or at the hammer", body = BidAnswer),
        problems::Token,
        problems::Json,
        problems::Held,
        (status = 409, description = "Refused by the rules", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn place(
    State(api): State<Api>,
    auth::Bidder(bidder): auth::Bidder,
    InAuction(auction): InAuction,
    IdempotencyKey(key): IdempotencyKey,
    Trace(trace): Trace,
    Body(request): Body<BidRequest>,
) -> Result<Response, Fault> {
    let intent = ws::intent(request.kind, request.amount_wei)
        .map_err(|wrong| Problem::new(422, &wrong.code, wrong.message, wrong.remedy))?;
    let command = Command {
        source: Source { kind: SourceKind::Web, key: ws::key_of(bidder, &key) },
        at: api.now(),
        action: Action::PlaceBid { auction: auction.clone(), lot: request.lot, bidder, intent, post: None },
        trace,
    };
    let outcome = submitted(&api, command).await?;
    answer::check_target(&outcome, &auction, request.lot)?;
    report(key, &auction, bidder, intent, &outcome)
}

/// Sends a command and waits until its row is durable.
pub(super) async fn submitted(api: &Api, command: Command) -> Result<engine::Outcome, Fault> {
    let pending = api.engine.submit(command).map_err(|error| Fault::not_taken(&error))?;
    pending.await.map_err(|error| Fault::not_taken(&error))
}

fn report(
    key: String,
    auction: &AuctionId,
    bidder: BidderId,
    intent: Intent,
    outcome: &engine::Outcome,
) -> Result<Response, Fault> {
    let lot = outcome.decision.subject.lot;
    let receipt = lot.map(|lot| format!("/v1/auctions/{auction}/lots/{lot}/receipts/{}", outcome.decision.lot_seq));
    let status = match &outcome.decision.verdict {
        Verdict::Accepted { .. } | Verdict::Done => StatusCode::OK,
        Verdict::Parked => StatusCode::ACCEPTED,
        Verdict::Refused(refusal) => return Err(refused(refusal, receipt)),
    };
    let answer = answer::committed(key, bidder, intent, outcome);
    let body = BidAnswer {
        verdict: answer.verdict,
        auction: auction.clone(),
        lot,
        epoch: outcome.epoch,
        seq: outcome.seq,
        lot_seq: outcome.decision.lot_seq,
        amount_wei: answer.amount_wei,
        price_wei: answer.price_wei,
        leading: answer.leading,
        leader_paddle: answer.leader_paddle,
        receipt,
    };
    Ok((status, Json(body)).into_response())
}

/// A refusal as a problem; `instance` is where its receipt is, for a refusal is recorded like any other decision.
pub(super) fn refused(refusal: &Refusal, receipt: Option<String>) -> Fault {
    let problem = Problem::new(status(refusal), refusal.code(), refusal.message(), refusal.remedy());
    match receipt {
        Some(receipt) => problem.about(receipt).into(),
        None => problem.into(),
    }
}

/// 403 for who asks, 404 for what is not there, 422 for an amount that could never be, 409 for the state of things.
fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::UnknownBidder | Refusal::BidderSuspended | Refusal::BidderBarred => 403,
        Refusal::UnknownAuction | Refusal::UnknownLot { .. } | Refusal::NoSuchBid { .. } => 404,
        Refusal::ZeroAmount
        | Refusal::AmountTooLarge
        | Refusal::OffTick { .. }
        | Refusal::ReasonMissing
        | Refusal::ReasonTooLong
        | Refusal::DurationOutOfRange { .. }
        | Refusal::TermsInvalid { .. }
        | Refusal::NotUnderstood { .. } => 422,
        Refusal::LimitExceeded { .. }
        | Refusal::AuctionNotStarted { .. }
        | Refusal::AuctionPaused
        | Refusal::AuctionCancelled
        | Refusal::AuctionCompleted
        | Refusal::ChannelShut
        | Refusal::LotNotNamed { .. }
        | Refusal::NoLotOpen
        | Refusal::LotNotOpen { .. }
        | Refusal::LotHeld { .. }
        | Refusal::LotWithdrawn { .. }
        | Refusal::LotClosed { .. }
        | Refusal::TooEarly { .. }
        | Refusal::TooLate { .. }
        | Refusal::DrainFull { .. }
        | Refusal::BelowOpeningBid { .. }
        | Refusal::BelowIncrement { .. }
        | Refusal::JumpNeedsConfirmation { .. }
        | Refusal::AlreadyLeading { .. }
        | Refusal::MaxNotRaised
        | Refusal::MaxBelowMinimum { .. }
        | Refusal::BuyNowUnavailable
        | Refusal::BuyNowWithdrawn
        | Refusal::LotNotUpcoming { .. }
        | Refusal::LotNotRunning { .. }
        | Refusal::LotNotHeld { .. }
        | Refusal::LotNotReofferable { .. }
        | Refusal::LotNotReopenable { .. }
        | Refusal::AnotherLotOpen { .. }
        | Refusal::NotPaused
        | Refusal::AlreadyPaused
        | Refusal::TermsFrozen { .. }
        | Refusal::PaddleTaken { .. }
        | Refusal::HandleConflict { .. }
        | Refusal::HalfCutForbidden { .. }
        | Refusal::HalfCutGiven { .. }
        | Refusal::HalfCutNeedsBid { .. }
        | Refusal::NoHalfStep { .. } => 409,
    }
}
