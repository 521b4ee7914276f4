//! X's errors in their three shapes (problem objects, partial `errors` beside data, the old `{errors:[{code,message}]}`),
//! read into one closed set of codes. Pure.

use auction_core::Timestamp;
use serde_json::Value;

/// What went wrong, as far as it makes a difference to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Too many calls; wait for the window's end.
    RateLimited,
    /// The month's cap or the account's credit is used up; waiting does not help.
    UsageCapped,
    /// The app may not use this endpoint.
    ClientForbidden,
    /// Wrong or missing credentials.
    Unauthorized,
    /// Allowed in general, not for this.
    Forbidden,
    NotFound,
    /// The app holds as many streams as it may.
    TooManyConnections,
    /// Another problem of a stream's connection.
    StreamConnection,
    /// X ended a stream for reasons of its own.
    OperationalDisconnect,
    /// A filtered stream was asked for without rules.
    NoRules,
    RuleCap,
    DuplicateRules,
    InvalidRules,
    InvalidRequest,
    /// The same text was posted before (187).
    DuplicateContent,
    /// X takes the call for that of a spam robot (226).
    Automated,
    /// X is ill (5xx).
    Server,
    /// No answer: the connection failed, perhaps after X had read the call.
    Network,
    /// There was no connection, so X has read nothing.
    Unreachable,
    /// No answer in time.
    Deadline,
    /// An answer that is not what the documents promise.
    Unreadable,
    /// Anything else.
    Other,
}

impl Code {
    /// The name in logs, metrics and stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::UsageCapped => "usage_capped",
            Self::ClientForbidden => "client_forbidden",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooManyConnections => "too_many_connections",
            Self::StreamConnection => "stream_connection",
            Self::OperationalDisconnect => "operational_disconnect",
            Self::NoRules => "no_rules",
            Self::RuleCap => "rule_cap",
            Self::DuplicateRules => "duplicate_rules",
            Self::InvalidRules => "invalid_rules",
            Self::InvalidRequest => "invalid_request",
            Self::DuplicateContent => "duplicate_content",
            Self::Automated => "automated",
            Self::Server => "server",
            Self::Network => "network",
            Self::Unreachable => "unreachable",
            Self::Deadline => "deadline",
            Self::Unreadable => "unreadable",
            Self::Other => "other",
        }
    }
}

/// One failure of a call or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("x answered {} (status {status}): {detail}", code.as_str())]
pub struct Problem {
    pub code: Code,
    /// 0 when there was no answer.
    pub status: u16,
    pub detail: String,
    /// The post or user that a partial error is about.
    pub resource: Option<String>,
    /// When the rate limit's window ends, if the answer said so.
    pub reset_at: Option<Timestamp>,
}

/// A detail longer than this says nothing more.
const DETAIL_LIMIT: usize = 300;

impl Problem {
    /// A failure without an answer from X, or one that we found ourselves.
    pub fn local(code: Code, detail: &str) -> Self {
        Self { code, status: 0, detail: clip(detail), resource: None, reset_at: None }
    }

    /// Reads the body of an answer that is not a success.
    pub fn of_answer(status: u16, body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self { code: of_status(status), status, detail: "no JSON".into(), resource: None, reset_at: None };
        };
        let first = value.get("errors").and_then(Value::as_array).and_then(|errors| errors.first());
        let top = Self::of_object(status, &value);
        match first.map(|object| Self::of_object(status, object)) {
            Some(inner) if top.code == of_status(status) || top.code == Code::InvalidRequest => inner,
            _ => top,
        }
    }

    /// Reads one problem object, or one of the old error objects.
    pub fn of_object(status: u16, object: &Value) -> Self {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = text("type").rsplit('/').next().unwrap_or_default();
        let said =
            [text("detail"), text("message"), text("title")].into_iter().find(|t| !t.is_empty()).unwrap_or_default();
        let status = object.get("status").and_then(Value::as_u64).and_then(|s| u16::try_from(s).ok()).unwrap_or(status);
        let code = of_type(kind, text("connection_issue"))
            .or_else(|| object.get("code").and_then(Value::as_u64).and_then(of_number))
            .or_else(|| of_words(said))
            .unwrap_or_else(|| of_status(status));
        let resource = ["resource_id", "value"].into_iter().map(text).find(|t| !t.is_empty()).map(str::to_owned);
        Self { code, status, detail: clip(said), resource, reset_at: None }
    }
}

/// The problems beside the data of a successful answer, or in a line of a stream.
pub fn partial_errors(value: &Value) -> Vec<Problem> {
    let errors = value.get("errors").and_then(Value::as_array);
    errors.into_iter().flatten().map(|object| Problem::of_object(200, object)).collect()
}

