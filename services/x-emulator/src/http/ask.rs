//! Reads requests: what every endpoint needs of one, its parameters with X's complaints, JSON bodies.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::auth::decode_form;
use crate::emulator::Ask;
use crate::id::{PostId, UserId};
use crate::problem::{BadParameter, Problem};
use crate::view::Wanted;

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let host = text(header::HOST.as_str()).or_else(|| parts.uri.authority().map(ToString::to_string));
        let scheme = text("x-forwarded-proto").unwrap_or_else(|| "http".to_owned());
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            method: parts.method.to_string(),
            base_url: format!("{scheme}://{}{}", host.unwrap_or_default(), parts.uri.path()),
            query: pairs(&raw_query),
            raw_query,
            authorization: text(header::AUTHORIZATION.as_str()),
            recorded: text("x-emulator-as"),
        })
    }
}

fn pairs(raw: &str) -> Vec<(String, String)> {
    let parts = raw.split('&').filter(|p| !p.is_empty());
    parts.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(n, v)| (decode_form(n), decode_form(v))).collect()
}

/// The parameters of a query, read one by one; complaints gather until [`Self::finish`].
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    query: &'a [(String, String)],
    known: Vec<&'static str>,
    bad: Vec<BadParameter>,
}

impl<'a> Parameters<'a> {
    /// Begins to read a query.
    pub(super) fn new(ask: &'a Ask) -> Self {
        Self { query: &ask.query, known: Vec::new(), bad: Vec::new() }
    }

    /// A parameter as it came.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A number of a closed range.
    pub(super) fn number(&mut self, name: &'static str, range: std::ops::RangeInclusive<usize>) -> Option<usize> {
        let value = self.text(name)?;
        let number = value.parse().ok().filter(|n| range.contains(n));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let message = format!("The `{name}` query parameter value [{value}] is not between {least} and {most}");
            self.bad.push(BadParameter::new(name, value, message));
        }
        number
    }

    /// A post's id.
    pub(super) fn post(&mut self, name: &'static str) -> Option<PostId> {
        let value = self.text(name)?;
        let id = value.parse().ok();
        if id.is_none() {
            self.complain(name, value, &not_an_id(name, value));
        }
        id
    }

    /// An RFC 3339 time in milliseconds since the Unix epoch.
    pub(super) fn time(&mut self, name: &'static str) -> Option<i64> {
        let value = self.text(name)?;
        let at = value.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
        if at.is_none() {
            let message = format!("The `{name}` query parameter value [{value}] is not a valid RFC 3339 timestamp");
            self.complain(name, value, &message);
        }
        at
    }

    /// Adds a complaint.
    pub(super) fn complain(&mut self, name: &str, value: &str, message: &str) {
        self.bad.push(BadParameter::new(name, value, message));
    }

    /// The fields and expansions.
    pub(super) fn wanted(&mut self) -> Wanted {
        Wanted::of_query(self.query).unwrap_or_else(|bad| {
            self.bad.extend(bad);
            Wanted::default()
        })
    }

    /// Complains about parameters that nobody read, then about everything that was bad.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        for (name, value) in self.query {
            if !self.known.contains(&name.as_str()) && !Wanted::reads(name) {
                let message = format!("The query parameter [{name}] is not one of [{}]", self.known.join(","));
                self.bad.push(BadParameter::new(name, value, message));
            }
        }
        if self.bad.is_empty() { Ok(()) } else { Err(Problem::invalid_request(&self.bad)) }
    }
}

/// A user's id out of a path.
pub(super) fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| Problem::invalid_request(&[BadParameter::new("id", text, not_an_id("id", text))]))
}

/// A post's id out of a path.
pub(super) fn post_id(text: &str) -> Result<PostId, Problem> {
    text.parse().map_err(|_| Problem::invalid_request(&[BadParameter::new("id", text, not_an_id("id", text))]))
}

fn not_an_id(name: &str, value: &str) -> String {
    format!("The `{name}` query parameter value [{value}] is not valid: it must match ^[0-9]{{1,19}}$")
}

/// Reads a JSON body. X wants `application/json` and tells where a body is wrong.
pub(super) fn json_body<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let other = !kind.is_empty() && !kind.starts_with("application/json");
    if other && !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::unsupported_media_type());
    }
    wire::json::read(body).map_err(|error| {
        let bad = BadParameter::new("body", "", format!("Request body is not valid: {error}"));
        Problem::invalid_request(&[bad])
    })
}
