//! An X that refuses most of what we ask: what it grants goes on.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bootstrap::lifecycle::Lifecycle;

use crate::rig::{Gateway, eventually, open, register};

const POST: &str =
    "{\"data\":{\"id\":\"1800000000000000001\",\"text\":\"@sothebais bid 2 ETH &lt;3\",\"author_id\":\"101\"}}\r\n";

/// The filtered stream and the search work; activities are forbidden, the timeline refuses every credential.
async fn answer(uri: Uri) -> Response {
    let path = uri.path();
    if path == "/2/users/me" {
        return r#"{"data":{"id":"42","username":"sothebais"}}"#.into_response();
    }
    if path == "/2/tweets/search/stream" {
        let keep_alive = futures_util::stream::unfold(Some(POST), |post| async move {
            if post.is_none() {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Some((Ok::<_, Infallible>(Bytes::from_static(post.unwrap_or("\r\n").as_bytes())), None))
        });
        return Body::from_stream(keep_alive).into_response();
    }
    if path.starts_with("/2/activity/") {
        return (StatusCode::FORBIDDEN, "<html>no</html>").into_response();
    }
    if path.ends_with("/mentions") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    r#"{"meta":{"result_count":0}}"#.into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_sources_leave_the_others_going_and_the_search_completes_the_audit() {
    let life = Lifecycle::new();
    let (listener, port) = bootstrap::http::listen(IpAddr::from([127, 0, 0, 1]), 0, "").await.unwrap();
    bootstrap::http::serve(&life, "x", listener, Router::new().fallback(answer));
    let (database, redis) = (testkit::postgres().await.unwrap(), testkit::redis().await.unwrap());
    let pool = open(&database);
    register(&pool, &[101]).await;
    let gateway = Gateway::start_at(&format!("http://127.0.0.1:{port}"), &database, &redis, &[]);
    let handle = auction_core::Handle::new("sothebais").unwrap();
    let stored = eventually("the filtered stream's post is stored", &gateway, async || {
        store::inbox::read(&pool, &handle, 0, 10).await.unwrap().pop()
    })
    .await;
    assert_eq!(stored.text.as_deref(), Some("@sothebais bid 2 ETH <3"));
    let status = eventually("the audit is complete", &gateway, async || {
        let status = gateway.get("/v1/status").await?;
        status["audit"]["complete_through"].is_string().then_some(status)
    })
    .await;
    let state = |via: &str| {
        let sources = status["sources"].as_array().unwrap();
        sources.iter().find(|source| source["via"] == via).map(|source| source["state"].clone()).unwrap()
    };
    assert_eq!(state("filtered"), "connected", "{status}");
    assert_ne!(state("activity"), "connected", "{status}");
    life.stop();
}
