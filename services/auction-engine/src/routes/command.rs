//! `POST /v1/auctions/{auction}/commands`: a clerk's hand. Everything leaves a row with the clerk's own key.

use auction_core::{Action, Clerk, Command, Source, SourceKind, Verdict};
use axum::Json;
use axum::extract::State;
use wire::Problem;
use wire::rest::{ClerkAnswer, ClerkRequest};

use super::body::{Body, IdempotencyKey, InAuction, Trace};
use super::{Api, Fault, bid, problems};
use crate::{answer, auth, names};

/// Gives a clerk's command.
#[utoipa::path(post, path = "/v1/auctions/{auction}/commands", tag = "clerk", security(("bearer" = [])), request_body = ClerkRequest,
    params(("auction" = String, Path), ("Idempotency-Key" = String, Header)),
    responses(
        (status = 200, description = "Carried out", body = ClerkAnswer),
        problems::Token,
        problems::Json,
        problems::Held,
        (status = 409, description = "Refused by the rules", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn give(
    State(api): State<Api>,
    auth::Clerk(claims): auth::Clerk,
    InAuction(auction): InAuction,
    IdempotencyKey(key): IdempotencyKey,
    Trace(trace): Trace,
    Body(request): Body<ClerkRequest>,
) -> Result<Json<ClerkAnswer>, Fault> {
    let command = Command {
        source: Source { kind: SourceKind::Clerk, key: key_of(&claims.sub, &key) },
        at: api.now(),
        action: Action::Clerk { auction: auction.clone(), clerk: clerk(request) },
        trace,
    };
    let outcome = bid::submitted(&api, command).await?;
    answer::check_target(&outcome, &auction, None)?;
    match &outcome.decision.verdict {
        Verdict::Refused(refusal) => Err(bid::refused(refusal, None)),
        Verdict::Accepted { .. } | Verdict::Parked | Verdict::Done => Ok(Json(ClerkAnswer {
            epoch: outcome.epoch,
            seq: outcome.seq,
            lot_seq: outcome.decision.lot_seq,
            events: outcome.decision.events.iter().map(|event| names::event(event).to_owned()).collect(),
        })),
    }
}

/// Keys of clerk commands are their clerk's own: two clerks may use the same one. The subject's length comes first,
/// because a subject may hold a colon.
pub(super) fn key_of(subject: &str, key: &str) -> String {
    format!("{}:{subject}:{key}", subject.len())
}

fn clerk(request: ClerkRequest) -> Clerk {
    match request {
        ClerkRequest::OpenLot { lot } => Clerk::OpenLot { lot },
        ClerkRequest::HoldLot { lot, reason } => Clerk::HoldLot { lot, reason: reason.into_string() },
        ClerkRequest::ReleaseLot { lot } => Clerk::ReleaseLot { lot },
        ClerkRequest::SkipLot { lot } => Clerk::SkipLot { lot },
        ClerkRequest::WithdrawLot { lot, reason } => Clerk::WithdrawLot { lot, reason: reason.into_string() },
        ClerkRequest::ReofferLot { lot } => Clerk::ReofferLot { lot },
        ClerkRequest::EndLot { lot } => Clerk::EndLot { lot },
        ClerkRequest::Pause { reason } => Clerk::Pause { reason: reason.into_string() },
        ClerkRequest::Resume {} => Clerk::Resume,
        ClerkRequest::Cancel { reason } => Clerk::Cancel { reason: reason.into_string() },
        ClerkRequest::VoidBid { lot, lot_seq, reason } => Clerk::VoidBid { lot, lot_seq, reason: reason.into_string() },
        ClerkRequest::ReopenLot { lot, reason, duration_seconds } => {
            Clerk::ReopenLot { lot, reason: reason.into_string(), duration_seconds }
        }
        ClerkRequest::HalfCut { lot } => Clerk::HalfCut { lot },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_does_not_make_two_clerks_one() {
        assert_ne!(key_of("a:b", "c"), key_of("a", "b:c"));
        assert_ne!(key_of("1:a", "c"), key_of("1", "a:c"));
    }
}
