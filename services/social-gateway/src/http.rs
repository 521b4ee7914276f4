//! The gateway's own API: what its sources, its audit and its spending are doing. Reads only; nothing here can post.

use std::sync::Arc;

use auction_core::Timestamp;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use store::PgPool;
use store::social::{self, Via};
use wire::problem::{PROBLEM_JSON, Problem};

use crate::board::{Board, Source, SourceState};
use crate::ingest::House;
use crate::ledger::Ledger;
use crate::spend::{Item, Level, Prices};
use crate::x::Client;
use crate::x::rate::{Counted, Window};

/// Replies in one list.
const SHOWN_REPLIES: i64 = 200;

/// What the routes read.
#[derive(Clone)]
pub struct Api {
    pub house: House,
    pub board: Board,
    pub ledger: Ledger,
    pub client: Arc<Client>,
    pub pool: PgPool,
}

/// The routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/spend", get(spend))
        .route("/v1/replies", get(replies))
        .with_state(api)
}

#[derive(Serialize)]
struct Status {
    handle: String,
    user_id: String,
    inbox: InboxStatus,
    sources: Vec<SourceStatus>,
    audit: AuditStatus,
    rate_limits: Vec<RateLimitStatus>,
}

#[derive(Serialize)]
struct InboxStatus {
    held: bool,
    epoch: Option<u64>,
    last_seq: u64,
    last_commit_at: Option<String>,
    strangers: u64,
    known: u64,
}

#[derive(Serialize)]
struct SourceStatus {
    via: &'static str,
    state: &'static str,
    /// Why it waits.
    code: Option<&'static str>,
    connects_at: Option<String>,
    since: Option<String>,
    last_line_at: Option<String>,
    last_post_at: Option<String>,
    last_post_age_ms: Option<i64>,
    posts: u64,
    reconnects: u64,
}

#[derive(Serialize)]
struct AuditStatus {
    complete_through: Option<String>,
    last_at: Option<String>,
    runs: u64,
    found: u64,
    problem: Option<&'static str>,
}

#[derive(Serialize)]
struct RateLimitStatus {
    endpoint: &'static str,
    credentials: &'static str,
    limit: u32,
    remaining: u32,
    reset_at: Option<String>,
}

async fn status(State(api): State<Api>) -> Json<Status> {
    let (sources, inbox, audit) = api.board.read();
    Json(Status {
        handle: api.house.handle.to_string(),
        user_id: api.house.id.to_string(),
        inbox: InboxStatus {
            held: inbox.epoch.is_some(),
            epoch: inbox.epoch,
            last_seq: inbox.last_seq,
            last_commit_at: inbox.last_commit_at.and_then(time),
            strangers: inbox.strangers,
            known: inbox.known,
        },
        sources: sources.iter().map(|(via, source)| source_status(*via, source)).collect(),
        audit: AuditStatus {
            complete_through: audit.complete_through.and_then(time),
            last_at: audit.last_at.and_then(time),
            runs: audit.runs,
            found: audit.found,
            problem: audit.last_problem.map(crate::x::Code::as_str),
        },
        rate_limits: api.client.windows().into_iter().map(rate_limit_status).collect(),
    })
}

fn rate_limit_status(((endpoint, context), window): (Counted, Window)) -> RateLimitStatus {
    RateLimitStatus {
        endpoint: endpoint.as_str(),
        credentials: context.as_str(),
        limit: window.limit,
        remaining: window.remaining,
        reset_at: time(window.reset_at),
    }
}

fn source_status(via: Via, source: &Source) -> SourceStatus {
    let (state, code, connects_at) = match source.state {
        SourceState::Idle => ("idle", None, None),
        SourceState::Connecting => ("connecting", None, None),
        SourceState::Connected => ("connected", None, None),
        SourceState::Waiting { until, code } => ("waiting", Some(code.as_str()), time(until)),
        SourceState::Off => ("off", Some("spend_ceiling"), None),
    };
    SourceStatus {
        via: via.as_str(),
        state,
        code,
        connects_at,
        since: time(source.since),
        last_line_at: source.last_line_at.and_then(time),
        last_post_at: source.last_post_at.and_then(time),
        last_post_age_ms: source.last_post_age.map(|age| age.0),
        posts: source.posts,
        reconnects: source.reconnects,
    }
}

#[derive(Serialize)]
struct Spend {
    handle: String,
    show: String,
    price_list: String,
    spent_micros: u64,
    ceiling_micros: Option<u64>,
    micros_per_hour: u64,
    /// When the ceiling is reached at the present pace.
    reaches_ceiling_at: Option<String>,
    level: &'static str,
    items: Vec<SpendItem>,
}

#[derive(Serialize)]
struct SpendItem {
    item: &'static str,
    units: u64,
    micros: u64,
    unit_micros: u64,
}

async fn spend(State(api): State<Api>) -> Json<Spend> {
    let (reading, reaches) = api.ledger.read();
    let prices = Prices::current();
    let account = api.ledger.account();
    let item = |(item, (units, micros)): (&Item, &(u64, u64))| SpendItem {
        item: item.as_str(),
        units: *units,
        micros: *micros,
        unit_micros: prices.of(*item),
    };
    Json(Spend {
        handle: account.handle.to_string(),
        show: account.show.clone(),
        price_list: prices.version.clone(),
        spent_micros: reading.total_micros,
        ceiling_micros: account.ceiling,
        micros_per_hour: reading.micros_per_hour,
        reaches_ceiling_at: reaches.and_then(time),
        level: Level::of(reading.total_micros, account.ceiling).as_str(),
        items: reading.items.iter().map(item).collect(),
    })
}

#[derive(Serialize)]
struct ShownReply {
    post_id: String,
    author_id: String,
    code: String,
    text: String,
    state: &'static str,
    attempts: u32,
    reply_id: Option<String>,
    problem: Option<String>,
    planned_at: Option<String>,
    sent_at: Option<String>,
}

/// The newest replies.
async fn replies(State(api): State<Api>) -> Result<Json<Vec<ShownReply>>, Unavailable> {
    let replies = social::replies(&api.pool, &api.house.handle, SHOWN_REPLIES).await.map_err(Unavailable)?;
    Ok(Json(replies.into_iter().map(reply).collect()))
}

fn reply(reply: social::Reply) -> ShownReply {
    ShownReply {
        post_id: reply.post.to_string(),
        author_id: reply.author.to_string(),
        code: reply.code,
        text: reply.text,
        state: reply.state.as_str(),
        attempts: reply.attempts,
        reply_id: reply.reply_id,
        problem: reply.problem,
        planned_at: time(reply.planned_at),
        sent_at: reply.sent_at.and_then(time),
    }
}

/// The database does not answer.
struct Unavailable(store::Error);

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        tracing::warn!(error = %self.0, "the replies cannot be listed");
        let remedy = "Try again in a few seconds.";
        let problem = Problem::new(503, "DatabaseUnavailable", "The database does not answer.", remedy);
        let headers = [(header::CONTENT_TYPE, PROBLEM_JSON), (header::RETRY_AFTER, "2")];
        (StatusCode::SERVICE_UNAVAILABLE, headers, Json(problem)).into_response()
    }
}

/// RFC 3339 in UTC with milliseconds.
fn time(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|at| format!("{at:.3}"))
}
