//! `GET /v1/status`: the inbox, the sources, the audit and X's rate limits as they stand.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::social::Via;
use utoipa::ToSchema;

use super::{Api, time};
use crate::board::{Source, SourceState};
use crate::x::rate::{Counted, Window};

#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    handle: String,
    /// The house's account on X; absent until X has said who we are.
    user_id: Option<String>,
    account: AccountStatus,
    inbox: InboxStatus,
    sources: Vec<SourceStatus>,
    audit: AuditStatus,
    rate_limits: Vec<RateLimitStatus>,
}

#[derive(Serialize, ToSchema)]
struct AccountStatus {
    /// The gateway runs: X knows the credentials, the database answers.
    running: bool,
    /// Why X has not said who we are, when it was asked last.
    problem: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct InboxStatus {
    held: bool,
    epoch: Option<u64>,
    last_seq: u64,
    last_commit_at: Option<String>,
    strangers: u64,
    known: u64,
}

#[derive(Serialize, ToSchema)]
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

#[derive(Serialize, ToSchema)]
struct AuditStatus {
    complete_through: Option<String>,
    last_at: Option<String>,
    runs: u64,
    found: u64,
    problem: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct RateLimitStatus {
    endpoint: &'static str,
    credentials: &'static str,
    limit: u32,
    remaining: u32,
    reset_at: Option<String>,
}

/// Shows what every part of the gateway is doing. For anybody: it names no person and no money.
#[utoipa::path(get, path = "/v1/status", tag = "operation", responses((status = 200, body = Status)))]
pub(super) async fn show(State(api): State<Api>) -> Json<Status> {
    let (sources, inbox, audit) = api.board.read();
    let running = api.running.get();
    Json(Status {
        handle: api.handle.to_string(),
        user_id: running.map(|running| running.user_id.to_string()),
        account: AccountStatus { running: running.is_some(), problem: api.board.account().map(crate::x::Code::as_str) },
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
