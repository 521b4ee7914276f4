//! `PUT /v1/spec`: what is composed, where it goes, and whether it may be published.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use wire::Problem;
use wire::compositor::{CompositorAnswer, CompositorSpec};
use wire::json::BadJson;
use wire::problem;

use super::owner::Owner;
use super::{Api, Fault};
use crate::director::NotDone;
use crate::program::{self, Places};

/// Replaces what runs. Outputs that stay as they are go on untouched.
#[utoipa::path(put, path = "/v1/spec", tag = "operation", security(("bearer" = [])), request_body = CompositorSpec,
    responses(
        (status = 200, description = "The spec is in force", body = CompositorAnswer),
        (status = 400, description = "No JSON", content_type = "application/problem+json", body = Problem),
        (status = 401, description = "No token, or one that is not believed", content_type = "application/problem+json", body = Problem),
        (status = 403, description = "Not the owner", content_type = "application/problem+json", body = Problem),
        (status = 409, description = "An older generation or epoch, or a picture that is frozen on air", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "Fields that cannot be used; nothing was changed", content_type = "application/problem+json", body = Problem),
        (status = 503, description = "The compositor is stopping", content_type = "application/problem+json", body = Problem),
    ))]
pub(super) async fn put(State(api): State<Api>, _owner: Owner, body: Bytes) -> Result<Json<CompositorAnswer>, Fault> {
    let spec: CompositorSpec = wire::json::read(&body).map_err(unreadable)?;
    let places = Places { stream_keys: &api.stream_keys, recordings: api.recordings.as_deref() };
    let program = program::read(&spec, places).map_err(invalid)?;
    api.director.direct(program).map_err(not_done)?;
    Ok(Json(CompositorAnswer { generation: spec.generation }))
}

fn unreadable(bad: BadJson) -> Fault {
    match bad {
        BadJson::Malformed(detail) => Problem::new(400, "MalformedJson", detail, "send one JSON object").into(),
        BadJson::Wrong { at, problem } => {
            let remedy = "correct the field that is named; unknown fields are not allowed";
            invalid(vec![problem::Fault { at, code: "InvalidField".into(), detail: problem, remedy: remedy.into() }])
        }
    }
}

fn invalid(faults: Vec<problem::Fault>) -> Fault {
    let detail = format!("{} fields are wrong; nothing was changed", faults.len());
    Problem::new(422, "SpecInvalid", detail, "correct each field listed in errors").with_errors(faults).into()
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn not_done(why: NotDone) -> Fault {
    let (status, code, remedy) = match &why {
        NotDone::GenerationStale { .. } => (409, "GenerationStale", "send the newest spec"),
        NotDone::Draining => (503, "Draining", "send it to the next compositor"),
        NotDone::Refused(refused) => (409, refused.code(), refused.remedy()),
    };
    Problem::new(status, code, why.to_string(), remedy).into()
}
