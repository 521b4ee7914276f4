//! Talking to live workloads: `PUT /v1/spec`, `GET /v1/status`. An edit reaches a show this way, and lots and frames come
//! back. Every call has a deadline; one that does not answer is a fact, not a failure.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bootstrap::auth::MachineIssuer;
use bootstrap::ports::{Service, ports};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use wire::compositor::{CompositorAnswer, CompositorSpec, CompositorStatus};
use wire::rest::{SpecAnswer, SpecRequest, StatusBody};

/// A pod of the same cluster answers within this, or is in trouble.
const STATUS_DEADLINE: Duration = Duration::from_secs(2);
/// A spec is journaled before it is answered.
const SPEC_DEADLINE: Duration = Duration::from_secs(5);
/// Tokens are short-lived: a stolen one is soon worth nothing.
const TOKEN_LIFETIME: Duration = Duration::from_mins(5);
/// A token is used this long, so that no call ends after its token.
const TOKEN_USE: Duration = Duration::from_mins(4);
/// A status with 200 lots and their prices is far below this.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Asks workloads by their pods' addresses.
pub struct Asker {
    client: reqwest::Client,
    issuer: Option<MachineIssuer>,
    token: Mutex<Option<(String, Instant)>>,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("the operator has no key to sign with")]
    NoKey,
    #[error("no token could be signed")]
    Sign(#[source] bootstrap::auth::MachineKeyError),
    #[error("it does not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("it answered {status} {code}: {detail}")]
    Refused { status: u16, code: String, detail: String },
    #[error("its answer cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AskError {
    /// The rules said no: trying again is no use before the next edit.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400 | 409 | 413 | 422),
            Self::NoKey | Self::Sign(_) | Self::Unreachable(_) | Self::Unreadable(_) => false,
        }
    }
}

impl Asker {
    pub fn new(issuer: Option<MachineIssuer>) -> Result<Self, reqwest::Error> {
        bootstrap::install_crypto();
        // Pods are spoken to directly: neither a proxy of the environment nor a redirect may lead elsewhere.
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Ok(Self { client: client.timeout(SPEC_DEADLINE).build()?, issuer, token: Mutex::default() })
    }

    pub async fn engine_status(&self, address: &str) -> Result<StatusBody, AskError> {
        self.get(&url(address, Service::AuctionEngine, "status")).await
    }

    pub async fn put_engine(&self, address: &str, spec: &SpecRequest) -> Result<SpecAnswer, AskError> {
        self.put(&url(address, Service::AuctionEngine, "spec"), spec).await
    }

    pub async fn compositor_status(&self, address: &str) -> Result<CompositorStatus, AskError> {
        self.get(&url(address, Service::Compositor, "status")).await
    }

    pub async fn put_compositor(&self, address: &str, spec: &CompositorSpec) -> Result<CompositorAnswer, AskError> {
        self.put(&url(address, Service::Compositor, "spec"), spec).await
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, AskError> {
        self.answer(self.client.get(url).timeout(STATUS_DEADLINE)).await
    }

    async fn put<T: DeserializeOwned>(&self, url: &str, body: &impl Serialize) -> Result<T, AskError> {
        self.answer(self.client.put(url).json(body)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, AskError> {
        let mut answer = request.bearer_auth(self.token()?).send().await.map_err(AskError::Unreachable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(AskError::Unreachable)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(AskError::Unreadable("it is longer than any status".into()));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| AskError::Unreadable(error.into()));
        }
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |field: &str| problem.get(field).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        Err(AskError::Refused { status: status.as_u16(), code: text("code"), detail: text("detail") })
    }

    fn token(&self) -> Result<String, AskError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        match token.as_ref() {
            Some((text, until)) if *until > Instant::now() => Ok(text.clone()),
            Some(_) | None => {
                let text =
                    self.issuer.as_ref().ok_or(AskError::NoKey)?.token(TOKEN_LIFETIME).map_err(AskError::Sign)?;
                *token = Some((text.clone(), Instant::now() + TOKEN_USE));
                Ok(text)
            }
        }
    }
}

fn url(address: &str, service: Service, what: &str) -> String {
    let port = ports(service, |_| None).expect("no variable is named, so none is wrong").api;
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    format!("http://{host}:{port}/v1/{what}")
}
