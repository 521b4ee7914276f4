//! Errors as problem details (RFC 9457). A failure of ours is logged here, once; its cause is not told to strangers.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use wire::Problem;
use wire::problem::PROBLEM_JSON;

use crate::answer::{self, KeyReused};
use crate::engine::SubmitError;

/// When to come back after the database failed.
const DATABASE_RETRY_AFTER: Duration = Duration::from_secs(1);

/// An error answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) problem: Box<Problem>,
    retry_after: Option<Duration>,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None }
    }
}

impl Fault {
    /// A problem that passes with time.
    pub(crate) fn busy(problem: Problem, retry_after: Duration) -> Self {
        Self { problem: Box::new(problem), retry_after: Some(retry_after) }
    }

    /// The database could not be read or written.
    #[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
    pub(crate) fn database(error: store::Error) -> Self {
        // Not an error of the log: strangers can ask as often as they like, and errors are never held back.
        tracing::warn!(error = %bootstrap::chain(&error), "a request failed at the database");
        let problem = Problem::new(503, "DatabaseUnavailable", "the database cannot be asked now", "try again");
        Self::busy(problem, DATABASE_RETRY_AFTER)
    }

    /// The engine did not take a command, or does not know what became of it.
    pub(crate) fn not_taken(error: &SubmitError) -> Self {
        let why = answer::why_not(error);
        let retry_after = Duration::from_millis(why.retry_after_ms.unwrap_or_default());
        Self::busy(Problem::new(503, &why.code, why.message, why.remedy), retry_after)
    }

    /// Something that is not there.
    pub(crate) fn not_found(code: &str, detail: impl Into<String>, remedy: &str) -> Self {
        Problem::new(404, code, detail, remedy).into()
    }
}

impl From<KeyReused> for Fault {
    fn from(reused: KeyReused) -> Self {
        Problem::new(422, KeyReused::CODE, reused.to_string(), KeyReused::REMEDY).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let Self { problem, retry_after } = self;
        let status = StatusCode::from_u16(problem.status).expect("problems are made with real statuses");
        let body = serde_json::to_vec(&problem).expect("plain data always encodes");
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if let Some(after) = retry_after {
            // Whole seconds, rounded up: a client that comes too early only meets the same answer.
            let seconds = after.as_millis().div_ceil(1000).max(1);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_str(&seconds.to_string()).expect("digits"));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
