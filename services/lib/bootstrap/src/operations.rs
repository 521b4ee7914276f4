//! A running process's log, on its health port: the last lines, and what is logged for a while. For whoever sits at this
//! machine, or the house's owner.
//!
//! `GET /v1/debug/logs?last=200` answers JSON lines, oldest first. `PUT /v1/debug/log` takes `{"filter", "ttl_seconds"}` and
//! falls back by itself.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use wire::Problem;
use wire::problem::PROBLEM_JSON;

use crate::auth::{Role, Verifier};
use crate::lifecycle::Lifecycle;
use crate::log::Recent;
use crate::telemetry::Filter;

/// Lines that are answered when nobody says how many.
const USUAL_LINES: usize = 200;

/// Somebody who forgets a loud filter does not fill the disk for longer than this.
const MAX_TTL_SECONDS: u64 = 3_600;

/// A filter is a line of text.
const BODY_LIMIT: usize = 4 * 1024;

/// The process's log and who may touch it: there is one of each, as there is one subscriber.
static DESK: OnceLock<Desk> = OnceLock::new();
static TRUSTED: OnceLock<Verifier> = OnceLock::new();
/// Counts the filters that were set, so that only the newest one falls back.
static SETTINGS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Clone)]
struct Desk {
    recent: Recent,
    filter: Filter,
}

/// Makes the log reachable; the first call wins.
pub(crate) fn open(recent: Recent, filter: Filter) {
    // An error means that telemetry is set up already, which its own setup reports.
    let _ = DESK.set(Desk { recent, filter });
}

/// From now on the owner's token is believed here, and not only who sits at this machine. The first verifier stays.
pub fn believe(verifier: Verifier) {
    let _ = TRUSTED.set(verifier);
}

/// The log's routes; none in a process without telemetry.
pub(crate) fn router(life: &Lifecycle) -> Router {
    let Some(desk) = DESK.get() else { return Router::new() };
    routes(desk.clone(), life.clone())
}

fn routes(desk: Desk, life: Lifecycle) -> Router {
    Router::new()
        .route("/v1/debug/logs", get(last))
        .route("/v1/debug/log", put(set))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(admit))
        .with_state((desk, life))
}

#[derive(Deserialize)]
struct Last {
    last: Option<usize>,
}

async fn last(State((desk, _)): State<(Desk, Lifecycle)>, Query(Last { last }): Query<Last>) -> Response {
    let mut text = desk.recent.last(last.unwrap_or(USUAL_LINES)).join("\n");
    text.push('\n');
    ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    filter: String,
    ttl_seconds: u64,
}

async fn set(State((desk, life)): State<(Desk, Lifecycle)>, Json(wish): Json<Wish>) -> Response {
    let Wish { filter, ttl_seconds } = &wish;
    if !(1..=MAX_TTL_SECONDS).contains(ttl_seconds) {
        let detail = format!("ttl_seconds is {ttl_seconds}");
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "InvalidField", detail, "name 1 to 3600 seconds");
    }
    // Said before, so that a filter which silences this line does not hide who set it.
    tracing::warn!(filter, ttl_seconds, "the log's filter is changed for a while");
    if let Err(error) = desk.filter.set(filter) {
        let remedy = "write such as info,auction_engine=debug";
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "FilterInvalid", error.to_string(), remedy);
    }
    let setting = SETTINGS.fetch_add(1, Ordering::SeqCst) + 1;
    let (stopping, ttl) = (life.stopping(), Duration::from_secs(*ttl_seconds));
    life.spawn_brief(async move {
        if stopping.run_until_cancelled(tokio::time::sleep(ttl)).await.is_some()
            && SETTINGS.load(Ordering::SeqCst) == setting
        {
            desk.filter.restore();
            tracing::warn!("the log's filter is the usual one again");
        }
    });
    Json(wish).into_response()
}

