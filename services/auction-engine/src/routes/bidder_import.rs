//! `POST /v1/bidders/import`: many bidders at once, as JSON lines or CSV. All lines are taken or none.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use wire::Problem;
use wire::rest::ImportReport;

use super::{Api, Fault, bidder, body, problems};
use crate::{auth, roster};

/// Twenty thousand lines of 200 bytes, with room.
pub(super) const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Imports bidders. CSV has the columns `x_id,handle,paddle,limit_wei,status,subject` under a header line.
#[utoipa::path(post, path = "/v1/bidders/import", tag = "bidders", security(("bearer" = [])),
    request_body(content(("application/x-ndjson"), ("text/csv"))),
    responses(
        (status = 200, description = "All lines were taken", body = ImportReport),
        problems::Token,
        problems::Json,
        (status = 409, description = "A paddle or subject is another bidder’s", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "Each wrong line is named in errors", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn import(
    State(api): State<Api>,
    _clerk: auth::Clerk,
    request: Request,
) -> Result<Json<ImportReport>, Fault> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let format = match kind.as_str() {
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => roster::Format::JsonLines,
        "text/csv" => roster::Format::Csv,
        other => {
            let detail = format!("an import cannot be \"{}\"", other.chars().take(80).collect::<String>());
            return Err(Problem::new(415, "ImportFormat", detail, "send application/x-ndjson or text/csv").into());
        }
    };
    let bytes = body::raw(request, &api).await?;
    let lines = roster::read(format, &bytes).map_err(|faults| {
        let detail = format!("{} lines are wrong; nothing was imported", faults.len());
        Fault::from(
            Problem::new(422, "ImportInvalid", detail, "correct each line listed in errors").with_errors(faults),
        )
    })?;
    let changes = roster::changes(lines)?;
    let bidders = store::bidder::change(&api.pool, &changes).await.map_err(bidder::not_put)?;
    api.engine.note_bidders();
    Ok(Json(ImportReport { imported: bidders.len() as u64 }))
}
