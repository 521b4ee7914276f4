//! A layer in front of the operator's own client that fails at calls: before them, after them, with their answers lost, or
//! with an answer that the API server never gave. Which calls, a [`Ledger`] says that all plays share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::http::StatusCode;
use futures_util::future::BoxFuture;
use kube::client::Body;
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};

use super::call;
use super::ledger::{Flavour, Ledger, Point};
use super::weather::{Text, Weather};
use crate::client::Wire;

type Request = axum::http::Request<Body>;
type Response = axum::http::Response<Box<kube::client::DynBody>>;

/// Faults of one flow of one play that end the process; each costs a start.
const DEATHS_A_FLOW: usize = 4;
/// Faults of one flow of one play that it survives; each makes the key's next wait longer.
const HURTS_A_FLOW: usize = 4;

/// What befalls the operators of one world. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ledger: Option<Arc<Ledger>>,
    weather: Option<Weather>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Each call by verb, kind and name, in order, with the flow it belongs to.
    calls: Vec<(&'static str, String)>,
    flow: &'static str,
    /// What has befallen this play so far.
    planted: Vec<Point>,
    /// Cancelled when the process that runs now dies.
    life: CancellationToken,
}

impl Fault {
    /// Everything that `ledger` has not seen yet, a few at a time.
    pub(super) fn from_ledger(ledger: &Arc<Ledger>) -> Self {
        Self(Arc::new(Inner { ledger: Some(ledger.clone()), ..Inner::default() }))
    }

    /// Watches whose events come late, or are lost until the watch ends.
    pub(super) fn of_weather(weather: Weather) -> Self {
        Self(Arc::new(Inner { weather: Some(weather), ..Inner::default() }))
    }

    /// Calls from now on belong to this flow.
    pub(super) fn flow(&self, flow: &'static str) {
        self.with(|state| state.flow = flow);
    }

    pub(super) fn calls(&self) -> Vec<(&'static str, String)> {
        self.with(|state| state.calls.clone())
    }

    pub(super) fn planted(&self) -> Vec<Point> {
        self.with(|state| state.planted.clone())
    }

    /// A new process, and what is cancelled when it dies.
    pub(super) fn begin_life(&self) -> (Mortal, CancellationToken) {
        let life = CancellationToken::new();
        self.with(|state| state.life = life.clone());
        (Mortal { fault: self.clone(), life: life.clone() }, life)
    }

    /// What happens at a call to a pod, which takes a way of its own. `None`: nothing does.
    pub(super) fn at_telling(&self, what: &str) -> Option<Flavour> {
        // A pod that answers 409 or 429 means it.
        self.call(&format!("PUT {what}"), None, |flavour| !matches!(flavour, Flavour::Refuse(409 | 429)))
    }

    /// Ends the process that runs now.
    pub(super) fn kill(&self) {
        self.with(|state| state.life.cancel());
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a call and says what happens to it.
    fn call(&self, name: &str, flow: Option<&'static str>, possible: impl Fn(Flavour) -> bool) -> Option<Flavour> {
        self.with(|state| {
            let flow = flow.unwrap_or(state.flow);
            state.calls.push((flow, name.to_owned()));
            let ledger = self.0.ledger.as_ref()?;
            let here = state.planted.iter().filter(|point| point.flow == flow);
            let mut count: BTreeMap<bool, usize> = BTreeMap::new();
            for point in here {
                *count.entry(point.flavour.is_deadly()).or_default() += 1;
                if point.call == name {
                    return None;
                }
            }
            let room = |deadly: bool, most: usize| count.get(&deadly).is_none_or(|count| *count < most);
            let may = |flavour: Flavour| {
                let most = if flavour.is_deadly() { DEATHS_A_FLOW } else { HURTS_A_FLOW };
                possible(flavour) && room(flavour.is_deadly(), most)
            };
            let point = ledger.claim(flow, name, may)?;
            let flavour = point.flavour;
            state.planted.push(point);
            Some(flavour)
        })
    }
}

/// The layer of one process.
#[derive(Clone)]
pub(super) struct Mortal {
    fault: Fault,
    life: CancellationToken,
}

impl Layer<Wire> for Mortal {
    type Service = Faulty;

    fn layer(&self, inner: Wire) -> Faulty {
        Faulty { mortal: self.clone(), inner }
    }
}

pub(super) struct Faulty {
    mortal: Mortal,
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
        let Mortal { fault, life } = self.mortal.clone();
        // A process that is dead does nothing any more, until its runtime is taken down.
        let dies = move || {
            life.cancel();
            std::future::pending()
        };
        if self.mortal.life.is_cancelled() {
            return Box::pin(std::future::pending());
        }
        let (request, call) = call::read(request);
        let hit =
            call.counted().and_then(|name| fault.call(&name, call.is_of_the_start().then_some("start"), |_| true));
        let weather = fault.0.weather.clone().filter(|_| call.is_watch());
        match hit {
            None => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = answer.await?;
                    Ok(match weather {
                        Some(weather) => answer.map(|body| weather.over(body)),
                        None => answer,
                    })
                })
            }
            Some(Flavour::DieBefore) => Box::pin(async move { dies().await }),
            Some(Flavour::DieAfter) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let _ = answer.await;
                    dies().await
                })
            }
            Some(Flavour::LoseAnswer) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let _ = answer.await;
                    Err("the answer is lost".into())
                })
            }
            Some(Flavour::Refuse(code)) => Box::pin(async move { Ok(refusal(code)) }),
        }
    }
}

fn refusal(code: u16) -> Response {
    let reason = match code {
        409 => "Conflict",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
    let body = serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "code": code, "message": "planted"});
    let mut response = Response::new(Text::boxed(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).expect("a status");
    response
}
