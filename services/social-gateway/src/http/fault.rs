//! Errors as problem details (RFC 9457). A failure of ours is logged here, once; its cause is not told to strangers.

use std::any::Any;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::problem::{PROBLEM_JSON, Problem};

/// Seconds until the database may be asked again.
const DATABASE_RETRY_AFTER: u32 = 2;
/// Seconds until X may have been asked again.
const START_RETRY_AFTER: u32 = 5;

/// An error answer.
#[derive(Debug)]
pub(super) struct Fault {
    problem: Box<Problem>,
    retry_after: Option<u32>,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None }
    }
}

impl Fault {
    /// The database does not answer.
    pub(super) fn database(error: &store::Error) -> Self {
        tracing::warn!(error = %bootstrap::chain(error), "a request failed at the database");
        let remedy = "try again in a few seconds";
        let problem = Problem::new(503, "DatabaseUnavailable", "the database does not answer", remedy);
        Self::later(problem, DATABASE_RETRY_AFTER)
    }

    /// The gateway has not started: X has not said who we are, or the database does not answer.
    pub(super) fn starting() -> Self {
        let remedy = "see account.problem in /v1/status, and try again";
        let problem = Problem::new(503, "Starting", "the gateway waits for X or the database before it starts", remedy);
        Self::later(problem, START_RETRY_AFTER)
    }

    /// What may go well after some seconds.
    pub(super) fn later(problem: Problem, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::from(problem) }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).expect("problems are made with real statuses");
        let mut response = (status, Json(self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub(super) async fn unknown() -> Fault {
    let remedy = "see /v1/openapi.json for what there is";
    Problem::new(404, "UnknownRoute", "there is nothing at this path", remedy).into()
}

pub(super) async fn wrong_method() -> Fault {
    let remedy = "see /v1/openapi.json for the path's methods";
    Problem::new(405, "MethodNotAllowed", "this path does not take that method", remedy).into()
}

/// A bug of ours must not take the gateway down, nor tell a stranger about itself.
pub(super) fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    let remedy = "report it with the time and the request";
    Fault::from(Problem::new(500, "Bug", "the request met a bug", remedy)).into_response()
}
