//! What all streams share: opening, the body with its keep-alives, `DELETE /2/connections/all`; and the usage counter.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use super::Parameters;
use crate::emulator::{Answer, Ask, Core, Emulator};
use crate::limits::Endpoint;
use crate::meter::MONTHLY_CAP;
use crate::problem::{ConnectionIssue, Problem};
use crate::stream::{Frame, Stream, killed};
use crate::view::{Wanted, moment};

/// X's sign of life on a quiet stream.
const KEEP_ALIVE: &[u8] = b"\r\n";

/// Opens a connection or says that the stream has all it may have.
pub(super) fn open(core: &mut Core, stream: Stream, wanted: Wanted, now_ms: i64) -> Result<Receiver<Frame>, Problem> {
    let opened = core.streams.open(stream, wanted, now_ms);
    opened.ok_or_else(|| Problem::connection(ConnectionIssue::TooManyConnections))
}

/// The endless answer of a stream.
pub(super) fn stream_response(frames: Receiver<Frame>, keep_alive: Duration) -> Response {
    let body = unfold(frames, move |frames| next_chunk(frames, keep_alive));
    Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache, no-store, max-age=0")
        .body(Body::from_stream(body))
        .expect("constant headers make a response")
}

async fn next_chunk(mut frames: Receiver<Frame>, keep_alive: Duration) -> Option<(io::Result<Bytes>, Receiver<Frame>)> {
    loop {
        match tokio::time::timeout(keep_alive, frames.recv()).await {
            Err(_) => return Some((Ok(Bytes::from_static(KEEP_ALIVE)), frames)),
            Ok(Some(Frame::Line(line))) => return Some((Ok(line), frames)),
            Ok(Some(Frame::Silence(ms))) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Ok(Some(Frame::Cut)) => return Some((Err(io::ErrorKind::ConnectionReset.into()), frames)),
            Ok(Some(Frame::End) | None) => return None,
        }
    }
}

/// `DELETE /2/connections/all`: ends every connection of the app.
pub(super) async fn delete_all(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::DeleteConnections, &ask, |core, request| {
        Parameters::new(request.ask).finish()?;
        let count = core.streams.disconnect(None, false);
        Ok(Answer::ok(killed(count)))
    })
}

/// `GET /2/usage/tweets`: posts read, by day.
pub(super) async fn usage(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::Usage, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let days = parameters.number("days", 1..=90).unwrap_or(7);
        parameters.text("usage.fields");
        parameters.finish()?;
        let days: Vec<Value> = core
            .meter
            .posts_by_day(days, request.now_ms)
            .into_iter()
            .map(|(day, posts)| json!({"date": moment(day), "usage": posts.to_string()}))
            .collect();
        let (app, project) = ("10000001", "1000000000000000001");
        Ok(Answer::ok(json!({"data": {
            "cap_reset_day": 1,
            "project_id": project,
            "project_cap": MONTHLY_CAP.to_string(),
            "project_usage": core.meter.posts_read().to_string(),
            "daily_project_usage": {"project_id": project, "usage": days},
            "daily_client_app_usage": [{"client_app_id": app, "usage": days, "usage_result_count": days.len()}],
        }})))
    })
}
