//! The control API under `/_emulator`: what a rehearsal and its tests see and change. No part of X; loopback only by
//! the default bind address.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::auth::Credentials;
use crate::crowd::author_id;
use crate::emulator::Emulator;
use crate::fault::Fault;
use crate::id::{PostId, UserId};
use crate::post::Post;
use crate::stream::Stream;
use crate::text::is_handle;
use crate::user::Unregistered;
use crate::view::moment;

/// Posts that one page of `GET /_emulator/posts` shows at most.
const LARGEST_PAGE: usize = 1000;

/// The routes.
pub fn router() -> Router<Arc<Emulator>> {
    Router::new()
        .route("/_emulator/state", get(state))
        .route("/_emulator/posts", get(posts))
        .route("/_emulator/authors", get(authors))
        .route("/_emulator/users", post(register))
        .route("/_emulator/users/{id}/handle", post(rename))
        .route("/_emulator/faults", post(fault))
        .route("/_emulator/show", get(show).post(start))
}

/// Everything that a rehearsal's closing table needs to know of X.
async fn state(State(emulator): State<Arc<Emulator>>) -> Json<Value> {
    let core = emulator.core();
    let world = &core.world;
    let streams = &core.streams;
    let connections: Vec<Value> = streams
        .connections()
        .map(|(id, c)| json!({"id": id, "stream": c.stream, "opened_at": moment(c.opened_ms), "lines": c.lines}))
        .collect();
    let house = world.house();
    let count = |wanted: fn(&Post) -> bool| world.in_order_of_arrival().filter(|p| wanted(p)).count();
    Json(json!({
        "show_starts_at": emulator.show.borrow().map(moment),
        "house": {"id": house.id, "handle": house.handle, "posts": house.posts},
        "users": world.users.all().count(),
        "posts": world.kept(),
        "posts_naming_house": world.in_order_of_arrival().filter(|p| p.names(house.id)).count(),
        "deleted": count(|p| p.deleted),
        "edited": count(|p| p.first != p.id),
        "withheld": world.withheld,
        "connections": connections,
        "delivered": {"activity": delivered(&streams.delivered, Stream::Activity),
                      "filtered": delivered(&streams.delivered, Stream::Filtered)},
        "missed": {"activity": delivered(&streams.missed, Stream::Activity),
                   "filtered": delivered(&streams.missed, Stream::Filtered)},
        "waiting": streams.waiting(),
        "dropped": streams.dropped,
        "disconnected_too_slow": streams.too_slow,
        "crowd": core.crowd.as_ref().map(|(tally, done)| json!({"done": done, "tally": tally})),
        "billed": core.meter.counts(),
        "billed_micros": core.meter.total_micros(),
    }))
}

fn delivered(counts: &std::collections::BTreeMap<Stream, u64>, stream: Stream) -> u64 {
    counts.get(&stream).copied().unwrap_or(0)
}

#[derive(Debug, Deserialize)]
struct Pages {
    after: Option<PostId>,
    limit: Option<usize>,
}

/// The kept posts by rising id, each with what X does not tell.
async fn posts(State(emulator): State<Arc<Emulator>>, Query(pages): Query<Pages>) -> Json<Value> {
    let core = emulator.core();
    let limit = pages.limit.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let mut all: Vec<&Post> =
        core.world.in_order_of_arrival().filter(|p| pages.after.is_none_or(|after| p.id > after)).collect();
    all.sort_by_key(|p| p.id);
    let shown: Vec<Value> = all.iter().take(limit).map(|p| told(&emulator, &core.world, p)).collect();
    let next = all.get(limit).and_then(|_| all.get(limit - 1)).map(|p| p.id);
    Json(json!({"data": shown, "next_after": next}))
}

fn told(emulator: &Emulator, world: &crate::world::World, post: &Post) -> Value {
    let start = *emulator.show.borrow();
    json!({
        "id": post.id,
        "first_id": post.first,
        "author": world.users.get(post.author).map(|u| u.handle.clone()),
        "author_id": post.author,
        "text": post.text,
        "made_at": moment(post.made_at_ms),
        "at": start.map(|start| post.made_at_ms - start),
        "references": post.references.iter()
            .map(|r| json!({"type": r.relation.word(), "id": r.id})).collect::<Vec<_>>(),
        "withheld": post.withheld,
        "deleted": post.deleted,
    })
}

