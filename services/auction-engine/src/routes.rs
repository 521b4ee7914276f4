//! The worker's REST API under `/v1`: one file an endpoint. Errors are problem details; what a route may be sent and how
//! long it may take is bounded here.

mod auction;
mod auctions;
mod bid;
mod bidder;
mod bidder_import;
mod bidders;
mod body;
mod command;
mod fault;
mod forward;
mod history;
mod lot;
mod lot_receipt;
mod openapi;
mod problems;
mod receipt;
mod receipt_keys;
mod spec;
mod status;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use store::PgPool;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::Problem;

pub(crate) use fault::Fault;
pub use openapi::document as openapi_document;

use crate::engine::EngineHandle;
use crate::ws::Hub;

/// Bodies of ordinary requests: a command is below 1 KB.
const BODY_LIMIT: usize = 16 * 1024;

/// How long a request may take in all; a bid's answer comes within a commit.
const REQUEST_DEADLINE: Duration = Duration::from_secs(15);

/// What every route is given. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// The parts that routes are made from.
pub struct Parts {
    pub(crate) engine: EngineHandle,
    pub(crate) hub: Hub,
    pub(crate) pool: PgPool,
    /// Connections for what strangers may read.
    pub(crate) public: PgPool,
    pub(crate) verifier: Verifier,
    pub(crate) clock: Clock,
    pub(crate) spec: Mutex<spec::Desired>,
    pub(crate) forwarder: forward::Forwarder,
}

impl Deref for Api {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Api {
    pub(crate) fn new(
        engine: EngineHandle,
        hub: Hub,
        (pool, public): (PgPool, PgPool),
        verifier: Verifier,
        clock: Clock,
    ) -> Self {
        let forwarder = forward::Forwarder::new(public.clone());
        Self(Arc::new(Parts { engine, hub, pool, public, verifier, clock, spec: Mutex::default(), forwarder }))
    }

    pub(crate) fn now(&self) -> auction_core::Timestamp {
        auction_core::Timestamp(self.clock.now_ms())
    }
}

/// All endpoints with their descriptions.
fn endpoints() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(auctions::list))
        .routes(routes!(auction::show))
        .routes(routes!(lot::show))
        .routes(routes!(history::list))
        .routes(routes!(bid::place))
        .routes(routes!(command::give))
        .routes(routes!(lot_receipt::show))
        .routes(routes!(receipt::show))
        .routes(routes!(receipt_keys::list))
        .routes(routes!(bidders::list))
        .routes(routes!(bidder::show, bidder::put))
        .routes(routes!(status::show))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(bidder_import::import))
                .layer(DefaultBodyLimit::max(bidder_import::BODY_LIMIT)),
        )
        .merge(OpenApiRouter::new().routes(routes!(spec::put)).layer(DefaultBodyLimit::max(spec::BODY_LIMIT)))
}

/// The API port: REST, its description, and the WebSocket.
pub fn router(api: Api) -> Router {
    let (rest, _description) = endpoints().split_for_parts();
    // One stack, for every layer that is added alone boxes each request once more.
    let around = ServiceBuilder::new()
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(api.clone(), in_time));
    rest.layer(around)
        .route("/v1/ws", get(crate::ws::upgrade))
        .route("/v1/openapi.json", get(openapi::show))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(api)
}

/// The WebSocket port.
pub fn socket_router(api: Api) -> Router {
    Router::new()
        .route("/", get(crate::ws::upgrade))
        .route("/v1/ws", get(crate::ws::upgrade))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(api)
}

/// Answers here or by the shard's holder, and gives a request up that takes too long.
async fn in_time(api: State<Api>, request: Request, next: Next) -> Response {
    let late = |_| {
        let remedy = "ask again; a command's key gets the first decision";
        Fault::from(Problem::new(504, "DeadlinePassed", "no answer came in time", remedy)).into_response()
    };
    tokio::time::timeout(REQUEST_DEADLINE, forward::to_holder(api, request, next)).await.unwrap_or_else(late)
}

async fn unknown() -> Fault {
    Fault::not_found("UnknownRoute", "there is nothing at this path", "see /v1/openapi.json for what there is")
}

async fn wrong_method() -> Fault {
    let remedy = "see /v1/openapi.json for the path's methods";
    Problem::new(405, "MethodNotAllowed", "this path does not take that method", remedy).into()
}

/// A bug of ours must not take the worker down, nor tell a stranger about itself.
fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    Fault::from(Problem::new(500, "Bug", "the request met a bug", "report it with the time and the request"))
        .into_response()
}
