//! The cluster as the commands read it.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use operator_api::{Auction, Stream, labels};

use crate::args::Place;
use crate::trouble::Trouble;

/// How long an API server may take for one answer before the command gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The answer of an API server that does not know a kind.
const NOT_FOUND: u16 = 404;

pub(crate) struct Cluster {
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

impl Cluster {
    /// Connects as kubectl would.
    pub(crate) async fn connect(place: &Place) -> anyhow::Result<Self> {
        let options = KubeConfigOptions { context: place.context.clone(), ..KubeConfigOptions::default() };
        let config = match &place.kubeconfig {
            Some(path) => Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await,
            None => Config::from_kubeconfig(&options).await,
        };
        let mut config = config.map_err(|error| Trouble::NoCluster(error.into()))?;
        config.read_timeout.get_or_insert(PATIENCE);
        config.connect_timeout.get_or_insert(PATIENCE);
        let namespace = place.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        Ok(Self { client: Client::try_from(config)?, namespace })
    }

    pub(crate) fn auctions(&self) -> Api<Auction> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn streams(&self) -> Api<Stream> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The auction of that name.
    pub(crate) async fn auction(&self, name: &str) -> anyhow::Result<Auction> {
        match self.auctions().get_opt(name).await {
            Ok(Some(auction)) => Ok(auction),
            Ok(None) => {
                // A kind that nobody serves is a 404 as well.
                self.auctions().list(&ListParams::default().limit(1)).await.map_err(no_definitions)?;
                Err(Trouble::NoAuction { name: name.to_owned(), namespace: self.namespace.clone() }.into())
            }
            Err(error) => Err(no_definitions(error)),
        }
    }

    /// The stream that shows an auction, if it has one and that exists.
    pub(crate) async fn stream_of(&self, auction: &Auction) -> anyhow::Result<Option<Stream>> {
        match stream_name(auction) {
            Some(name) => Ok(self.streams().get_opt(&name).await?),
            None => Ok(None),
        }
    }

    /// The pods of an auction and of its stream, by name.
    pub(crate) async fn pods_of(&self, auction: &Auction) -> anyhow::Result<Vec<Pod>> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace);
        let name = auction.metadata.name.clone().unwrap_or_default();
        let mut selectors = vec![format!("{}={name}", labels::AUCTION)];
        selectors.extend(stream_name(auction).map(|stream| format!("{}={stream}", labels::STREAM)));
        let mut found = Vec::new();
        for selector in selectors {
            found.extend(pods.list(&ListParams::default().labels(&selector)).await?.items);
        }
        found.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        found.dedup_by(|a, b| a.metadata.name == b.metadata.name);
        Ok(found)
    }
}

/// The stream that an auction shows on: by its status, else by its spec.
pub(crate) fn stream_name(auction: &Auction) -> Option<String> {
    let told = auction.status.as_ref().and_then(|status| status.stream_ref.as_ref()).map(|stream| stream.name.clone());
    told.or_else(|| {
        let stream = auction.spec.stream.as_ref()?;
        match &stream.reference {
            Some(reference) => Some(reference.name.clone()),
            None => auction.metadata.name.clone(),
        }
    })
}

/// Says what a 404 for a whole kind means.
pub(crate) fn no_definitions(error: kube::Error) -> anyhow::Error {
    match error {
        kube::Error::Api(status) if status.code == NOT_FOUND => Trouble::NoDefinitions.into(),
        other => other.into(),
    }
}