/// Every account but the house, so that it can be registered as a bidder.
async fn authors(State(emulator): State<Arc<Emulator>>) -> Json<Value> {
    let core = emulator.core();
    let house = core.world.house().id;
    let authors: Vec<Value> =
        core.world.users.all().filter(|u| u.id != house).map(|u| json!({"id": u.id, "handle": u.handle})).collect();
    Json(json!({"data": authors}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    handle: String,
    id: Option<UserId>,
}

/// Adds a person to the crowd and tells the bearer token.
async fn register(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Response {
    let new: NewUser = match read(&body) {
        Ok(new) => new,
        Err(malformed) => return malformed.into_response(),
    };
    if !is_handle(&new.handle) {
        return bad_handle(&new.handle);
    }
    let id = new.id.unwrap_or_else(|| UserId(author_id(&new.handle)));
    match emulator.register(id, &new.handle) {
        Ok(()) => {
            let token = Credentials::crowd_token(&emulator.settings.credentials.crowd_secret, id);
            (StatusCode::CREATED, Json(json!({"id": id, "handle": new.handle, "token": token}))).into_response()
        }
        Err(unregistered) => unregistered_answer(&unregistered),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHandle {
    handle: String,
}

/// Gives an account a new handle, as its owner might.
async fn rename(State(emulator): State<Arc<Emulator>>, Path(id): Path<UserId>, body: Bytes) -> Response {
    let new: NewHandle = match read(&body) {
        Ok(new) => new,
        Err(malformed) => return malformed.into_response(),
    };
    if !is_handle(&new.handle) {
        return bad_handle(&new.handle);
    }
    let now_ms = emulator.clock.now_ms();
    let renamed = {
        let mut core = emulator.core();
        let renamed = core.world.rename(id, &new.handle, now_ms);
        renamed.map(|parcels| core.send(parcels))
    };
    emulator.wake();
    match renamed {
        Ok(()) => Json(json!({"id": id, "handle": new.handle})).into_response(),
        Err(unregistered) => unregistered_answer(&unregistered),
    }
}

fn bad_handle(handle: &str) -> Response {
    let detail = format!("{handle:?} is no handle");
    Refusal { code: "bad_handle", detail, remedy: "use 1 to 15 letters, digits or underscores" }.into_response()
}

fn unregistered_answer(unregistered: &Unregistered) -> Response {
    let (code, remedy) = match unregistered {
        Unregistered::HandleTaken(_) => ("handle_taken", "choose another handle, or rename its owner first"),
        Unregistered::Full => ("too_many_users", "start the stand-in anew"),
    };
    Refusal { code, detail: unregistered.to_string(), remedy }.into_response()
}

/// Sets a fault.
async fn fault(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Response {
    let fault: Fault = match read(&body) {
        Ok(fault) => fault,
        Err(malformed) => return malformed.into_response(),
    };
    let set = emulator.core().fault(&fault);
    match set {
        Ok(()) => {
            tracing::info!(fault = ?fault, "fault set");
            Json(json!({"set": fault})).into_response()
        }
        Err(unusable) => Refusal {
            code: "unusable_fault",
            detail: unusable.to_string(),
            remedy: "name an endpoint of docs/x-emulator.md, shares of 0 to 1000, times of 0 to 600000 ms",
        }
        .into_response(),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    starts_at: jiff::Timestamp,
}

/// When the show starts.
async fn show(State(emulator): State<Arc<Emulator>>) -> Json<Value> {
    let starts_at = emulator.show.borrow().map(moment);
    Json(json!({"starts_at": starts_at}))
}

/// Tells when the show starts; the crowd waits for it.
async fn start(State(emulator): State<Arc<Emulator>>, body: Bytes) -> Response {
    let show: Show = match read(&body) {
        Ok(show) => show,
        Err(malformed) => return malformed.into_response(),
    };
    let at_ms = show.starts_at.as_millisecond();
    emulator.show.send_replace(Some(at_ms));
    tracing::info!(starts_at = moment(at_ms), "the show's start is known");
    Json(json!({"starts_at": moment(at_ms)})).into_response()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    wire::json::read(body).map_err(|error| Refusal {
        code: "malformed_body",
        detail: error.to_string(),
        remedy: "send the JSON object that docs/x-emulator.md shows for this path",
    })
}

/// The control API's own error answer (RFC 9457).
struct Refusal {
    code: &'static str,
    detail: String,
    remedy: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank", "title": "Unprocessable Content", "status": 422, "code": self.code,
            "detail": self.detail, "remedy": self.remedy,
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (StatusCode::UNPROCESSABLE_ENTITY, kind, body.to_string()).into_response()
    }
}