/// Lets this machine's own programs in, and the owner. What a browser sends on behalf of a page is refused: the page may
/// be anybody's.
async fn admit(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) || (peer.ip().is_loopback() && !names_this_machine(headers)) {
        let remedy = "ask from a program, by 127.0.0.1 or localhost";
        return refuse(StatusCode::FORBIDDEN, "OriginNotAllowed", "no page may read a log".to_owned(), remedy);
    }
    if peer.ip().is_loopback() || is_owner(headers).await {
        return next.run(request).await;
    }
    let remedy = "ask from the machine itself, or with the owner's bearer token";
    refuse(StatusCode::UNAUTHORIZED, "TokenMissing", "the log is the house's own".to_owned(), remedy)
}

/// A page that has pointed its own name at this machine still sends that name.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

async fn is_owner(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (Some((_, token)), Some(verifier)) = (token, TRUSTED.get()) else { return false };
    verifier.verify(token.trim()).await.is_ok_and(|claims| claims.roles.contains(&Role::Owner))
}

fn refuse(status: StatusCode, code: &str, detail: String, remedy: &str) -> Response {
    let problem = Problem::new(status.as_u16(), code, detail, remedy);
    let text = serde_json::to_string(&problem).expect("plain data always serialises");
    (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::Ipv4Addr;

    use super::*;
    use crate::telemetry;

    struct World {
        desk: Desk,
        url: String,
        _filtering: Box<dyn std::any::Any + Send>,
        _life: Lifecycle,
    }

    async fn world() -> anyhow::Result<World> {
        let life = Lifecycle::new();
        let (filtering, filter) = telemetry::filter("info")?;
        let desk = Desk { recent: Recent::default(), filter };
        let (listener, port) = crate::http::listen(Ipv4Addr::LOCALHOST.into(), 0, "a port").await?;
        let service = routes(desk.clone(), life.clone()).into_make_service_with_connect_info::<SocketAddr>();
        life.spawn_lasting("operations", async move { Ok(axum::serve(listener, service).await?) });
        let url = format!("http://127.0.0.1:{port}/v1/debug");
        Ok(World { desk, url, _filtering: Box::new(filtering), _life: life })
    }

    #[tokio::test]
    async fn the_last_lines_are_answered_oldest_first() -> anyhow::Result<()> {
        let World { mut desk, url, _filtering, _life } = world().await?;
        for line in ["one\n", "two\n", "three\n"] {
            desk.recent.write_all(line.as_bytes())?;
        }
        let answer = reqwest::get(format!("{url}/logs?last=2")).await?;
        assert_eq!((answer.status().as_u16(), answer.text().await?.as_str()), (200, "two\nthree\n"));
        Ok(())
    }

    #[tokio::test]
    async fn a_filter_is_set_for_a_while_and_an_unreadable_one_changes_nothing() -> anyhow::Result<()> {
        let World { desk, url, _filtering, _life } = world().await?;
        let client = reqwest::Client::new();
        let put = async |body: &'static str| {
            let request = client.put(format!("{url}/log")).header("content-type", "application/json").body(body);
            anyhow::Ok(request.send().await?.status().as_u16())
        };
        assert_eq!(put(r#"{"filter":"loud,,=","ttl_seconds":1}"#).await?, 422);
        assert_eq!(put(r#"{"filter":"debug","ttl_seconds":86400}"#).await?, 422);
        assert_eq!(desk.filter.now(), "info");
        assert_eq!(put(r#"{"filter":"debug","ttl_seconds":1}"#).await?, 200);
        assert_eq!(desk.filter.now(), "debug");
        while desk.filter.now() != "info" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    #[tokio::test]
    async fn no_page_may_read_the_log_by_its_own_name_or_by_ours() -> anyhow::Result<()> {
        let World { url, _life, .. } = world().await?;
        let client = reqwest::Client::new();
        for (name, value) in [("origin", "https://a.example"), ("host", "a.example:4491")] {
            let answer = client.get(format!("{url}/logs")).header(name, value).send().await?;
            assert_eq!(answer.status().as_u16(), 403, "{name}");
        }
        Ok(())
    }
}
