//! Opens a WebSocket: checks the handshake, the page's origin and the token, then takes the socket over from HTTP.
//!
//! The library's own upgrade is not used because it hands out a connection with buffers of its own; what is taken over
//! here is the bare TCP stream.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wire::Problem;

use super::connection;
use super::hub::Hub;
use crate::auth;
use crate::routes::{Api, Fault};

/// How long the connection may take to leave HTTP behind.
const UPGRADE_DEADLINE: Duration = Duration::from_secs(10);

/// When somebody may come back who found no place.
const FULL_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Length of a `Sec-WebSocket-Key`: 16 bytes in base 64.
const KEY_LENGTH: usize = 24;

/// `GET /v1/ws`, and the root of the WebSocket port.
pub(crate) async fn upgrade(State(api): State<Api>, mut request: Request) -> Result<Response, Fault> {
    let accept = check(&request)?;
    check_origin(&api.hub, request.headers())?;
    let bidder = match request.headers().get(AUTHORIZATION) {
        Some(_) => Some(auth::bidder(&api, request.headers()).await?),
        None => None,
    };
    if api.engine.standing().epoch.is_none() {
        return Err(not_here());
    }
    let seat = api.hub.seat().ok_or_else(full)?;
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(|| {
        bad_handshake("the connection cannot leave HTTP", "use HTTP/1.1, without a proxy that ends upgrades")
    })?;
    let hub = api.hub.clone();
    hub.clone().life().spawn_brief(async move {
        if let Some((stream, early)) = take_over(on_upgrade).await {
            connection::run(stream, early, bidder, hub, seat).await;
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Checks the handshake (RFC 6455 §4.2.1) and returns the value of `Sec-WebSocket-Accept`.
fn check(request: &Request) -> Result<HeaderValue, Fault> {
    let headers = request.headers();
    let lists = |name, wanted: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value: &HeaderValue| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    if request.method() != Method::GET || !lists(CONNECTION, "upgrade") || !lists(UPGRADE, "websocket") {
        return Err(bad_handshake("this is not a WebSocket handshake", "open it with a WebSocket client"));
    }
    if !lists(SEC_WEBSOCKET_VERSION, "13") {
        return Err(bad_handshake("only version 13 is spoken", "send Sec-WebSocket-Version: 13"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).filter(|key| key.len() == KEY_LENGTH);
    let key =
        key.ok_or_else(|| bad_handshake("Sec-WebSocket-Key is missing or malformed", "send 16 bytes in base 64"))?;
    Ok(HeaderValue::from_str(&derive_accept_key(key)).expect("base 64 is a header value"))
}

/// Programs send no Origin; a browser always does, and only our own pages may.
fn check_origin(hub: &Hub, headers: &HeaderMap) -> Result<(), Fault> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    if origin.to_str().is_ok_and(|origin| hub.allows_origin(origin)) {
        return Ok(());
    }
    let remedy = "open the page from an allowed origin, or add it to --allow-origin";
    Err(Problem::new(403, "OriginNotAllowed", "this page may not open a socket here", remedy).into())
}

async fn take_over(on_upgrade: OnUpgrade) -> Option<(TcpStream, bytes::Bytes)> {
    let upgraded = tokio::time::timeout(UPGRADE_DEADLINE, on_upgrade).await.ok()?.ok()?;
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Some((parts.io.into_inner(), parts.read_buf)),
        Err(_other) => {
            tracing::error!("a socket is not a TCP stream and cannot be taken over");
            None
        }
    }
}

fn bad_handshake(detail: &str, remedy: &str) -> Fault {
    Problem::new(400, "BadHandshake", detail, remedy).into()
}

fn not_here() -> Fault {
    let remedy = "connect to the worker that holds the shard, or try again here in a second";
    Fault::busy(Problem::new(503, "NotHere", "another worker holds this shard", remedy), Duration::from_secs(1))
}

fn full() -> Fault {
    let problem = Problem::new(503, "Busy", "this worker has all the connections that it takes", "connect again later");
    Fault::busy(problem, FULL_RETRY_AFTER)
}
