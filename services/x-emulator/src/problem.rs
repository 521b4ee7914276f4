//! X's error answers, word for word where X's documentation or a recorded answer gives the words. Everything that a
//! client can get besides a success is built here and nowhere else.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The root of X's problem types.
const TYPES: &str = "https://api.x.com/2/problems";

/// An error answer in X's form.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON body.
    pub body: Value,
}

/// One parameter that X would not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadParameter {
    /// The parameter's name, such as `max_results`.
    pub name: String,
    /// The value that came.
    pub value: String,
    /// X's sentence about it.
    pub message: String,
}

impl BadParameter {
    /// Names a parameter, its value and what is wrong with it.
    pub fn new(name: &str, value: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), message: message.into() }
    }
}

/// What X says when a stream cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionIssue {
    /// The stream's connections are all in use.
    TooManyConnections,
    /// The filtered stream has no rule yet.
    RuleConfiguration,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: &str) -> Self {
        let kind = if kind == "about:blank" { kind.to_owned() } else { format!("{TYPES}/{kind}") };
        Self { status, body: json!({"title": title, "detail": detail, "type": kind, "status": status.as_u16()}) }
    }

    /// 401: no credentials, or wrong ones.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "about:blank", "Unauthorized", "Unauthorized")
    }

    /// 403: right credentials of the wrong sort for this endpoint.
    pub fn unsupported_authentication(given: &str, supported: &[&str]) -> Self {
        let detail = format!(
            "Authenticating with {given} is forbidden for this endpoint.  Supported authentication types are [{}].",
            supported.join(", ")
        );
        Self::new(StatusCode::FORBIDDEN, "unsupported-authentication", "Unsupported Authentication", &detail)
    }

    /// 403 with X's sentence.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "about:blank", "Forbidden", detail)
    }

    /// 403 for a text that the account has just posted (code 187 of the older API).
    pub fn duplicate_post() -> Self {
        Self::forbidden("You are not allowed to create a Tweet with duplicate content.")
    }

    /// 403 for a reply to somebody who has not called the automated account.
    pub fn not_summoned() -> Self {
        Self::forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by \
             the author of the post you are replying to.",
        )
    }

    /// 400 with one entry for each bad parameter.
    pub fn invalid_request(bad: &[BadParameter]) -> Self {
        let errors: Vec<Value> =
            bad.iter().map(|b| json!({"parameters": {b.name.as_str(): [b.value]}, "message": b.message})).collect();
        let body = json!({
            "errors": errors,
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": format!("{TYPES}/invalid-request"),
        });
        Self { status: StatusCode::BAD_REQUEST, body }
    }

    /// 404 for a path that X does not have.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "about:blank", "Not Found", "Not Found")
    }

    /// 405 for a path that X has, asked in another way.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "about:blank", "Method Not Allowed", "Method Not Allowed")
    }

    /// 413 for a body that is larger than anything that X takes.
    pub fn content_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "about:blank", "Content Too Large", "Content Too Large")
    }

    /// 409 for what exists already.
    pub fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "about:blank", "Conflict", detail)
    }

    /// 415 for a body that is not JSON.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "about:blank",
            "Unsupported Media Type",
            "The request body must be application/json.",
        )
    }

    /// 429 when a window is spent.
    pub fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "about:blank", "Too Many Requests", "Too Many Requests")
    }

    /// 429 in the form that X's documentation shows and the older API answers.
    pub fn rate_limit_exceeded() -> Self {
        let body = json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]});
        Self { status: StatusCode::TOO_MANY_REQUESTS, body }
    }

    /// 429 when the project has read its monthly share of posts.
    pub fn usage_capped() -> Self {
        let detail = "Usage cap exceeded: Monthly product cap";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "usage-capped", "UsageCapExceeded", detail);
        problem.body["period"] = json!("Monthly");
        problem.body["scope"] = json!("Product");
        problem
    }

    /// 503, as under load or maintenance.
    pub fn unavailable() -> Self {
        let detail = "Service Unavailable";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "about:blank", "Service Unavailable", detail)
    }

    /// 429 or 409 for a stream that cannot be opened.
    pub fn connection(issue: ConnectionIssue) -> Self {
        let (status, name, detail) = match issue {
            ConnectionIssue::TooManyConnections => (
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyConnections",
                "This stream is currently at the maximum allowed connection limit.",
            ),
            ConnectionIssue::RuleConfiguration => (
                StatusCode::CONFLICT,
                "RuleConfigurationIssue",
                "You must define rules using the POST /2/tweets/search/stream/rules endpoint before connecting to \
                 filtered stream.",
            ),
        };
        let body = json!({
            "title": "ConnectionException",
            "detail": detail,
            "connection_issue": name,
            "type": format!("{TYPES}/streaming-connection"),
        });
        Self { status, body }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, HeaderMap::new(), Json(self.body)).into_response()
    }
}

/// An entry of `errors` beside data: a thing that was asked for and is not there.
pub fn not_found(resource: &str, parameter: &str, value: &str) -> Value {
    json!({
        "value": value,
        "detail": format!("Could not find {resource} with {parameter}: [{value}]."),
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": format!("{TYPES}/resource-not-found"),
    })
}

/// An entry of `errors` beside data: a field or thing that X failed to fill in this time.
pub fn hydration_failure(resource: &str, id: &str) -> Value {
    json!({
        "title": "Internal Error",
        "detail": format!("Could not hydrate {resource} with id: [{id}]."),
        "type": format!("{TYPES}/internal-error"),
    })
}

/// An entry of `errors` of the rules endpoint: the rule exists already.
pub fn duplicate_rule(value: &str, id: &str) -> Value {
    json!({"value": value, "id": id, "title": "DuplicateRule", "type": format!("{TYPES}/duplicate-rules")})
}

/// An entry of `errors` of the rules endpoint: the rule cannot be read.
pub fn invalid_rule(value: &str, details: &[String]) -> Value {
    json!({"value": value, "details": details, "title": "UnprocessableEntity", "type": format!("{TYPES}/invalid-rules")})
}

/// An entry of `errors` of the rules endpoint: no more rules fit.
pub fn rule_cap(value: &str, most: usize) -> Value {
    json!({
        "value": value,
        "detail": format!("Rule count would exceed the maximum of {most}."),
        "title": "RulesCapExceeded",
        "type": format!("{TYPES}/rule-cap"),
    })
}

/// The last line of a stream that X closes for its own reasons.
pub fn operational_disconnect() -> Value {
    json!({"errors": [{
        "title": "operational-disconnect",
        "disconnect_type": "UpstreamOperationalDisconnect",
        "detail": "This stream has been disconnected upstream for operational reasons.",
        "type": format!("{TYPES}/operational-disconnect"),
    }]})
}

/// The last line of a stream whose client did not keep up.
pub fn full_buffer() -> Value {
    json!({"errors": [{
        "title": "operational-disconnect",
        "disconnect_type": "FullBuffer",
        "detail": "This stream has been disconnected because the client is not consuming it fast enough.",
        "type": format!("{TYPES}/operational-disconnect"),
    }]})
}
