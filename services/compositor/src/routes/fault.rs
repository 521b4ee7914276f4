//! Errors as problem details (RFC 9457).

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use wire::Problem;
use wire::problem::PROBLEM_JSON;

/// An error answer.
#[derive(Debug)]
pub(crate) struct Fault(Box<Problem>);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).expect("problems are made with real statuses");
        let body = serde_json::to_vec(&self.0).expect("plain data always encodes");
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
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
