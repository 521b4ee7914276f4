//! Problem details (RFC 9457): every error of a REST endpoint, with a stable code and a remedy.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error answer. `code` is stable and made for programs; `detail` and `remedy` are sentences for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:sothebais:problem:{code}`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every occurrence of `code`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// Stable, in Pascal case, such as `BelowIncrement`.
    pub code: String,
    /// What to do about it.
    pub remedy: String,
    /// The thing in question: a path, or a JSON pointer into the request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Each wrong place, when there are several (a manifest's fields, a file's lines).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// One wrong place of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer (`/auctions/0/spec/lots/1/startingPrice`) or `line 12`.
    pub at: String,
    pub code: String,
    pub detail: String,
    pub remedy: String,
}

impl Problem {
    /// A problem of this code; its title is the code in words.
    pub fn new(status: u16, code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sothebais:problem:{code}"),
            title: title(code),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            remedy: remedy.into(),
            instance: None,
            errors: Vec::new(),
        }
    }

    /// Names the thing in question.
    #[must_use]
    pub fn about(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Lists the wrong places.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }
}

/// `BelowIncrement` becomes `Below increment`.
fn title(code: &str) -> String {
    let mut title = String::with_capacity(code.len() + 4);
    for (index, c) in code.chars().enumerate() {
        if index > 0 && c.is_ascii_uppercase() {
            title.push(' ');
            title.push(c.to_ascii_lowercase());
        } else {
            title.push(c);
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_ours() {
        let problem =
            Problem::new(409, "BelowIncrement", "the next bid is 1.6 ETH", "bid 1.6 ETH or more").about("/v1/x");
        let expected = serde_json::json!({
            "type": "urn:sothebais:problem:BelowIncrement", "title": "Below increment", "status": 409,
            "detail": "the next bid is 1.6 ETH", "code": "BelowIncrement", "remedy": "bid 1.6 ETH or more", "instance": "/v1/x",
        });
        assert_eq!(serde_json::to_value(&problem).unwrap(), expected);
    }
}
