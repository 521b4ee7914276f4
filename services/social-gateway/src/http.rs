//! The gateway's own API: what its sources, its audit and its spending are doing. Reads only: nothing here changes
//! anything or can post. What names people or money is for the house's own roles. Serves from the first moment, also
//! while X has not said who we are.

mod fault;
mod house;
mod openapi;
mod replies;
mod spend;
mod status;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auction_core::{Handle, Timestamp};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use bootstrap::auth::Verifier;
use store::PgPool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::document as openapi_document;

use crate::board::Board;
use crate::ledger::Ledger;
use crate::x::Client;

/// The slowest answer is one short statement.
const REQUEST_DEADLINE: Duration = Duration::from_secs(15);

/// What the routes read.
#[derive(Clone)]
pub struct Api {
    pub handle: Handle,
    pub board: Board,
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub verifier: Verifier,
    /// Set once the gateway runs.
    pub running: Arc<OnceLock<Running>>,
}

/// What is known once X has said who we are.
#[derive(Debug, Clone)]
pub struct Running {
    /// The house's account on X.
    pub user_id: u64,
    pub ledger: Ledger,
}

/// All endpoints with their descriptions.
fn endpoints() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(status::show)).routes(routes!(spend::show)).routes(routes!(replies::list))
}

/// The routes and their description.
pub fn router(api: Api) -> Router {
    let (routes, _description) = endpoints().split_for_parts();
    routes
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, REQUEST_DEADLINE))
        .route("/v1/openapi.json", get(openapi::show))
        .fallback(fault::unknown)
        .method_not_allowed_fallback(fault::wrong_method)
        .layer(CatchPanicLayer::custom(fault::panicked))
        .with_state(api)
}

/// RFC 3339 in UTC with milliseconds.
fn time(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|at| format!("{at:.3}"))
}
