//! X's endpoints over HTTP. One file an endpoint group; each handler reads the request, decides inside the core's lock
//! and answers. What X does not have is X's 404.

mod activity;
mod ask;
mod connections;
mod posts;
mod rules;
mod search;
mod timeline;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};

use ask::Parameters;

use crate::emulator::Emulator;
use crate::problem::Problem;

/// The largest body that is read; X's largest here are a thousand rules.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// The endpoints of X and the control API.
pub fn router(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/2/activity/stream", get(activity::stream))
        .route("/2/activity/subscriptions", get(activity::list).post(activity::create))
        .route("/2/activity/subscriptions/{id}", delete(activity::delete))
        .route("/2/tweets/search/stream", get(rules::stream))
        .route("/2/tweets/search/stream/rules", get(rules::list).post(rules::change))
        .route("/2/tweets/search/recent", get(search::recent))
        .route("/2/users/me", get(users::me))
        .route("/2/users/{id}", get(users::by_id))
        .route("/2/users/by/username/{username}", get(users::by_name))
        .route("/2/users/{id}/mentions", get(timeline::mentions))
        .route("/2/users/{id}/retweets", post(posts::repost))
        .route("/2/tweets", get(posts::lookup).post(posts::create))
        .route("/2/tweets/{id}", get(posts::by_id).delete(posts::delete))
        .route("/2/usage/tweets", get(connections::usage))
        .route("/2/connections/all", delete(connections::delete_all))
        .merge(crate::control::router())
        .fallback(no_such_path)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(map_response(in_xs_form))
        .with_state(emulator)
}

/// What the HTTP library answers by itself gets X's form too.
async fn in_xs_form(response: Response) -> Response {
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::content_too_large().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::method_not_allowed().into_response(),
        _ => response,
    }
}

async fn no_such_path() -> Response {
    Problem::no_such_path().into_response()
}
