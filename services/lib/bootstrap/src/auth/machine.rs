//! Tokens that one of our own programs gives itself: the operator signs them, and puts the public keys into the pods that it
//! makes. Nothing has to be fetched, so a live show can be steered while the people's issuer is away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, encode};

use super::{Claims, Role, Setup, validation};
use crate::clock::Clock;

/// The issuer, and the party, of machine tokens.
pub const MACHINE: &str = "sothebais-operator";

/// Signs tokens with a key of its own.
pub struct MachineIssuer {
    key: EncodingKey,
    key_id: String,
    jwks: String,
    clock: Clock,
}

/// The machine's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MachineKeyError {
    #[error("the key {path} cannot be read", path = .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{path} is no RSA private key in PEM form", path = .0.display())]
    Unreadable(PathBuf),
    #[error("a token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl MachineIssuer {
    /// Reads the private key: PEM, PKCS#8 or PKCS#1, RSA of 2048 bits or more.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, MachineKeyError> {
        let pem = std::fs::read_to_string(path).map_err(|error| MachineKeyError::Read(path.to_owned(), error))?;
        Self::from_pem(&pem, clock).ok_or_else(|| MachineKeyError::Unreadable(path.to_owned()))
    }

    fn from_pem(pem: &str, clock: Clock) -> Option<Self> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = STANDARD.decode(body).ok()?;
        let pair = KeyPair::from_pkcs8(&der).or_else(|_| KeyPair::from_der(&der)).ok()?;
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let exponent = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
        // The id follows from the key, so that two replicas agree and a new key has a new one.
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &modulus);
        let key_id = format!("machine-{}", number(&digest.as_ref()[..12]));
        let jwks = serde_json::json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": number(&modulus), "e": number(&exponent),
        }]});
        Some(Self { key, key_id, jwks: jwks.to_string(), clock })
    }

    /// The public keys, as JSON: `AUTH_MACHINE_JWKS` of those that shall believe the tokens.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// An owner's token for this machine.
    pub fn token(&self, lifetime: Duration) -> Result<String, MachineKeyError> {
        let now = self.clock.now_ms() / 1000;
        let claims = Claims {
            iss: MACHINE.into(),
            azp: MACHINE.into(),
            sub: MACHINE.into(),
            exp: now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
            nbf: now,
            iat: now,
            x_id: None,
            roles: [Role::Owner].into(),
            sts: None,
            act: None,
        };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        encode(&header, &claims, &self.key).map_err(MachineKeyError::Sign)
    }
}

/// The machine's public keys as a verifier holds them: given once, never fetched.
pub(super) struct MachineKeys {
    keys: BTreeMap<String, DecodingKey>,
    pub(super) validation: Validation,
}

impl MachineKeys {
    pub(super) fn read(jwks: &str) -> Result<Self, Setup> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| Setup::MachineKeys)?;
        let read = |key: &jsonwebtoken::jwk::Jwk| Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?));
        let keys: BTreeMap<_, _> = set.keys.iter().filter_map(read).collect();
        if keys.is_empty() {
            return Err(Setup::MachineKeys);
        }
        Ok(Self { keys, validation: validation(MACHINE) })
    }

    pub(super) fn find(&self, id: &str) -> Option<&DecodingKey> {
        self.keys.get(id)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::{LocalIssuer, Rejected, Verifier};
    use super::*;
    use crate::args::Auth;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_machines_token_is_believed_where_its_keys_are_given_and_only_for_what_it_is() -> anyhow::Result<()> {
        let (people, machine) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let clock = Clock::manual(1_800_000_000_000);
        let local = LocalIssuer::open(people.path(), clock.clone())?;
        let _other = LocalIssuer::open(machine.path(), clock.clone())?;
        let issuer = MachineIssuer::open(&machine.path().join("issuer.pem"), clock.clone())?;
        let args = |keys: Option<&str>| Auth {
            auth_jwks: local.jwks().display().to_string(),
            auth_issuer: local.issuer().into(),
            auth_azp: vec![local.party().into()],
            auth_machine_jwks: keys.map(str::to_owned),
            rehearsal: false,
        };
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let with = Verifier::new(&args(Some(issuer.jwks())), loopback, clock.clone()).await?;
        let without = Verifier::new(&args(None), loopback, clock.clone()).await?;
        let token = issuer.token(HOUR)?;
        assert!(with.verify(&token).await?.roles.contains(&Role::Owner));
        assert_eq!(without.verify(&token).await, Err(Rejected::UnknownKey));
        // The machine's key does not sign in people's names.
        let forged = LocalIssuer::open(machine.path(), clock.clone())?;
        let mut claims = forged.claims("somebody", None, &[Role::Owner], HOUR);
        claims.iss = local.issuer().into();
        let header = Header { kid: Some(issuer.key_id.clone()), ..Header::new(Algorithm::RS256) };
        assert_eq!(with.verify(&encode(&header, &claims, &issuer.key)?).await, Err(Rejected::Issuer));
        assert!(with.verify(&local.bidder_token(7, HOUR)?).await.is_ok(), "people's tokens are believed as before");
        clock.advance(3_700_000);
        assert_eq!(with.verify(&token).await, Err(Rejected::Expired));
        Ok(())
    }

    #[tokio::test]
    async fn keys_that_are_none_are_refused_at_the_start() {
        assert!(matches!(MachineKeys::read("{}"), Err(Setup::MachineKeys)));
        assert!(matches!(MachineKeys::read(r#"{"keys":[]}"#), Err(Setup::MachineKeys)));
    }
}
