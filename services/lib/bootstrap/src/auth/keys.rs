//! The issuer's public keys: from a file or a URL, kept, asked for again when a token names one we do not know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;

use super::Rejected;
use crate::clock::Clock;

/// An unknown key id may be a forger's: the issuer is asked at most this often.
const REFRESH_AT_MOST_EVERY_MS: i64 = 60_000;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Url(String),
}

/// The keys by id.
pub struct Keys {
    place: Place,
    known: ArcSwap<BTreeMap<String, DecodingKey>>,
    refreshed_at_ms: AtomicI64,
    client: reqwest::Client,
}

/// The keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeysUnavailable {
    #[error("the JWKS file {path} cannot be read", path = .0.display())]
    File(PathBuf, #[source] std::io::Error),
    #[error("the JWKS cannot be fetched")]
    Fetch(#[source] reqwest::Error),
    #[error("the JWKS is not a key set")]
    Malformed(#[source] serde_json::Error),
    #[error("the JWKS must come by https (or http from this machine), or from a file")]
    Insecure,
    #[error("the JWKS holds no RSA key with an id")]
    Empty,
}

impl Keys {
    /// `place` is an https URL, an http URL of this machine, or a path.
    pub fn new(place: &str) -> Result<Self, KeysUnavailable> {
        let place = match place.split_once("://") {
            Some(("https", _)) => Place::Url(place.to_owned()),
            Some(("http", rest)) if is_this_machine(rest) => Place::Url(place.to_owned()),
            Some(("file", path)) => Place::File(path.into()),
            Some(_) => return Err(KeysUnavailable::Insecure),
            None => Place::File(place.into()),
        };
        crate::install_crypto();
        let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).build().map_err(KeysUnavailable::Fetch)?;
        let known = ArcSwap::default();
        Ok(Self { place, known, refreshed_at_ms: AtomicI64::new(i64::MIN), client })
    }

    /// Whether they are a file on this machine: a local issuer's.
    pub fn are_local(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// The key with this id; asks the issuer anew when it is unknown and the last time is long enough ago.
    pub(super) async fn find(&self, id: &str, clock: &Clock) -> Result<DecodingKey, Rejected> {
        if let Some(key) = self.known.load().get(id) {
            return Ok(key.clone());
        }
        let last = self.refreshed_at_ms.load(Ordering::SeqCst);
        if clock.now_ms().saturating_sub(last) < REFRESH_AT_MOST_EVERY_MS {
            return Err(Rejected::UnknownKey);
        }
        self.refresh(clock).await.map_err(|error| {
            tracing::warn!(error = %error, "the issuer's keys cannot be had");
            Rejected::KeysUnavailable
        })?;
        self.known.load().get(id).cloned().ok_or(Rejected::UnknownKey)
    }

    /// Reads the keys again.
    pub async fn refresh(&self, clock: &Clock) -> Result<(), KeysUnavailable> {
        self.refreshed_at_ms.store(clock.now_ms(), Ordering::SeqCst);
        let text = match &self.place {
            Place::File(path) => {
                tokio::fs::read_to_string(path).await.map_err(|error| KeysUnavailable::File(path.clone(), error))?
            }
            Place::Url(url) => {
                let answer = self.client.get(url).send().await.map_err(KeysUnavailable::Fetch)?;
                answer
                    .error_for_status()
                    .map_err(KeysUnavailable::Fetch)?
                    .text()
                    .await
                    .map_err(KeysUnavailable::Fetch)?
            }
        };
        let set: JwkSet = serde_json::from_str(&text).map_err(KeysUnavailable::Malformed)?;
        let keys = set.keys.iter().filter_map(|jwk| {
            let id = jwk.common.key_id.clone()?;
            matches!(jwk.algorithm, jsonwebtoken::jwk::AlgorithmParameters::RSA(_))
                .then(|| DecodingKey::from_jwk(jwk).ok().map(|key| (id, key)))?
        });
        let keys: BTreeMap<_, _> = keys.collect();
        if keys.is_empty() {
            return Err(KeysUnavailable::Empty);
        }
        self.known.store(keys.into());
        Ok(())
    }
}

fn is_this_machine(rest: &str) -> bool {
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    matches!(host, "127.0.0.1" | "localhost")
}
