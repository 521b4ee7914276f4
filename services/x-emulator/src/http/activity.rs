//! `GET /2/activity/stream` and the subscriptions that feed it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Parameters;
use super::ask::json_body;
use super::connections::{open, stream_response};
use crate::auth::Caller;
use crate::emulator::{Answer, Ask, Core, Emulator, Request, with_standing};
use crate::id::{SubscriptionId, UserId};
use crate::limits::Endpoint;
use crate::problem::{BadParameter, Problem, not_found};
use crate::stream::Stream;
use crate::view;
use crate::world::{EventType, MOST_SUBSCRIPTIONS, Subscription};

/// The longest label of a subscription.
const LONGEST_TAG: usize = 200;

/// Opens the stream. Only the app's bearer token may; recovery by `backfill_minutes` is for enterprise accounts.
pub(super) async fn stream(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    let (standing, outcome) = emulator.admit(Endpoint::ActivityStream, &ask, |core, request| {
        Parameters::new(request.ask).finish()?;
        open(core, Stream::Activity, crate::view::Wanted::default(), request.now_ms)
    });
    match outcome {
        Ok(frames) => with_standing(stream_response(frames, emulator.settings.keep_alive), standing),
        Err(problem) => with_standing(problem.into_response(), standing),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    event_type: String,
    filter: Filter,
    tag: Option<String>,
    webhook_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    user_id: Option<UserId>,
    keyword: Option<String>,
    direction: Option<String>,
}

/// Makes a subscription.
pub(super) async fn create(
    State(emulator): State<Arc<Emulator>>,
    ask: Ask,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    emulator.answer(Endpoint::CreateSubscription, &ask, |core, request| {
        let body: Body = json_body(&headers, &body)?;
        let subscription = checked(core, request, body)?;
        let told = view::subscription(&subscription);
        core.world.subscriptions.insert(subscription.id, subscription);
        let total = core.world.subscriptions.len();
        Ok(Answer::ok(json!({"data": {"subscription": told}, "meta": {"total_subscriptions": total}})))
    })
}

fn checked(core: &mut Core, request: Request, body: Body) -> Result<Subscription, Problem> {
    let bad = |name, value: &str, message: &str| Problem::invalid_request(&[BadParameter::new(name, value, message)]);
    let event_type = EventType::of_name(&body.event_type)
        .ok_or_else(|| bad("event_type", &body.event_type, "The event type is not supported"))?;
    if body.webhook_id.is_some() || body.filter.keyword.is_some() || body.filter.direction.is_some() {
        return Err(bad("filter", "", "Only the filter user_id is supported for this event type, without webhook"));
    }
    let user = body.filter.user_id.ok_or_else(|| bad("filter", "", "The filter user_id is required"))?;
    if body.tag.as_ref().is_some_and(|t| t.is_empty() || t.chars().count() > LONGEST_TAG) {
        return Err(bad("tag", "", "The tag must have 1 to 200 characters"));
    }
    consent(core, event_type, user, request.caller)?;
    let mut existing = core.world.subscriptions.values();
    if existing.any(|s| s.event_type == event_type && s.user == user) {
        return Err(Problem::conflict("DuplicateSubscription: a subscription with this event type and filter exists."));
    }
    if core.world.subscriptions.len() >= MOST_SUBSCRIPTIONS {
        return Err(Problem::forbidden("SubscriptionLimitExceeded: the app has all the subscriptions of its package."));
    }
    let (id, created_ms) = (SubscriptionId(core.world.fresh_id(request.now_ms)), request.now_ms);
    Ok(Subscription { id, event_type, user, tag: body.tag, created_ms })
}

/// Private events need the consent of the account that they are about: its own user token.
fn consent(core: &Core, event_type: EventType, user: UserId, caller: Caller) -> Result<(), Problem> {
    let own = match caller {
        Caller::House(_) => core.world.house().id == user,
        Caller::Person(id) => id == user,
        Caller::App => false,
    };
    if event_type.is_private() && !own {
        return Err(Problem::forbidden(
            "Subscriptions for private events require authentication by the user that the filter names.",
        ));
    }
    Ok(())
}

/// Lists the subscriptions.
pub(super) async fn list(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::ListSubscriptions, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        parameters.number("max_results", 1..=1000);
        parameters.text("pagination_token");
        parameters.finish()?;
        let all: Vec<Value> = core.world.subscriptions.values().map(view::subscription).collect();
        Ok(Answer::ok(json!({"data": all, "meta": {"total_subscriptions": all.len()}})))
    })
}

/// Deletes a subscription.
pub(super) async fn delete(State(emulator): State<Arc<Emulator>>, Path(id): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::DeleteSubscription, &ask, |core, _| {
        let known = id.parse::<SubscriptionId>().ok().and_then(|id| core.world.subscriptions.remove(&id));
        let total = core.world.subscriptions.len();
        match known {
            Some(_) => Ok(Answer::ok(json!({"data": {"deleted": true}, "meta": {"total_subscriptions": total}}))),
            None => Err(Problem {
                status: axum::http::StatusCode::NOT_FOUND,
                body: json!({"errors": [not_found("subscription", "subscription_id", &id)]}),
            }),
        }
    })
}
