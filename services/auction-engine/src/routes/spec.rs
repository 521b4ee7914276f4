//! `PUT /v1/spec`: what this shard should run. An edit reaches a live show this way; terms of a lot that is open stay.

use std::sync::PoisonError;

use auction_core::terms::{AuctionTerms, Channel};
use auction_core::{Action, AuctionId, Clerk, Command, Refusal, Source, SourceKind, Verdict};
use axum::Json;
use axum::extract::State;
use operator_api::auction::RunState;
use wire::Problem;
use wire::problem;
use wire::rest::{SpecAnswer, SpecRequest};

use super::body::Body;
use super::{Api, Fault, bid, problems};
use crate::auth;
use crate::engine::AuctionState;
use crate::spec::{self, Wanted};

/// A manifest with 200 lots and their descriptions is below 1 MB; a shard may hold many.
pub(super) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The reason of a pause that the manifest asked for; it marks the pause as the manifest's.
const PAUSED_BY_SPEC: &str = "spec.runState is Paused";

/// What was asked for last. Lost with the process: whoever steers it puts the spec again when the generation has gone back.
#[derive(Default)]
pub(crate) struct Desired {
    generation: i64,
    observed_generation: i64,
}

impl Desired {
    /// The generation asked for and the one that is in force.
    pub(super) fn generations(&self) -> (i64, i64) {
        (self.generation, self.observed_generation)
    }
}

