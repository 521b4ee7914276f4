//! Which problems an endpoint answers with, for the description: each group goes with what the endpoint asks for.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use wire::problem::PROBLEM_JSON;

/// A token with a role.
pub(super) struct Token;

/// A JSON body.
pub(super) struct Json;

/// An auction or lot in the path; the worker that holds it may have to be asked.
pub(super) struct Held;

/// The database alone.
pub(super) struct Stored;

/// A query.
pub(super) struct Query;

/// Every endpoint: what can go wrong with any of them.
pub(super) struct Any;

impl IntoResponses for Token {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("401", "No token, or one that is not believed"),
            ("403", "The token does not allow this"),
            ("503", "The issuer's keys, the database or the holder cannot be asked now; see Retry-After"),
        ])
    }
}

impl IntoResponses for Json {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "The body is not JSON, or Idempotency-Key is missing or malformed"),
            ("413", "The body is too large"),
            ("415", "The body is of another media type"),
            ("422", "A field is missing, unknown or not what belongs there"),
        ])
    }
}

impl IntoResponses for Held {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("404", "There is nothing of this name"),
            ("503", "Nobody who knows can be asked now; see Retry-After"),
        ])
    }
}

impl IntoResponses for Stored {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("503", "The database cannot be asked now; see Retry-After")])
    }
}

impl IntoResponses for Query {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("422", "A parameter is unknown or not what belongs there")])
    }
}

impl IntoResponses for Any {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("500", "A bug of ours"), ("504", "No answer came in time")])
    }
}

fn problems(listed: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    listed.iter().map(|(status, what)| ((*status).to_owned(), RefOr::T(problem(what)))).collect()
}

fn problem(what: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(what).content(PROBLEM_JSON, content).build()
}
