//! `GET /v1/replies`: what was said to bidders, or will be, or was decided not to be.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::social;
use utoipa::ToSchema;
use wire::Problem;

use super::fault::Fault;
use super::house::House;
use super::{Api, time};

/// Replies in one list.
const SHOWN_REPLIES: i64 = 200;

#[derive(Serialize, ToSchema)]
pub(super) struct ShownReply {
    post_id: String,
    author_id: String,
    code: String,
    /// Absent while the words are not decided: a leading bid is answered when the hammer falls.
    text: Option<String>,
    state: &'static str,
    attempts: u32,
    reply_id: Option<String>,
    problem: Option<String>,
    planned_at: Option<String>,
    sent_at: Option<String>,
}

/// Lists the newest replies, the newest first. For owner, auctioneer and auditor.
#[utoipa::path(get, path = "/v1/replies", tag = "operation", security(("bearer" = [])), responses(
    (status = 200, body = [ShownReply]),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`TokenMissing`, `Token…`"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`RoleMissing`"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "`DatabaseUnavailable`, `KeysUnavailable`"),
))]
pub(super) async fn list(_: House, State(api): State<Api>) -> Result<Json<Vec<ShownReply>>, Fault> {
    let replies = social::replies(&api.pool, &api.handle, SHOWN_REPLIES).await;
    let replies = replies.map_err(|error| Fault::database(&error))?;
    Ok(Json(replies.into_iter().map(reply).collect()))
}

fn reply(reply: social::Reply) -> ShownReply {
    ShownReply {
        post_id: reply.post.to_string(),
        author_id: reply.author.to_string(),
        code: reply.code,
        text: Some(reply.text).filter(|text| !text.is_empty()),
        state: reply.state.as_str(),
        attempts: reply.attempts,
        reply_id: reply.reply_id,
        problem: reply.problem,
        planned_at: time(reply.planned_at),
        sent_at: reply.sent_at.and_then(time),
    }
}