/// Replaces what this shard should run. Auctions that are left out keep running: cancel them by `spec.runState`.
#[utoipa::path(put, path = "/v1/spec", tag = "operation", security(("bearer" = [])), request_body = SpecRequest,
    responses(
        (status = 200, description = "The spec is in force", body = SpecAnswer),
        problems::Token,
        problems::Json,
        (status = 409, description = "An older generation, or the rules do not allow the change now", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn put(
    State(api): State<Api>,
    _owner: auth::Owner,
    Body(request): Body<SpecRequest>,
) -> Result<Json<SpecAnswer>, Fault> {
    let SpecRequest { generation, auctions } = request;
    // What cannot be read was never asked for: its generation stays free.
    let wanted = spec::read(&auctions).map_err(invalid)?;
    ask_for(&api, generation)?;
    let mut configured = Vec::new();
    for (index, wanted) in wanted.into_iter().enumerate() {
        let auction = wanted.auction.clone();
        apply(&api, generation, wanted).await.map_err(|fault| at_auction(index, fault))?;
        configured.push(auction);
    }
    desired(&api, |desired| desired.observed_generation = desired.observed_generation.max(generation));
    Ok(Json(SpecAnswer { generation, configured }))
}

fn desired<T>(api: &Api, use_it: impl FnOnce(&mut Desired) -> T) -> T {
    use_it(&mut api.spec.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Notes the generation; an older one than is known comes from somebody with an outdated picture.
fn ask_for(api: &Api, generation: i64) -> Result<(), Fault> {
    desired(api, |desired| {
        if generation < desired.generation {
            let detail = format!("generation {generation} is older than {}, which is known here", desired.generation);
            return Err(Problem::new(409, "GenerationStale", detail, "send the newest spec").into());
        }
        desired.generation = generation;
        Ok(())
    })
}

async fn apply(api: &Api, generation: i64, wanted: Wanted) -> Result<(), Fault> {
    let Wanted { auction, terms, run_state } = wanted;
    reads_alone(api, &terms).await?;
    let configure = Action::ConfigureAuction { auction: auction.clone(), terms };
    house(api, generation, &auction, "terms", configure).await?;
    // The commit of the terms has been published by now, and every earlier one.
    let view = api.engine.view(&auction);
    let runs = view.as_ref().map_or((AuctionState::Scheduled, None), |view| (view.state, view.reason.as_deref()));
    let Some(clerk) = decide(runs, run_state) else { return Ok(()) };
    house(api, generation, &auction, "run-state", Action::Clerk { auction: auction.clone(), clerk }).await
}

/// Refuses an auction whose handle's inbox another shard reads: the rules see the auctions of one shard alone.
async fn reads_alone(api: &Api, terms: &AuctionTerms) -> Result<(), Fault> {
    let (Channel::Open, Some(handle)) = (terms.channels.x, &terms.handle) else { return Ok(()) };
    match store::inbox::reader_of(&api.pool, handle).await.map_err(Fault::database)? {
        Some(shard) if *shard != *api.engine.standing().shard => {
            let detail = format!("shard {shard} takes bids through @{handle}, and its auction is not over");
            Err(Problem::new(409, "HandleConflict", detail, "wait until it is over, or use another handle").into())
        }
        Some(_) | None => Ok(()),
    }
}

/// What makes the auction's own state into the wanted one. A pause is lifted only if it was the manifest's: a clerk's is
/// the clerk's to lift.
fn decide((state, reason): (AuctionState, Option<&str>), wanted: RunState) -> Option<Clerk> {
    match (wanted, state) {
        (_, AuctionState::Cancelled | AuctionState::Completed)
        | (RunState::Paused, AuctionState::Paused)
        | (RunState::Running, AuctionState::Scheduled | AuctionState::Live) => None,
        (RunState::Paused, AuctionState::Scheduled | AuctionState::Live) => {
            Some(Clerk::Pause { reason: PAUSED_BY_SPEC.into() })
        }
        (RunState::Running, AuctionState::Paused) => (reason == Some(PAUSED_BY_SPEC)).then_some(Clerk::Resume),
        (RunState::Cancelled, AuctionState::Scheduled | AuctionState::Live | AuctionState::Paused) => {
            Some(Clerk::Cancel { reason: "spec.runState is Cancelled".into() })
        }
    }
}

/// Gives a command of the house; that it holds already is as good as done.
async fn house(api: &Api, generation: i64, auction: &AuctionId, what: &str, deed: Action) -> Result<(), Fault> {
    // The instant keeps a later spec apart from an earlier one with the same generation, sent to a restarted process.
    let at = api.now();
    let key = format!("spec:{auction}:{what}:{generation}:{}", at.0);
    let command = Command { source: Source { kind: SourceKind::House, key }, at, action: deed, trace: None };
    let outcome = bid::submitted(api, command).await?;
    match &outcome.decision.verdict {
        Verdict::Refused(
            Refusal::AlreadyPaused | Refusal::NotPaused | Refusal::AuctionCancelled | Refusal::AuctionCompleted,
        ) if what == "run-state" => Ok(()),
        Verdict::Refused(refusal) => Err(bid::refused(refusal, None)),
        Verdict::Accepted { .. } | Verdict::Parked | Verdict::Done => Ok(()),
    }
}

fn invalid(faults: Vec<problem::Fault>) -> Fault {
    let detail = format!("{} fields are wrong; nothing was changed", faults.len());
    let remedy = "correct each field listed in errors";
    Problem::new(422, "SpecInvalid", detail, remedy).with_errors(faults).into()
}

/// Says which manifest was refused.
fn at_auction(index: usize, mut fault: Fault) -> Fault {
    fault.problem.instance = Some(format!("/auctions/{index}"));
    fault
}

#[cfg(test)]
mod tests {
    use bootstrap::auth::Role;
    use store::inbox::Need;

    use super::*;
    use crate::testing::{Request, until, working_house};

    #[tokio::test]
    async fn an_auction_whose_inbox_another_shard_reads_is_refused_until_that_one_is_over() {
        let house = working_house(&testkit::postgres().await.unwrap(), "s1").await;
        let handle = auction_core::Handle::new("sothebais").unwrap();
        let claim = async |need| store::inbox::claim(&house.pool, &handle, "elsewhere", need).await.unwrap();
        claim(Need::Live).await;
        let owner = house.token(&[Role::Owner]);
        let body = r#"{"generation":1,"auctions":[{"apiVersion":"sothebais.io/v1alpha1","kind":"Auction",
        "metadata":{"name":"spring","uid":"u-1","generation":1},"spec":{"title":"Spring",
            "house":{"xHandle":"Sothebais"},"schedule":{"startsAt":"2026-01-01T00:00:00Z"},
            "lots":[{"id":"one","title":"One","startingPrice":"0.1"}]}}]}"#;
        let spec = Request { method: "PUT", path: "/v1/spec", token: Some(&owner), body, ..Request::default() };
        let refused = house.ask(spec).await;
        assert_eq!((refused.status, refused.code()), (409, "HandleConflict"));
        claim(Need::Over).await;
        assert_eq!(house.ask(spec).await.status, 200);
        until(|| house.engine.views().len() == 1).await;
        let reads = async || store::inbox::reader_of(&house.pool, &handle).await.unwrap();
        while reads().await.as_deref() != Some("s1") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    #[test]
    fn the_run_state_is_decided_from_what_the_auction_does_now() {
        let live = (AuctionState::Live, None);
        let by_spec = (AuctionState::Paused, Some(PAUSED_BY_SPEC));
        let by_clerk = (AuctionState::Paused, Some("the stream is down"));
        assert_eq!(decide(live, RunState::Running), None);
        assert!(matches!(decide(live, RunState::Paused), Some(Clerk::Pause { .. })));
        assert_eq!(decide(by_spec, RunState::Paused), None);
        assert_eq!(decide(by_spec, RunState::Running), Some(Clerk::Resume));
        assert_eq!(decide(by_clerk, RunState::Running), None);
        assert!(matches!(decide(by_clerk, RunState::Cancelled), Some(Clerk::Cancel { .. })));
        assert_eq!(decide((AuctionState::Completed, None), RunState::Cancelled), None);
    }
}
