//! A layer in front of the operator's own client that fails at one chosen call: before it, after it, with its answer lost,
//! or with an answer that the API server never gave.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::http::StatusCode;
use futures_util::future::BoxFuture;
use kube::client::Body;
use tokio::sync::Notify;
use tower::{BoxError, Layer, Service};

use crate::client::Wire;
use crate::observe::kind_of;

type Request = axum::http::Request<Body>;
type Response = axum::http::Response<Box<kube::client::DynBody>>;

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flavour {
    /// The process dies before the call is sent.
    DieBefore,
    /// The process dies when the API server has done it.
    DieAfter,
    /// It is done, and nobody learns of it.
    LoseAnswer,
    /// The API server refuses for now: 429, 500 or 503, with an answer of its own.
    Refuse(u16),
}

impl Flavour {
    pub(super) const ALL: [Self; 6] =
        [Self::DieBefore, Self::DieAfter, Self::LoseAnswer, Self::Refuse(409), Self::Refuse(429), Self::Refuse(500)];
}

/// Counts the calls of one life after another, and fails at one of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    died: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Each call by verb and kind, in order, with the flow it belongs to.
    calls: Vec<(&'static str, String)>,
    flow: &'static str,
    at: Option<(usize, Flavour)>,
    dead: bool,
    hit: bool,
}

impl Fault {
    pub(super) fn at(call: usize, flavour: Flavour) -> Self {
        let fault = Self::default();
        fault.with(|state| state.at = Some((call, flavour)));
        fault
    }

    /// Calls from now on belong to this flow.
    pub(super) fn flow(&self, flow: &'static str) {
        self.with(|state| state.flow = flow);
    }

    pub(super) fn calls(&self) -> Vec<(&'static str, String)> {
        self.with(|state| state.calls.clone())
    }

    /// Whether the chosen call came.
    pub(super) fn was_hit(&self) -> bool {
        self.with(|state| state.hit)
    }

    /// Waits until the process has died of it.
    pub(super) async fn died(&self) {
        loop {
            let notified = self.0.died.notified();
            if self.with(|state| state.dead) {
                return;
            }
            notified.await;
        }
    }

    /// A new process: it may call again.
    pub(super) fn revive(&self) {
        self.with(|state| state.dead = false);
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a call and says what happens to it.
    fn call(&self, name: String) -> Fate {
        self.with(|state| {
            if state.dead {
                return Fate::Dead;
            }
            let index = state.calls.len();
            state.calls.push((state.flow, name));
            match state.at {
                Some((at, flavour)) if at == index && !state.hit => {
                    state.hit = true;
                    Fate::Hit(flavour)
                }
                Some(_) | None => Fate::Lives,
            }
        })
    }

    fn die(&self) {
        self.with(|state| state.dead = true);
        self.0.died.notify_waiters();
    }
}

enum Fate {
    Lives,
    Dead,
    Hit(Flavour),
}

impl Layer<Wire> for Fault {
    type Service = Faulty;

    fn layer(&self, inner: Wire) -> Faulty {
        Faulty { fault: self.clone(), inner }
    }
}

pub(super) struct Faulty {
    fault: Fault,
    inner: Wire,
}

impl Service<Request> for Faulty {
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let fault = self.fault.clone();
        let fate = name(&request).map_or(Fate::Lives, |name| fault.call(name));
        match fate {
            Fate::Lives => self.inner.call(request),
            Fate::Dead => Box::pin(async { Err("the process is dead".into()) }),
            Fate::Hit(Flavour::DieBefore) => {
                fault.die();
                Box::pin(async { Err("died before the call".into()) })
            }
            Fate::Hit(Flavour::DieAfter) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let _ = answer.await;
                    fault.die();
                    Err("died after the call".into())
                })
            }
            Fate::Hit(Flavour::LoseAnswer) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let _ = answer.await;
                    Err("the answer is lost".into())
                })
            }
            Fate::Hit(Flavour::Refuse(code)) => Box::pin(async move { Ok(refusal(code)) }),
        }
    }
}

/// The verb and kind of a call about one object; lists, watches and events are not counted.
fn name(request: &Request) -> Option<String> {
    let kind = kind_of(request.uri().path());
    let lists = request.method() == "GET" && request.uri().query().is_some_and(|query| query.contains("labelSelector"));
    let watches = request.uri().query().is_some_and(|query| query.contains("watch=") || query.contains("limit="));
    (kind != "other" && kind != "Event" && !lists && !watches).then(|| format!("{} {kind}", request.method()))
}

fn refusal(code: u16) -> Response {
    let reason = match code {
        409 => "Conflict",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
    let body = serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "code": code, "message": "planted"});
    let mut response = Response::new(Box::new(Text(Some(body.to_string().into()))) as Box<kube::client::DynBody>);
    *response.status_mut() = StatusCode::from_u16(code).expect("a status");
    response
}

/// A body of one piece.
struct Text(Option<bytes::Bytes>);

impl http_body::Body for Text {
    type Data = bytes::Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(|text| Ok(http_body::Frame::data(text))))
    }
}
