//! What a machine asks of its engine worker over the public API: the spec, the status, the bidders.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use operator_api::Auction;
use reqwest::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::rest::{BidAnswer, BidRequest};

use crate::trouble::Trouble;

/// The code of an answer that says no by the rules; what is asked must change before it is asked again.
const REFUSED: &str = "EngineRefused";
/// The code of an answer that says no to the request itself: no right to it, no such thing, too many.
const NOT_TAKEN: &str = "RequestNotTaken";
/// A worker answers in milliseconds; a spec of many lots or an import of many bidders is one commit or a few.
const DEADLINE: Duration = Duration::from_secs(30);

/// A worker, and a token for it.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Host and port of the API and of the WebSocket.
    api: String,
    socket: String,
    token: String,
    client: reqwest::Client,
}

impl Engine {
    /// `api` and `socket` are `host:port`; `token` is an owner's.
    pub fn new(api: String, socket: String, token: String) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(DEADLINE).no_proxy().build()?;
        Ok(Self { api, socket, token, client })
    }

    /// Behind a proxy at `proxy`, which knows it by `host`.
    pub fn behind(proxy: SocketAddr, host: &str, token: String) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(DEADLINE).no_proxy().resolve(host, proxy).build()?;
        Ok(Self { api: host.to_owned(), socket: host.to_owned(), token, client })
    }

    /// The same worker by the token of somebody else.
    #[must_use]
    pub fn for_somebody(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// Whether the error is an answer that says no.
    pub fn is_refusal(error: &anyhow::Error) -> bool {
        error.downcast_ref::<Trouble>().is_some_and(|trouble| [REFUSED, NOT_TAKEN].contains(&trouble.code))
    }

    /// Whether the error is the verdict of the rules.
    pub fn is_judged(error: &anyhow::Error) -> bool {
        error.downcast_ref::<Trouble>().is_some_and(|trouble| trouble.code == REFUSED)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Where viewers watch.
    pub fn watch_url(&self) -> String {
        format!("ws://{}/v1/ws", self.socket)
    }

    /// Hands the worker its auctions.
    pub async fn put_spec(&self, generation: i64, auctions: &[Auction]) -> anyhow::Result<wire::rest::SpecAnswer> {
        let body = serde_json::json!({"generation": generation, "auctions": auctions});
        self.send("the spec", self.client.put(format!("{}/v1/spec", self.url())).json(&body)).await
    }

    /// What the worker serves.
    pub async fn status(&self) -> anyhow::Result<wire::rest::StatusBody> {
        self.get("/v1/status").await
    }

    /// Reads anything under the engine's address.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(path, self.client.get(format!("{}{path}", self.url()))).await
    }

    /// Sends a body as JSON and reads the answer.
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> anyhow::Result<T> {
        self.send(path, self.client.post(format!("{}{path}", self.url())).json(body)).await
    }

    /// Places a bid; the same `key` again is the same bid.
    pub async fn bid(&self, auction: &str, bid: &BidRequest, key: &str) -> anyhow::Result<BidAnswer> {
        let request = self.client.post(format!("{}/v1/auctions/{auction}/bids", self.url()));
        self.send("a bid", request.header("idempotency-key", key).json(bid)).await
    }

    /// Registers bidders, all or none.
    pub async fn import(&self, bidders: &[wire::rest::BidderLine]) -> anyhow::Result<wire::rest::ImportReport> {
        let mut lines = Vec::new();
        for bidder in bidders {
            serde_json::to_writer(&mut lines, bidder).context("a bidder cannot be written as JSON")?;
            lines.push(b'\n');
        }
        let request = self.client.post(format!("{}/v1/bidders/import", self.url()));
        self.send("the bidders", request.header("content-type", "application/x-ndjson").body(lines)).await
    }

    async fn send<T: DeserializeOwned>(&self, what: &str, request: reqwest::RequestBuilder) -> anyhow::Result<T> {
        let sent = request.bearer_auth(&self.token).send().await;
        let answer = sent.with_context(|| format!("the engine did not answer about {what}"))?;
        if answer.status().is_success() {
            return answer.json().await.with_context(|| format!("the engine's answer about {what} is not understood"));
        }
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let field = |name: &str| problem.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let detail = field("detail").unwrap_or(text);
        let code = field("code").unwrap_or_else(|| status.to_string());
        let message = format!("the engine refused {what} ({code}): {detail}");
        let kind = match status {
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => REFUSED,
            status if status.is_server_error() => "EngineUnavailable",
            _ => NOT_TAKEN,
        };
        Err(Trouble::new(kind, message, field("remedy").unwrap_or_else(|| "see its log".to_owned())).into())
    }
}
