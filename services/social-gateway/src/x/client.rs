//! One call to X: checked against the rate limit, authorised, sent with a deadline, read with a bound, its failure coded.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auction_core::Timestamp;
use bootstrap::clock::Clock;
use bootstrap::secret::ExposeSecret as _;
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::credentials::Credentials;
use super::endpoint::Context;
use super::problem::partial_errors;
use super::rate::{self, Counted, RateLimits, Window};
use super::{Code, Endpoint, Problem, sign};
use crate::observe::Observe;

/// X answers in well under a second; a call that takes longer is tried again by whoever made it.
const CALL_DEADLINE: Duration = Duration::from_secs(15);
/// A stream's headers come at once or not at all.
const OPEN_DEADLINE: Duration = Duration::from_secs(20);
/// A TCP and TLS handshake takes some round trips.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer is a page of 100 posts with expansions, some hundreds of KiB.
const ANSWER_LIMIT: usize = 8 << 20;

/// A client for one app and one account. Calls may run side by side.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at its end.
    base: String,
    credentials: Credentials,
    limits: Mutex<RateLimits>,
    clock: Clock,
    observe: Observe,
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct Call {
    pub endpoint: Endpoint,
    pub context: Context,
    /// The id in the path, where there is one.
    pub id: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Call {
    /// A call without id, query or body.
    pub fn new(endpoint: Endpoint, context: Context) -> Self {
        Self { endpoint, context, id: String::new(), query: Vec::new(), body: None }
    }

    /// The rate limit that it falls under.
    pub fn counted(&self) -> Counted {
        (self.endpoint, self.context)
    }
}

/// X's answer to a call that succeeded, perhaps in part.
#[derive(Debug, Clone)]
pub struct Answer {
    pub body: Value,
    /// The `errors` beside the data.
    pub partial: Vec<Problem>,
}

impl Client {
    /// A client of the API at `base`, such as `https://api.x.com`.
    pub fn new(base: &str, credentials: Credentials, clock: Clock, observe: Observe) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("SothebAIs/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_DEADLINE)
            .redirect(Policy::none())
            .https_only(base.starts_with("https://"))
            .build()?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, credentials, limits: Mutex::default(), clock, observe })
    }

    /// Makes a call. Refuses without asking when X would answer 429.
    pub async fn call(&self, call: &Call) -> Result<Answer, Problem> {
        let outcome = self.answer(call).await;
        self.observe.x_call(call.endpoint, outcome.as_ref().err().map(|problem| problem.code));
        if let Ok(answer) = &outcome {
            for problem in &answer.partial {
                self.observe.partial_error(problem.code);
            }
        }
        outcome
    }

    async fn answer(&self, call: &Call) -> Result<Answer, Problem> {
        let request = self.request(call)?.timeout(CALL_DEADLINE);
        let response = request.send().await.map_err(|error| network(&error))?;
        let response = self.accept(call.counted(), response).await?;
        let bytes = bounded(response).await?;
        if bytes.is_empty() {
            return Ok(Answer { body: Value::Null, partial: Vec::new() });
        }
        let body: Value =
            serde_json::from_slice(&bytes).map_err(|_| Problem::local(Code::Unreadable, "the answer is not JSON"))?;
        let partial = partial_errors(&body);
        Ok(Answer { body, partial })
    }

    /// Opens a stream: the answer's headers are there, its body is for [`super::stream`].
    pub async fn open(&self, call: &Call) -> Result<Response, Problem> {
        let request = self.request(call)?;
        let opening = async {
            let response = request.send().await.map_err(|error| network(&error))?;
            // The body of a failure may never end: it is read within the same deadline.
            self.accept(call.counted(), response).await
        };
        let outcome = tokio::time::timeout(OPEN_DEADLINE, opening).await;
        let outcome =
            outcome.unwrap_or_else(|_| Err(Problem::local(Code::Deadline, "the stream did not open in time")));
        self.observe.x_call(call.endpoint, outcome.as_ref().err().map(|problem| problem.code));
        outcome
    }

    /// `Some(until)` if a call now would be refused.
    pub fn blocked(&self, counted: Counted) -> Option<Timestamp> {
        self.with_limits(|limits| limits.blocked(counted, self.now()))
    }

    /// What X has told of one window.
    pub fn window(&self, counted: Counted) -> Option<Window> {
        self.with_limits(|limits| limits.windows().get(&counted).copied())
    }

    /// Every rate-limit window that X has told of.
    pub fn windows(&self) -> Vec<(Counted, Window)> {
        self.with_limits(|limits| limits.windows().iter().map(|(counted, window)| (*counted, *window)).collect())
    }

    fn request(&self, call: &Call) -> Result<RequestBuilder, Problem> {
        if let Some(until) = self.blocked(call.counted()) {
            let problem = Problem::local(Code::RateLimited, "not asked: the window is used up");
            return Err(Problem { reset_at: Some(until), ..problem });
        }
        self.with_limits(|limits| limits.take(call.counted()));
        let url = format!("{}{}", self.base, call.endpoint.path(&call.id));
        let method = call.endpoint.method();
        let authorization = match call.context {
            Context::App => format!("Bearer {}", self.credentials.bearer.expose_secret()),
            Context::User => {
                let now_s = u64::try_from(self.clock.now_ms() / 1000).unwrap_or_default();
                sign::authorization(&self.credentials.user, method.as_str(), &url, &call.query, now_s)
            }
        };
        let request = self.http.request(method, url).header(AUTHORIZATION, authorization).query(&call.query);
        Ok(match &call.body {
            Some(body) => request.json(body),
            None => request,
        })
    }

    /// Reads status and rate-limit headers; the body of a failure becomes a problem.
    async fn accept(&self, counted: Counted, response: Response) -> Result<Response, Problem> {
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = rate::retry_after(&header, self.now());
        let window = self.with_limits(|limits| limits.observe(counted, status.as_u16(), header, self.now()));
        if let Some(window) = window {
            self.observe.rate_limit(counted.0, window.remaining);
        }
        if status.is_success() {
            return Ok(response);
        }
        let body = bounded(response).await?;
        let problem = Problem::of_answer(status.as_u16(), &body);
        let rate_limited = window.map(|window| window.reset_at).filter(|_| problem.code == Code::RateLimited);
        let reset_at = rate_limited.or(retry_after.filter(|_| problem.code == Code::Server));
        Err(Problem { reset_at, ..problem })
    }

    /// The time, by the clock that came in.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }

    fn with_limits<T>(&self, use_them: impl FnOnce(&mut RateLimits) -> T) -> T {
        use_them(&mut self.limits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The token of the page after this one.
pub fn next_token(body: &Value) -> Option<String> {
    body.pointer("/meta/next_token").and_then(Value::as_str).filter(|token| !token.is_empty()).map(str::to_owned)
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network(&error))? {
        if bytes.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Problem::local(Code::Unreadable, "the answer is larger than any that X documents"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A failure below HTTP. The URL is left out: it says nothing that the endpoint does not.
pub(super) fn network(error: &reqwest::Error) -> Problem {
    let code = match (error.is_connect(), error.is_timeout()) {
        (true, _) => Code::Unreachable,
        (false, true) => Code::Deadline,
        (false, false) => Code::Network,
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Problem::local(code, &cause.to_string())
}
