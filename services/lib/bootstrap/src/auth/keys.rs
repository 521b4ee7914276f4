//! The issuer's public keys: from a file or a URL, kept, read again when they are old or when a token names one that we do
//! not know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;

use super::Rejected;
use crate::clock::Clock;

/// An unknown key id may be a forger's: the issuer is asked at most this often.
const REFRESH_AT_MOST_EVERY_MS: i64 = 60_000;

/// An issuer that could not be asked is asked again after this long.
const RETRY_EVERY_MS: i64 = 5_000;

/// Keys are read again after this long, so that one that was withdrawn is not believed for longer.
const REREAD_EVERY_MS: i64 = 10 * 60_000;

/// Keys that could not be read again for so long are believed no more: a withdrawal may have been missed.
const BELIEVED_FOR_MS: i64 = 24 * 60 * 60_000;

/// One request's share of the wait for the issuer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// A key set is a few kilobytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Url(String),
}

/// The keys by id.
pub struct Keys {
    place: Place,
    known: ArcSwap<Known>,
    /// Held by who asks the issuer: the others wait for the answer, or go on with the keys that are known.
    asked: tokio::sync::Mutex<Asked>,
    client: reqwest::Client,
}

struct Known {
    keys: BTreeMap<String, DecodingKey>,
    read_at_ms: i64,
}

/// The last attempt to read the keys.
struct Asked {
    at_ms: i64,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Read,
    Failed,
}

/// The keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeysUnavailable {
    #[error("the JWKS file {path} cannot be read", path = .0.display())]
    File(PathBuf, #[source] std::io::Error),
    #[error("the JWKS cannot be fetched")]
    Fetch(#[source] reqwest::Error),
    #[error("the JWKS was answered with status {0}")]
    Status(u16),
    #[error("the JWKS is longer than {MAX_KEY_SET_BYTES} bytes")]
    TooLong,
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
        // A redirect would let whoever controls it choose whose keys are believed.
        let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(KeysUnavailable::Fetch)?;
        let known = ArcSwap::from_pointee(Known { keys: BTreeMap::new(), read_at_ms: i64::MIN });
        let asked = tokio::sync::Mutex::new(Asked { at_ms: i64::MIN, outcome: Outcome::Failed });
        Ok(Self { place, known, asked, client })
    }

    /// Whether they are a file on this machine: a local issuer's.
    pub fn are_local(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// The key with this id. The issuer is asked anew when it is unknown or when the keys are old, not more often than the
    /// last attempt allows.
    pub(super) async fn find(&self, id: &str, clock: &Clock) -> Result<DecodingKey, Rejected> {
        let age = |known: &Known, clock: &Clock| clock.now_ms().saturating_sub(known.read_at_ms);
        let known = self.known.load_full();
        if let Some(key) = known.keys.get(id) {
            if age(&known, clock) < REREAD_EVERY_MS {
                return Ok(key.clone());
            }
            // One request reads them again; those beside it go on with what is known.
            let Ok(mut asked) = self.asked.try_lock() else { return Ok(key.clone()) };
            self.ask(&mut asked, RETRY_EVERY_MS, clock).await;
        } else {
            let mut asked = self.asked.lock().await;
            if !self.known.load().keys.contains_key(id) {
                self.ask(&mut asked, REFRESH_AT_MOST_EVERY_MS, clock).await;
                if asked.outcome == Outcome::Failed {
                    return Err(Rejected::KeysUnavailable);
                }
            }
        }
        let known = self.known.load_full();
        if age(&known, clock) >= BELIEVED_FOR_MS {
            return Err(Rejected::KeysUnavailable);
        }
        known.keys.get(id).cloned().ok_or(Rejected::UnknownKey)
    }

    /// Reads the keys again unless the last attempt is younger than `every_ms`, or than a failure's pause.
    async fn ask(&self, asked: &mut Asked, every_ms: i64, clock: &Clock) {
        let pause = match asked.outcome {
            Outcome::Read => every_ms,
            Outcome::Failed => RETRY_EVERY_MS,
        };
        if clock.now_ms().saturating_sub(asked.at_ms) < pause {
            return;
        }
        let outcome = match self.read(clock).await {
            Ok(()) => Outcome::Read,
            Err(error) => {
                tracing::warn!(error = %crate::chain(&error), "the issuer's keys cannot be had");
                Outcome::Failed
            }
        };
        *asked = Asked { at_ms: clock.now_ms(), outcome };
    }

    /// Reads the keys for the first time.
    pub async fn refresh(&self, clock: &Clock) -> Result<(), KeysUnavailable> {
        let mut asked = self.asked.lock().await;
        self.read(clock).await?;
        *asked = Asked { at_ms: clock.now_ms(), outcome: Outcome::Read };
        Ok(())
    }

    async fn read(&self, clock: &Clock) -> Result<(), KeysUnavailable> {
        let text = match &self.place {
            Place::File(path) => {
                tokio::fs::read(path).await.map_err(|error| KeysUnavailable::File(path.clone(), error))?
            }
            Place::Url(url) => self.fetch(url).await?,
        };
        let set: JwkSet = serde_json::from_slice(&text).map_err(KeysUnavailable::Malformed)?;
        let keys = set.keys.iter().filter_map(|jwk| {
            let id = jwk.common.key_id.clone()?;
            matches!(jwk.algorithm, jsonwebtoken::jwk::AlgorithmParameters::RSA(_))
                .then(|| DecodingKey::from_jwk(jwk).ok().map(|key| (id, key)))?
        });
        let keys: BTreeMap<_, _> = keys.collect();
        if keys.is_empty() {
            return Err(KeysUnavailable::Empty);
        }
        self.known.store(Arc::new(Known { keys, read_at_ms: clock.now_ms() }));
        Ok(())
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, KeysUnavailable> {
        let mut answer = self.client.get(url).send().await.map_err(KeysUnavailable::Fetch)?;
        if !answer.status().is_success() {
            return Err(KeysUnavailable::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(KeysUnavailable::Fetch)? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_KEY_SET_BYTES {
                return Err(KeysUnavailable::TooLong);
            }
        }
        Ok(body)
    }
}

fn is_this_machine(rest: &str) -> bool {
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    matches!(host, "127.0.0.1" | "localhost")
}
