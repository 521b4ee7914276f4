//! What the house does over a worker's public API: bidders in, shows on, lots ended.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use wire::rest::{AuctionView, StatusBody};
use wire::socket::{LotState, Price};

use super::show::{Bidders, Show};

/// Lots open within a tick of the worker once the manifest is in.
const OPEN_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);
/// A lease that another left behind lasts two seconds.
const SERVING_DEADLINE: Duration = Duration::from_secs(20);
/// A worker that is paused or dead answers nothing; one that serves answers at once.
const STATUS_DEADLINE: Duration = Duration::from_millis(300);

/// The house's way to a worker's API.
pub struct House<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) api: String,
    pub(super) token: &'a str,
}

impl House<'_> {
    /// Imports the bidders, active and without limits.
    pub(super) async fn register(&self, bidders: Bidders) -> anyhow::Result<()> {
        let lines: Vec<String> =
            bidders.ids().map(|id| json!({"x_id": id.to_string(), "handle": format!("b{id}")}).to_string()).collect();
        let request = self.http.post(format!("{}/v1/bidders/import", self.api)).bearer_auth(self.token);
        let answer = request.header("content-type", "application/x-ndjson").body(lines.join("\n")).send().await?;
        succeeded(answer).await
    }

    /// Puts the manifests and waits until every lot is open.
    pub(super) async fn put_on(&self, shows: &[Show]) -> anyhow::Result<()> {
        let now = bootstrap::clock::Clock::System.now();
        let manifests: Vec<Value> = shows.iter().map(|show| show.manifest(now)).collect();
        let body = json!({"generation": 1, "auctions": manifests});
        let request = self.http.put(format!("{}/v1/spec", self.api)).bearer_auth(self.token);
        succeeded(request.json(&body).send().await?).await?;
        for show in shows {
            self.wait_until(show, |lot| lot.state == LotState::Open).await?;
        }
        Ok(())
    }

    /// Waits until every lot of the show is as wanted, and returns them.
    pub async fn wait_until(&self, show: &Show, wanted: impl Fn(&Price) -> bool) -> anyhow::Result<Vec<Price>> {
        let begun = Instant::now();
        let mut lots = Vec::new();
        while begun.elapsed() < OPEN_DEADLINE {
            lots = self.lots(show).await?;
            if !lots.is_empty() && lots.iter().all(&wanted) {
                return Ok(lots);
            }
            tokio::time::sleep(POLL).await;
        }
        let states: Vec<_> = lots.iter().map(|lot| lot.state).collect();
        bail!("the lots of {} did not get on within {} s; they are {states:?}", show.name, OPEN_DEADLINE.as_secs())
    }

    /// The show's lots as the engine sees them; none while it has not heard of the show.
    async fn lots(&self, show: &Show) -> anyhow::Result<Vec<Price>> {
        let answer = self.http.get(format!("{}/v1/auctions/{}", self.api, show.name)).send().await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let view: AuctionView = answer.error_for_status()?.json().await?;
        Ok(view.lots)
    }

    /// Whether the worker holds its shard and answers in time.
    pub async fn serves(&self) -> bool {
        let request = self.http.get(format!("{}/v1/status", self.api)).timeout(STATUS_DEADLINE);
        let Ok(Ok(answer)) = request.send().await.map(reqwest::Response::error_for_status) else { return false };
        answer.json::<StatusBody>().await.is_ok_and(|status| status.epoch > 0)
    }

    /// Waits until the worker holds its shard.
    pub(super) async fn wait_serving(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !self.serves().await {
            if begun.elapsed() > SERVING_DEADLINE {
                bail!("the worker did not get its lease within {} s", SERVING_DEADLINE.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Ends a lot now.
    pub async fn end_lot(&self, show: &Show, lot: u32) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/v1/auctions/{}/commands", self.api, show.name));
        let request = request.bearer_auth(self.token).header("idempotency-key", format!("end-{}-{lot}", show.name));
        succeeded(request.json(&json!({"command": "end_lot", "lot": lot})).send().await?).await
    }
}

async fn succeeded(answer: reqwest::Response) -> anyhow::Result<()> {
    let status = answer.status();
    let text = answer.text().await.context("reading the answer")?;
    anyhow::ensure!(status.is_success(), "{status}: {text}");
    Ok(())
}