fn clip(text: &str) -> String {
    text.chars().take(DETAIL_LIMIT).collect()
}

fn of_type(kind: &str, connection_issue: &str) -> Option<Code> {
    Some(match kind {
        "rate-limit-exceeded" => Code::RateLimited,
        "usage-capped" | "credits-depleted" => Code::UsageCapped,
        "client-forbidden" | "unsupported-authentication" => Code::ClientForbidden,
        "resource-not-found" => Code::NotFound,
        "not-authorized-for-resource" | "not-authorized-for-field" | "disallowed-resource" => Code::Forbidden,
        "streaming-connection" if connection_issue == "TooManyConnections" => Code::TooManyConnections,
        "streaming-connection" => Code::StreamConnection,
        "operational-disconnect" => Code::OperationalDisconnect,
        "rule-cap" => Code::RuleCap,
        "duplicate-rules" => Code::DuplicateRules,
        "invalid-rules" => Code::InvalidRules,
        "invalid-request" => Code::InvalidRequest,
        "internal-error" | "field-hydration-failure" | "resource-unavailable" => Code::Server,
        _ => return None,
    })
}

/// The old numbers of X's API v1.1 that v2 still answers with.
fn of_number(number: u64) -> Option<Code> {
    Some(match number {
        88 => Code::RateLimited,
        32 | 89 | 99 | 135 | 215 => Code::Unauthorized,
        34 | 50 | 144 => Code::NotFound,
        187 => Code::DuplicateContent,
        226 => Code::Automated,
        130 | 131 => Code::Server,
        63 | 64 | 87 | 179 | 326 | 385 | 433 => Code::Forbidden,
        _ => return None,
    })
}

/// Problems of v2 that have no type of their own (`about:blank`).
fn of_words(said: &str) -> Option<Code> {
    let said = said.to_ascii_lowercase();
    if said.contains("duplicate content") || said.contains("status is a duplicate") {
        Some(Code::DuplicateContent)
    } else if said.contains("looks like it might be automated") {
        Some(Code::Automated)
    } else {
        None
    }
}

fn of_status(status: u16) -> Code {
    match status {
        400 => Code::InvalidRequest,
        401 => Code::Unauthorized,
        402 => Code::UsageCapped,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 => Code::NoRules,
        429 => Code::RateLimited,
        500..=599 => Code::Server,
        _ => Code::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> Code {
        Problem::of_answer(status, body.as_bytes()).code
    }

    #[test]
    fn problem_objects_are_known_by_their_type() {
        let too_many = r#"{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed connection limit.","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}"#;
        assert_eq!(code(429, too_many), Code::TooManyConnections);
        assert_eq!(
            code(429, r#"{"type":"https://api.x.com/2/problems/usage-capped","title":"UsageCapExceeded"}"#),
            Code::UsageCapped
        );
        assert_eq!(
            code(403, r#"{"type":"https://api.twitter.com/2/problems/client-forbidden","status":403}"#),
            Code::ClientForbidden
        );
    }

    #[test]
    fn old_errors_are_known_by_their_number() {
        assert_eq!(code(429, r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#), Code::RateLimited);
        assert_eq!(
            code(403, r#"{"errors":[{"code":187,"message":"Status is a duplicate."}]}"#),
            Code::DuplicateContent
        );
        assert_eq!(
            code(403, r#"{"errors":[{"code":226,"message":"This request looks like it might be automated."}]}"#),
            Code::Automated
        );
    }

    #[test]
    fn a_duplicate_without_a_type_is_known_by_its_words() {
        let body = r#"{"detail":"You are not allowed to create a Tweet with duplicate content.","type":"about:blank","title":"Forbidden","status":403}"#;
        assert_eq!(code(403, body), Code::DuplicateContent);
    }

    #[test]
    fn the_status_decides_about_what_says_nothing_else() {
        assert_eq!(code(503, "<html>over capacity</html>"), Code::Server);
        assert_eq!(code(429, ""), Code::RateLimited);
        assert_eq!(code(409, "{}"), Code::NoRules);
        assert_eq!(code(418, "[]"), Code::Other);
    }

    #[test]
    fn a_partial_error_names_its_resource() {
        let body: Value = serde_json::from_str(r#"{"data":[{"id":"1"}],"errors":[{"resource_id":"456","resource_type":"tweet","title":"Not Found Error","detail":"Could not find tweet with id: [456].","type":"https://api.x.com/2/problems/resource-not-found"}]}"#).unwrap();
        let errors = partial_errors(&body);
        assert_eq!((errors.len(), errors[0].code, errors[0].resource.as_deref()), (1, Code::NotFound, Some("456")));
    }
}
