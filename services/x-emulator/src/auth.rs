//! Who asks: OAuth 1.0a user context with its signature really checked, an OAuth 2 user token, or the app's bearer
//! token. Wrong credentials of any sort are all the same 401; right ones of the wrong sort are a 403 of the endpoint.

mod oauth1;

pub use oauth1::{Nonces, SignedRequest, decode_form};

use sha2::{Digest, Sha256};

use crate::id::UserId;

/// The credentials that the stand-in accepts.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The app's consumer key and secret.
    pub consumer: Pair,
    /// The house's OAuth 1.0a access token and secret.
    pub access: Pair,
    /// The app's bearer token.
    pub bearer: String,
    /// The house's OAuth 2 user token.
    pub user_token: String,
    /// What the crowd's tokens are made from.
    pub crowd_secret: String,
    /// The house's account.
    pub house: UserId,
}

/// A key and its secret.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The public half.
    pub key: String,
    /// The secret half.
    pub secret: String,
}

/// By which scheme somebody proved who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// OAuth 1.0a user context.
    OAuth1User,
    /// OAuth 2 user context.
    OAuth2User,
    /// OAuth 2 application-only.
    AppOnly,
}

impl Scheme {
    /// X's name in error answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::OAuth1User => "OAuth 1.0a User Context",
            Self::OAuth2User => "OAuth 2.0 User Context",
            Self::AppOnly => "OAuth 2.0 Application-Only",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The app itself.
    App,
    /// The house's account.
    House(Scheme),
    /// A person of the crowd.
    Person(UserId),
}

impl Caller {
    /// How the caller proved it.
    pub fn scheme(self) -> Scheme {
        match self {
            Self::App => Scheme::AppOnly,
            Self::House(scheme) => scheme,
            Self::Person(_) => Scheme::OAuth2User,
        }
    }
}

/// The credentials are missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials are missing or wrong")]
pub struct Unauthorized;

impl Credentials {
    /// The bearer token of a person of the crowd: anybody who knows the crowd's secret can make it.
    pub fn crowd_token(secret: &str, user: UserId) -> String {
        let digest = Sha256::digest(format!("crowd:{secret}:{user}").as_bytes());
        let half = digest.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        format!("crowd-{user}-{half:032x}")
    }

    /// Checks an `Authorization` header against the request that it came with.
    pub fn check(&self, request: &SignedRequest, nonces: &mut Nonces, now_ms: i64) -> Result<Caller, Unauthorized> {
        let header = request.authorization.ok_or(Unauthorized)?;
        let (scheme, rest) = header.split_once(' ').ok_or(Unauthorized)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            self.check_bearer(rest.trim())
        } else if scheme.eq_ignore_ascii_case("oauth") {
            oauth1::check(self, rest, request, nonces, now_ms).map(|()| Caller::House(Scheme::OAuth1User))
        } else {
            Err(Unauthorized)
        }
    }

    fn check_bearer(&self, token: &str) -> Result<Caller, Unauthorized> {
        if equal(token, &self.bearer) {
            return Ok(Caller::App);
        }
        if equal(token, &self.user_token) {
            return Ok(Caller::House(Scheme::OAuth2User));
        }
        let person = token.strip_prefix("crowd-").and_then(|rest| rest.split_once('-'));
        let person: UserId = person.and_then(|(id, _)| id.parse().ok()).ok_or(Unauthorized)?;
        let right = equal(token, &Self::crowd_token(&self.crowd_secret, person));
        if right { Ok(Caller::Person(person)) } else { Err(Unauthorized) }
    }
}

/// Compares without telling by its time where the difference lies.
fn equal(given: &str, expected: &str) -> bool {
    let same = |text: &str| Sha256::digest(text.as_bytes());
    !expected.is_empty() && same(given) == same(expected)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn credentials() -> Credentials {
        let pair = |key: &str, secret: &str| Pair { key: key.into(), secret: secret.into() };
        Credentials {
            consumer: pair("api-key", "api-secret"),
            access: pair("access-token", "access-secret"),
            bearer: "app-bearer".into(),
            user_token: "house-user-token".into(),
            crowd_secret: "crowd".into(),
            house: UserId(1),
        }
    }

    fn bearer(token: &str) -> Result<Caller, Unauthorized> {
        let header = format!("Bearer {token}");
        let request =
            SignedRequest { method: "GET", base_url: "http://x/2/users/me", query: "", authorization: Some(&header) };
        credentials().check(&request, &mut Nonces::default(), 0)
    }

    #[test]
    fn bearer_tokens_tell_app_house_and_crowd_apart() {
        assert_eq!(bearer("app-bearer"), Ok(Caller::App));
        assert_eq!(bearer("house-user-token"), Ok(Caller::House(Scheme::OAuth2User)));
        let token = Credentials::crowd_token("crowd", UserId(77));
        assert_eq!(bearer(&token), Ok(Caller::Person(UserId(77))));
    }

    #[test]
    fn forged_and_foreign_tokens_are_refused() {
        let token = Credentials::crowd_token("crowd", UserId(77)).replace("77", "78");
        assert_eq!(bearer(&token), Err(Unauthorized));
        assert_eq!(bearer(""), Err(Unauthorized));
        assert_eq!(bearer("crowd-"), Err(Unauthorized));
    }
}
