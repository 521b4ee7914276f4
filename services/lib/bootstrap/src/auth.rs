//! Tokens: RS256 JWTs checked against a JWKS. Clerk issues them in production; [`LocalIssuer`] does on one machine.
//!
//! Only RS256 is believed, whatever a token's header says. A key id that is not known asks for the keys once more, at
//! most once a minute; known ones are read again every ten minutes. Verified tokens are remembered by hash for five minutes
//! at most.

mod claims;
mod keys;
mod local;
mod machine;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

use claims::Members;
pub use keys::{Keys, KeysUnavailable};
pub use local::{LocalIssuer, LocalIssuerError};
use machine::MachineKeys;
pub use machine::{MACHINE, MachineIssuer, MachineKeyError};

use crate::args::Auth;
use crate::clock::Clock;

/// Clocks of issuer and verifier may differ by this much.
const SKEW: Duration = Duration::from_secs(5);
/// Longest token that is looked at; Clerk's are below 2 KiB.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What a person or program may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Owner,
    Auctioneer,
    Producer,
    Moderator,
    Viewer,
    Auditor,
    Bidder,
}

/// A believed token's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// The party that the token was issued to.
    pub azp: String,
    pub sub: String,
    /// Seconds since the Unix epoch.
    pub exp: i64,
    pub nbf: i64,
    pub iat: i64,
    /// The numeric X account id, as text, of a bidder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_id: Option<String>,
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// `pending` means that sign-in is not finished: not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<String>,
    /// Who really acts, when somebody signed in as another person (RFC 8693): nothing may be done in that person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<serde_json::Value>,
}

/// Why a token is not believed. No variant carries any part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("the token is not a JWT")]
    Malformed,
    #[error("the token demands an extension that is not known here")]
    Critical,
    #[error("the token's claim {0} is missing")]
    ClaimMissing(&'static str),
    #[error("the token's claim {0} is not {1}")]
    ClaimInvalid(&'static str, &'static str),
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    #[error("the token is not signed with RS256")]
    Algorithm,
    #[error("the token's key is not one of the issuer's")]
    UnknownKey,
    #[error("the token's signature does not hold")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token was issued to another party")]
    Party,
    #[error("the sign-in that the token stands for is not finished")]
    Pending,
    #[error("the issuer's keys cannot be had now")]
    KeysUnavailable,
}

impl Rejected {
    /// Stable, for the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "TokenMalformed",
            Self::Critical => "TokenCritical",
            Self::ClaimMissing(_) => "TokenClaimMissing",
            Self::ClaimInvalid(_, _) => "TokenClaimInvalid",
            Self::TooLong => "TokenTooLong",
            Self::Algorithm => "TokenAlgorithm",
            Self::UnknownKey => "TokenKeyUnknown",
            Self::Signature => "TokenSignature",
            Self::Expired => "TokenExpired",
            Self::NotYetValid => "TokenNotYetValid",
            Self::Issuer => "TokenIssuer",
            Self::Party => "TokenParty",
            Self::Pending => "TokenPending",
            Self::KeysUnavailable => "KeysUnavailable",
        }
    }
}

/// Why the verifier cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Setup {
    #[error(
        "a local issuer (a JWKS file) is for loopback or a rehearsal only; bind to 127.0.0.1, or name an https URL"
    )]
    LocalIssuerExposed,
    #[error("the machine's keys are no JWKS with an RSA key that has an id")]
    MachineKeys,
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
}

/// Checks tokens. Clones share keys and memory.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<Keys>,
    /// The operator's, where it steers this process.
    machine: Option<Arc<MachineKeys>>,
    validation: Arc<Validation>,
    parties: Arc<BTreeSet<String>>,
    clock: Clock,
    verified: moka::sync::Cache<[u8; 32], Arc<Claims>>,
}

/// How many verified tokens are remembered; about 1 KB each.
const REMEMBERED_TOKENS: u64 = 10_000;
/// A remembered token is looked at again after this long even if it has not expired.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);

