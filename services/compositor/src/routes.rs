//! The control API under `/v1`: one file an endpoint. Errors are problem details.

mod fault;
mod openapi;
mod owner;
mod spec;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use bootstrap::auth::Verifier;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use fault::Fault;
pub use openapi::document as openapi_document;

use crate::director::Director;

/// A Stream's manifest is a few kilobytes.
const BODY_LIMIT: usize = 256 * 1024;

/// What every route is given. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    director: Arc<Director>,
    verifier: Verifier,
    stream_keys: Arc<PathBuf>,
    recordings: Arc<Option<PathBuf>>,
}

impl Api {
    pub(crate) fn new(
        director: Arc<Director>,
        verifier: Verifier,
        stream_keys: PathBuf,
        recordings: Option<PathBuf>,
    ) -> Self {
        Self { director, verifier, stream_keys: Arc::new(stream_keys), recordings: Arc::new(recordings) }
    }
}

/// All endpoints with their descriptions.
fn endpoints() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(spec::put))
        .routes(routes!(status::show))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// The routes and their description.
pub(crate) fn router(api: Api) -> Router {
    let (routes, _description) = endpoints().split_for_parts();
    routes
        .route("/v1/openapi.json", get(openapi::show))
        .fallback(fault::unknown)
        .method_not_allowed_fallback(fault::wrong_method)
        .with_state(api)
}
