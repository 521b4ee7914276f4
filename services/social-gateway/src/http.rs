//! The gateway's own API: what its sources, its audit and its spending are doing. Reads only: nothing here changes
//! anything or can post, so nobody is asked who they are; the port is for the house's own network.

mod fault;
mod openapi;
mod replies;
mod spend;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use auction_core::Timestamp;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use store::PgPool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::document as openapi_document;

use crate::board::Board;
use crate::ingest::House;
use crate::ledger::Ledger;
use crate::x::Client;

/// The slowest answer is one short statement.
const REQUEST_DEADLINE: Duration = Duration::from_secs(15);

/// What the routes read.
#[derive(Clone)]
pub struct Api {
    pub house: House,
    pub board: Board,
    pub ledger: Ledger,
    pub client: Arc<Client>,
    pub pool: PgPool,
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