impl Verifier {
    /// Reads the issuer's keys for the first time.
    pub async fn new(args: &Auth, bind: IpAddr, clock: Clock) -> Result<Self, Setup> {
        let keys = Keys::new(&args.auth_jwks)?;
        if keys.are_local() && !bind.is_loopback() && !args.rehearsal {
            return Err(Setup::LocalIssuerExposed);
        }
        keys.refresh(&clock).await?;
        let machine = args.auth_machine_jwks.as_deref().map(MachineKeys::read).transpose()?;
        Ok(Self {
            keys: Arc::new(keys),
            machine: machine.map(Arc::new),
            validation: Arc::new(validation(&args.auth_issuer)),
            parties: Arc::new(args.auth_azp.iter().cloned().collect()),
            clock,
            verified: moka::sync::Cache::builder().max_capacity(REMEMBERED_TOKENS).time_to_live(REMEMBERED_FOR).build(),
        })
    }

    /// The token's claims if it is believed.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claims>, Rejected> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejected::TooLong);
        }
        let hash: [u8; 32] = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes())
            .as_ref()
            .try_into()
            .expect("32 bytes");
        if let Some(claims) = self.verified.get(&hash) {
            self.check_time(&claims)?;
            return Ok(claims);
        }
        // Boxed: asking the issuer makes a large future, and nearly every token is known.
        let claims = Arc::new(Box::pin(self.verify_anew(token)).await?);
        self.verified.insert(hash, claims.clone());
        Ok(claims)
    }

    async fn verify_anew(&self, token: &str) -> Result<Claims, Rejected> {
        let header = decode_header(token).map_err(|_| Rejected::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(Rejected::Algorithm);
        }
        // Whoever does not know what a critical member means must reject the token (RFC 7515 § 4.1.11); we know none.
        if header.crit.is_some() {
            return Err(Rejected::Critical);
        }
        let key_id = header.kid.ok_or(Rejected::UnknownKey)?;
        let machine = self.machine.as_ref().and_then(|machine| Some((machine.find(&key_id)?, &machine.validation)));
        let (decoded, is_machine) = match machine {
            Some((key, validation)) => (decode::<Members>(token, key, validation), true),
            None => (decode(token, &self.keys.find(&key_id, &self.clock).await?, &self.validation), false),
        };
        let claims = claims::read(decoded.map_err(|error| reason(error.kind()))?.claims)?;
        self.check_time(&claims)?;
        let known = if is_machine { claims.azp == MACHINE } else { self.parties.contains(&claims.azp) };
        if !known {
            return Err(Rejected::Party);
        }
        if claims.sts.as_deref() == Some("pending") {
            return Err(Rejected::Pending);
        }
        Ok(claims)
    }

    fn check_time(&self, claims: &Claims) -> Result<(), Rejected> {
        let now = self.clock.now_ms() / 1000;
        let skew = i64::try_from(SKEW.as_secs()).expect("seconds of skew fit an i64");
        if claims.exp.saturating_add(skew) <= now {
            return Err(Rejected::Expired);
        }
        if claims.nbf.saturating_sub(skew) > now { Err(Rejected::NotYetValid) } else { Ok(()) }
    }
}

/// What is checked of a token by its issuer.
fn validation(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer]);
    // Which claims there must be is checked in `claims`, where their names can be told.
    validation.set_required_spec_claims(&["iss"]);
    validation.validate_aud = false;
    // Times are checked by the caller, against the clock that was passed in.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn reason(kind: &jsonwebtoken::errors::ErrorKind) -> Rejected {
    use jsonwebtoken::errors::ErrorKind;
    // The library's enum is open: what is not named here is a token that does not parse.
    match kind {
        ErrorKind::InvalidSignature => Rejected::Signature,
        ErrorKind::InvalidIssuer => Rejected::Issuer,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => Rejected::Algorithm,
        _ => Rejected::Malformed,
    }
}

#[cfg(test)]
mod tests;
