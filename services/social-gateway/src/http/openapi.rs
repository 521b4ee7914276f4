//! `GET /v1/openapi.json`: the API's own description, made from the routes and their types.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use wire::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SothebAIs social gateway",
        description = "What the house's reader and writer on X is doing: sources, audit, rate limits, spending, replies. \
        Reads only. Ids of X are strings, money is in millionths of a dollar, times are RFC 3339 in UTC. Errors are problem \
        details (RFC 9457) with a stable code and a remedy."
    ),
    components(schemas(Problem))
)]
struct Described;

/// The description as pretty JSON, ending in a line feed: the same text for the same routes.
pub fn document() -> String {
    let (_routes, endpoints) = super::endpoints().split_for_parts();
    let mut document = Described::openapi();
    document.merge(endpoints);
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let mut text = document.to_pretty_json().expect("a description of plain types always encodes");
    text.push('\n');
    text
}

static DOCUMENT: LazyLock<String> = LazyLock::new(document);

pub(super) async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    fn document() -> serde_json::Value {
        serde_json::from_str(&super::document()).unwrap()
    }

    #[test]
    fn the_committed_description_is_the_one_of_the_routes() {
        let committed = include_str!("../../openapi.json");
        assert!(committed == super::document(), "run `social-gateway openapi > services/social-gateway/openapi.json`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        for reference in document.to_string().split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer} is not there");
        }
    }

    /// Whoever adds a route must decide who may ask, and change this test.
    #[test]
    fn nothing_here_changes_anything_and_people_and_money_need_a_token() {
        let document = document();
        let routes = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, route)| (path.as_str(), method.as_str(), route["security"].is_array()))
        });
        let routes: Vec<_> = routes.collect();
        assert_eq!(routes, [("/v1/replies", "get", true), ("/v1/spend", "get", true), ("/v1/status", "get", false)]);
    }
}
