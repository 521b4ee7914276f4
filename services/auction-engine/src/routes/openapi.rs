//! `GET /v1/openapi.json`: the API's own description, made from the routes and the wire's types.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use wire::Problem;
use wire::socket::{ClientMessage, ServerMessage};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SothebAIs auction engine",
        description = "Bids, lots, receipts and the clerk's commands of one shard. \
        The WebSocket at /v1/ws speaks the messages ClientMessage and ServerMessage. Amounts are decimal strings of wei, \
        times RFC 3339 in UTC. Errors are problem details (RFC 9457) with a stable code and a remedy."
    ),
    components(schemas(ClientMessage, ServerMessage, Problem))
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
    #[test]
    fn the_committed_description_is_the_one_of_the_routes() {
        let committed = include_str!("../../openapi.json");
        assert!(committed == super::document(), "run `auction-engine openapi > services/auction-engine/openapi.json`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document: serde_json::Value = serde_json::from_str(&super::document()).unwrap();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer} is not there");
        }
    }
}
