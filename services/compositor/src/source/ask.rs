//! What the socket does not tell: titles, lengths, the house's handle. Asked once each, over HTTP.

use std::time::Duration;

use auction_core::{AuctionId, LotNumber};
use serde::de::DeserializeOwned;
use url::Url;
use wire::rest::{AuctionView, LotView};

/// The engine answers from memory.
const DEADLINE: Duration = Duration::from_secs(3);

pub(super) struct Catalogue {
    http: reqwest::Client,
    engine: Url,
}

impl Catalogue {
    pub(super) fn new(engine: Url) -> anyhow::Result<Self> {
        Ok(Self { http: reqwest::Client::builder().timeout(DEADLINE).build()?, engine })
    }

    pub(super) async fn auction(&self, auction: &AuctionId) -> anyhow::Result<AuctionView> {
        self.get(&format!("v1/auctions/{auction}")).await
    }

    pub(super) async fn lot(&self, auction: &AuctionId, lot: LotNumber) -> anyhow::Result<LotView> {
        self.get(&format!("v1/auctions/{auction}/lots/{lot}")).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let url = self.engine.join(path)?;
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }
}
