//! What can happen to a call to a pod: it is cut off before or after it was heard, or its answer is lost.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::fault::Fault;
use super::ledger::Flavour;

/// The way to one pod.
#[derive(Clone)]
pub(super) struct Telling {
    fault: Fault,
    whom: &'static str,
}

impl Telling {
    pub(super) fn new(fault: Fault, whom: &'static str) -> Self {
        Self { fault, whom }
    }

    pub(super) fn over(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, told))
    }
}

/// Only what changes something is worth a fault.
async fn told(State(Telling { fault, whom }): State<Telling>, request: Request, next: Next) -> Response {
    let hit = (request.method() == Method::PUT).then(|| fault.at_telling(whom)).flatten();
    match hit {
        None => next.run(request).await,
        Some(Flavour::DieBefore) => {
            fault.kill();
            StatusCode::BAD_GATEWAY.into_response()
        }
        Some(Flavour::DieAfter) => {
            let answer = next.run(request).await;
            fault.kill();
            answer
        }
        Some(Flavour::LoseAnswer) => {
            next.run(request).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Some(Flavour::Refuse(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
