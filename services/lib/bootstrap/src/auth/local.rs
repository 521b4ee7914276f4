//! An issuer of one's own for one machine and rehearsals: a key pair in a directory, and a `jwks.json` beside it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::{Claims, Role};
use crate::clock::Clock;

/// The issuer's name in its tokens.
const ISSUER: &str = "https://local.sothebais.test";
/// The party that its tokens are issued to.
const PARTY: &str = "sothebais-local";
const KEY_ID: &str = "local-1";

/// Issues tokens that a verifier pointed at [`Self::jwks`] believes.
pub struct LocalIssuer {
    key: EncodingKey,
    jwks: PathBuf,
    clock: Clock,
}

/// The issuer's keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum LocalIssuerError {
    #[error("{path} cannot be used", path = .0.display())]
    Path(PathBuf, #[source] std::io::Error),
    #[error("no RSA key could be made")]
    Generate(#[source] aws_lc_rs::error::Unspecified),
    #[error("the signing key in {path} is not a PEM key; delete the directory to make a new one", path = .0.display())]
    Unreadable(PathBuf, #[source] jsonwebtoken::errors::Error),
    #[error("a token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl LocalIssuer {
    /// The issuer whose keys are in `directory`; they are made the first time.
    pub fn open(directory: &Path, clock: Clock) -> Result<Self, LocalIssuerError> {
        let (pem_path, jwks) = (directory.join("issuer.pem"), directory.join("jwks.json"));
        let path = |path: &Path| {
            let path = path.to_owned();
            move |error| LocalIssuerError::Path(path, error)
        };
        if !pem_path.exists() {
            fs::create_dir_all(directory).map_err(path(directory))?;
            let (pem, key_set) = generate().map_err(LocalIssuerError::Generate)?;
            fs::write(&jwks, key_set).map_err(path(&jwks))?;
            write_secret(&pem_path, pem.as_bytes()).map_err(path(&pem_path))?;
        }
        let pem = fs::read(&pem_path).map_err(path(&pem_path))?;
        let key = EncodingKey::from_rsa_pem(&pem).map_err(|error| LocalIssuerError::Unreadable(pem_path, error))?;
        Ok(Self { key, jwks, clock })
    }

    /// The key set's file: `AUTH_JWKS` of the services.
    pub fn jwks(&self) -> &Path {
        &self.jwks
    }

    /// `AUTH_ISSUER` of the services.
    pub fn issuer(&self) -> &'static str {
        ISSUER
    }

    /// `AUTH_AZP` of the services.
    pub fn party(&self) -> &'static str {
        PARTY
    }

    /// A token for a bidder.
    pub fn bidder_token(&self, x_id: u64, lifetime: Duration) -> Result<String, LocalIssuerError> {
        self.token(&format!("x:{x_id}"), Some(x_id), &[Role::Bidder], lifetime)
    }

    /// A token for somebody with these roles.
    pub fn token(
        &self,
        subject: &str,
        x_id: Option<u64>,
        roles: &[Role],
        lifetime: Duration,
    ) -> Result<String, LocalIssuerError> {
        self.sign(&self.claims(subject, x_id, roles, lifetime))
    }

    /// The claims that [`Self::token`] signs.
    pub fn claims(&self, subject: &str, x_id: Option<u64>, roles: &[Role], lifetime: Duration) -> Claims {
        let now = self.clock.now_ms() / 1000;
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        Claims {
            iss: ISSUER.into(),
            azp: PARTY.into(),
            sub: subject.into(),
            exp: now.saturating_add(lifetime),
            nbf: now,
            iat: now,
            x_id: x_id.map(|id| id.to_string()),
            roles: roles.iter().copied().collect(),
            sts: None,
            act: None,
        }
    }

    /// A token with exactly these claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, LocalIssuerError> {
        let header = Header { kid: Some(KEY_ID.into()), ..Header::new(Algorithm::RS256) };
        encode(&header, claims, &self.key).map_err(LocalIssuerError::Sign)
    }
}

/// Writes a new file that was never anybody else's to read, not even for a moment.
fn write_secret(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(secret)
}

/// A new key pair: the private key as PEM, the public one as a JWKS.
fn generate() -> Result<(String, String), aws_lc_rs::error::Unspecified> {
    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der()?;
    let body = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key_set = serde_json::json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "n": number(pair.public_key().modulus().big_endian_without_leading_zero()),
        "e": number(pair.public_key().exponent().big_endian_without_leading_zero()),
    }]});
    Ok((pem, key_set.to_string()))
}
