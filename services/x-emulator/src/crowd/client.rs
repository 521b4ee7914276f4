//! The crowd's hands: one HTTP client that posts with each person's own bearer token, one post after the other, so that
//! the order is the script's and a slow X slows the crowd. Refusals are counted, faults retried.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::auth::Credentials;
use crate::chance::Chance;
use crate::id::{PostId, UserId};

/// One request takes longer only if X hangs.
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);

/// The first wait after a fault; it doubles.
const FIRST_PAUSE_MS: i64 = 50;

/// The longest wait after a fault: a rehearsal has no time for X's fifteen minutes.
const LONGEST_PAUSE_MS: i64 = 5_000;

/// A post is given up after so many faults.
const MOST_TRIES: u32 = 12;

/// Sentences of refusals that are kept for the report.
const MOST_SENTENCES: usize = 10;

/// What the crowd's client tells the stand-in of a recorded post, in the `x-emulator-as` header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct As {
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<PostId>,
    /// The time of making, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at_ms: Option<i64>,
    /// The post that it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<PostId>,
    /// The post that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<PostId>,
    /// The post that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<PostId>,
    /// The post that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<PostId>,
    /// Code points at the start that X does not show.
    #[serde(skip_serializing_if = "is_zero")]
    pub hidden: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A request to X.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// `POST /2/tweets`.
    Post {
        /// The body.
        body: Value,
        /// What the stand-in is told beside it.
        recorded: As,
    },
    /// `DELETE /2/tweets/{id}`.
    Delete(PostId),
}

/// What became of the crowd's requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Posts made.
    pub posted: u64,
    /// Posts deleted.
    pub deleted: u64,
    /// Requests that X refused.
    pub refused: u64,
    /// Requests given up after too many faults.
    pub given_up: u64,
    /// Faults that were retried.
    pub retried: u64,
    /// The first refusals' sentences.
    pub sentences: Vec<String>,
}

/// The crowd's client.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    secret: String,
    chance: Chance,
    /// What became of the requests so far.
    pub tally: Tally,
}

enum Outcome {
    Done(Option<PostId>),
    Refused(String),
    Fault(Option<i64>),
}

impl Client {
    /// A client of the X at `base`, such as `http://127.0.0.1:4700`.
    pub fn new(base: &str, crowd_secret: &str, seed: u64) -> reqwest::Result<Self> {
        bootstrap::install_crypto();
        let http = reqwest::Client::builder().timeout(REQUEST_DEADLINE).tcp_nodelay(true).build()?;
        let (base, secret) = (base.trim_end_matches('/').to_owned(), crowd_secret.to_owned());
        Ok(Self { http, base, secret, chance: Chance::new(seed, 4), tally: Tally::default() })
    }

    /// Makes the request in the person's name until it is done, refused or given up; tells the id of a post.
    pub async fn ask(&mut self, person: UserId, ask: &Ask, stopping: &CancellationToken) -> Option<PostId> {
        for attempt in 0..MOST_TRIES {
            match self.once(person, ask).await {
                Outcome::Done(id) => {
                    match ask {
                        Ask::Post { .. } => self.tally.posted += 1,
                        Ask::Delete(_) => self.tally.deleted += 1,
                    }
                    return id;
                }
                Outcome::Refused(sentence) => {
                    self.tally.refused += 1;
                    if self.tally.sentences.len() < MOST_SENTENCES {
                        self.tally.sentences.push(sentence);
                    }
                    return None;
                }
                Outcome::Fault(asked_ms) => {
                    self.tally.retried += 1;
                    let pause = self.pause(attempt, asked_ms);
                    tokio::select! {
                        () = stopping.cancelled() => return None,
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
        }
        self.tally.given_up += 1;
        None
    }

    async fn once(&self, person: UserId, ask: &Ask) -> Outcome {
        let token = Credentials::crowd_token(&self.secret, person);
        let request = match ask {
            Ask::Post { body, recorded } => {
                let header = json!(recorded).to_string();
                self.http.post(format!("{}/2/tweets", self.base)).json(body).header("x-emulator-as", header)
            }
            Ask::Delete(id) => self.http.delete(format!("{}/2/tweets/{id}", self.base)),
        };
        let Ok(response) = request.bearer_auth(token).send().await else { return Outcome::Fault(None) };
        let (status, reset) = (response.status(), reset_s(response.headers()));
        let Ok(body) = response.json::<Value>().await else { return Outcome::Fault(None) };
        if status.is_success() {
            return Outcome::Done(body["data"]["id"].as_str().and_then(|id| id.parse().ok()));
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Outcome::Fault(reset.map(|_| LONGEST_PAUSE_MS).filter(|_| !status.is_server_error()));
        }
        Outcome::Refused(format!("{status}: {}", body["detail"].as_str().unwrap_or("no detail")))
    }

    /// Doubles from the first pause to the longest, with jitter of a half.
    fn pause(&mut self, attempt: u32, asked_ms: Option<i64>) -> Duration {
        let grown = FIRST_PAUSE_MS.saturating_mul(1 << attempt.min(16)).min(LONGEST_PAUSE_MS);
        let whole = asked_ms.map_or(grown, |asked| asked.min(grown));
        Duration::from_millis(self.chance.between(whole / 2, whole).unsigned_abs())
    }
}

fn reset_s(headers: &HeaderMap) -> Option<i64> {
    headers.get("x-rate-limit-reset").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok())
}
