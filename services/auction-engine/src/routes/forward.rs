//! Passes a request on to the worker that holds the shard or auction in question, once: the lease row names its address.

use std::time::Duration;

use auction_core::AuctionId;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use store::PgPool;
use wire::Problem;

use super::{Api, Fault};
use crate::auth;

/// Marks a request that was passed on already: it is answered here, whatever the answer.
const FORWARDED: HeaderName = HeaderName::from_static("x-sothebais-forwarded");

/// The holder answers a bid within a commit; a slower one is treated as gone.
const FORWARD_DEADLINE: Duration = Duration::from_secs(10);

/// How long a name that nobody holds is remembered, so that guesses do not each cost a query.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
const MAX_UNKNOWN: u64 = 10_000;

/// The route whose bodies may be large.
const SPEC: &str = "/v1/spec";

const PASSED_ON: [HeaderName; 5] = [
    ACCEPT,
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];

pub(crate) struct Forwarder {
    pool: PgPool,
    client: reqwest::Client,
    unknown: moka::sync::Cache<AuctionId, ()>,
}

impl Forwarder {
    pub(super) fn new(pool: PgPool) -> Self {
        bootstrap::install_crypto();
        let client = reqwest::Client::builder()
            .timeout(FORWARD_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without certificates of its own can be made");
        let unknown = moka::sync::Cache::builder().max_capacity(MAX_UNKNOWN).time_to_live(UNKNOWN_FOR).build();
        Self { pool, client, unknown }
    }

    /// Whether the request belongs here for sure, as nearly every one does.
    fn is_here(api: &Api, path: &str) -> bool {
        let leads = api.engine.standing().epoch.is_some();
        match auction_of(path) {
            Some(auction) => leads && api.engine.view(&auction).is_some(),
            None => leads || path != "/v1/spec",
        }
    }

    /// Where the request belongs, if not here.
    async fn holder(&self, api: &Api, path: &str) -> Result<Option<String>, store::Error> {
        let standing = api.engine.standing();
        match auction_of(path) {
            Some(auction) if api.engine.view(&auction).is_none() => {
                if self.unknown.contains_key(&auction) {
                    return Ok(None);
                }
                let holder = store::lease::holder_of(&self.pool, &auction).await?;
                if holder.is_none() {
                    self.unknown.insert(auction, ());
                }
                let elsewhere =
                    |holder: &store::lease::Holder| holder.shard != *standing.shard || standing.epoch.is_none();
                Ok(holder.filter(elsewhere).map(|holder| holder.address))
            }
            Some(_) | None if is_of_shard(path) || auction_of(path).is_some() => match standing.epoch {
                Some(_) => Ok(None),
                None => store::lease::address_of(&self.pool, &standing.shard).await,
            },
            Some(_) | None => Ok(None),
        }
    }
}

/// Answers here what belongs here, and passes the rest on.
pub(super) async fn to_holder(State(api): State<Api>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(FORWARDED) || Forwarder::is_here(&api, request.uri().path()) {
        return next.run(request).await;
    }
    // Boxed: asking elsewhere makes a future that is many times larger than a request's own.
    Box::pin(to_another(api, request, next)).await
}

async fn to_another(api: Api, request: Request, next: Next) -> Response {
    match api.forwarder.holder(&api, request.uri().path()).await {
        Ok(None) => next.run(request).await,
        Ok(Some(address)) => forward(&api, &address, request).await.unwrap_or_else(IntoResponse::into_response),
        Err(error) => Fault::database(error).into_response(),
    }
}

async fn forward(api: &Api, address: &str, request: Request) -> Result<Response, Fault> {
    let (mut parts, body) = request.into_parts();
    let limit = if parts.uri.path() == SPEC {
        // Nobody but the owner may make a worker hold a whole spec in memory.
        auth::Owner::from_request_parts(&mut parts, api).await?;
        super::spec::BODY_LIMIT
    } else {
        super::BODY_LIMIT
    };
    let body = axum::body::to_bytes(body, limit).await.map_err(|_| {
        Fault::from(Problem::new(413, "BodyTooLarge", "the body is longer than this route takes", "send less at once"))
    })?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(FORWARDED, HeaderValue::from_static("1"));
    let sent =
        api.forwarder.client.request(parts.method, format!("http://{address}{path}")).headers(headers).body(body);
    let answer = sent.send().await.map_err(|error| unreachable(&error))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    for name in [CONTENT_TYPE, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = Body::from(answer.bytes().await.map_err(|error| unreachable(&error))?);
    Ok(response)
}

fn unreachable(error: &reqwest::Error) -> Fault {
    tracing::warn!(error = %bootstrap::chain(error), "the worker that holds the shard could not be asked");
    let detail = "the worker that holds this auction does not answer; another one takes it over";
    Fault::busy(Problem::new(503, "HolderUnreachable", detail, "try again"), Duration::from_secs(1))
}

/// Whether a path means whoever holds this worker's shard.
fn is_of_shard(path: &str) -> bool {
    path == SPEC || path.starts_with("/v1/receipts/")
}

/// The auction that a path names.
fn auction_of(path: &str) -> Option<AuctionId> {
    let name = path.strip_prefix("/v1/auctions/")?.split('/').next()?;
    AuctionId::new(name).ok()
}
