//! `GET /v1/openapi.json`: the API's own description, made from the routes and the wire's types.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use wire::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SothebAIs compositor",
        description = "What one stream shows, where it goes, and whether it may be published. \
        Errors are problem details (RFC 9457) with a stable code and a remedy."
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
    #[test]
    fn the_committed_description_is_the_one_of_the_routes() {
        let committed = include_str!("../../openapi.json");
        assert!(committed == super::document(), "run `compositor openapi > services/compositor/openapi.json`");
    }
}
