//! `GET /v1/status`: how far the compositor is.

use axum::Json;
use axum::extract::State;
use wire::compositor::CompositorStatus;

use super::Api;

/// Shows program, epoch and every output.
#[utoipa::path(get, path = "/v1/status", tag = "operation",
    responses((status = 200, description = "What the compositor does now", body = CompositorStatus)))]
pub(super) async fn show(State(api): State<Api>) -> Json<CompositorStatus> {
    Json(api.director.status())
}
