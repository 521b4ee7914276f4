//! The doors that need no X: every error is a problem with a code and a remedy.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use bootstrap::clock::Clock;
use bootstrap::metrics::Registry;
use tower::ServiceExt as _;

use super::*;
use crate::ledger::Account;
use crate::observe::Observe;
use crate::x::credentials::Credentials;

async fn ask(method: &str, path: &str) -> (u16, String, serde_json::Value) {
    bootstrap::install_crypto();
    let url = testkit::postgres().await.unwrap();
    let pool = store::Database::new(&url, "gateway-test").unwrap().pool();
    let (clock, observe) = (Clock::System, Observe::new(&Registry::new()));
    let handle = auction_core::Handle::new("sothebais").unwrap();
    let account = Account { handle: handle.clone(), show: "friday".into(), ceiling: None };
    let ledger = Ledger::resume(&pool, account, clock.clone(), observe.clone()).await.unwrap();
    let client = Client::new("http://127.0.0.1:1", Credentials::rehearsal(), clock, observe).unwrap();
    let board = Board::default();
    if path == "/v1/replies" {
        pool.close().await;
    }
    let api = Api { house: House { id: 42, handle }, board, ledger, client: Arc::new(client), pool };
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(api).oneshot(request).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, kind, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_error_is_a_problem_with_a_code_and_a_remedy() {
    for (method, path, status, code) in [
        ("GET", "/v1/nothing", 404, "UnknownRoute"),
        ("POST", "/v1/status", 405, "MethodNotAllowed"),
        ("GET", "/v1/replies", 503, "DatabaseUnavailable"),
    ] {
        let (answered, kind, body) = ask(method, path).await;
        assert_eq!((answered, kind.as_str()), (status, "application/problem+json"), "{path}");
        assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(u64::from(status))), "{body}");
        assert!(body["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{body}");
    }
}

#[tokio::test]
async fn the_description_and_the_show_are_served() {
    let (status, _kind, body) = ask("GET", "/v1/openapi.json").await;
    assert_eq!((status, body["info"]["title"].as_str()), (200, Some("SothebAIs social gateway")));
    let (status, _kind, body) = ask("GET", "/v1/spend").await;
    assert_eq!((status, body["show"].as_str()), (200, Some("friday")));
}
