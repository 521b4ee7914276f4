//! OAuth 1.0a as RFC 5849 has it: the signature over method, address and all parameters is computed anew and compared,
//! the time must be near, a nonce works once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{Credentials, Unauthorized, equal};

/// How far the request's time may lie from ours: X's own tolerance is five minutes.
const MOST_SKEW_MS: i64 = 5 * 60 * 1000;

/// Nonces remembered at most; the oldest seconds go first.
const MOST_NONCES: usize = 100_000;

/// The longest header that is parsed.
const LONGEST_HEADER: usize = 4096;

/// What a signature covers.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// Scheme, host and path, without query.
    pub base_url: &'a str,
    /// The raw query.
    pub query: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// The nonces that were used, by the second of their request.
#[derive(Debug, Default)]
pub struct Nonces(BTreeSet<(i64, String)>);

impl Nonces {
    fn is_new(&mut self, at_s: i64, nonce: &str) -> bool {
        while self.0.len() >= MOST_NONCES {
            self.0.pop_first();
        }
        self.0.insert((at_s, nonce.to_owned()))
    }
}

/// Checks the parameters after `OAuth ` in the header.
pub(super) fn check(
    credentials: &Credentials,
    header: &str,
    request: &SignedRequest,
    nonces: &mut Nonces,
    now_ms: i64,
) -> Result<(), Unauthorized> {
    let parameters = header_parameters(header)?;
    let get = |name: &str| parameters.get(name).map(String::as_str).ok_or(Unauthorized);
    let timestamp: i64 = get("oauth_timestamp")?.parse().map_err(|_| Unauthorized)?;
    let near = timestamp.checked_mul(1000).is_some_and(|at| (at.saturating_sub(now_ms)).abs() <= MOST_SKEW_MS);
    let version = parameters.get("oauth_version").is_none_or(|v| v == "1.0");
    let method = get("oauth_signature_method")? == "HMAC-SHA1";
    let keys = equal(get("oauth_consumer_key")?, &credentials.consumer.key)
        && equal(get("oauth_token")?, &credentials.access.key);
    if !(near && version && method && keys) {
        return Err(Unauthorized);
    }
    let expected = signature(&parameters, request, &credentials.consumer.secret, &credentials.access.secret);
    let fits = equal(get("oauth_signature")?, &expected);
    if fits && nonces.is_new(timestamp, get("oauth_nonce")?) { Ok(()) } else { Err(Unauthorized) }
}

fn header_parameters(header: &str) -> Result<BTreeMap<String, String>, Unauthorized> {
    if header.len() > LONGEST_HEADER {
        return Err(Unauthorized);
    }
    let mut parameters = BTreeMap::new();
    for part in header.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or(Unauthorized)?;
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or(Unauthorized)?;
        let twice = parameters.insert(decode(name), decode(value)).is_some();
        if twice {
            return Err(Unauthorized);
        }
    }
    Ok(parameters)
}

fn signature(
    header: &BTreeMap<String, String>,
    request: &SignedRequest,
    consumer_secret: &str,
    token_secret: &str,
) -> String {
    let signed = header.iter().filter(|(name, _)| *name != "oauth_signature" && *name != "realm");
    let mut pairs: Vec<(String, String)> = signed.map(|(name, value)| (encode(name), encode(value))).collect();
    for part in request.query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        pairs.push((encode(&decode_form(name)), encode(&decode_form(value))));
    }
    pairs.sort();
    let joined: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let base = format!("{}&{}&{}", request.method.to_uppercase(), encode(request.base_url), encode(&joined.join("&")));
    let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(base.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Percent-encodes as RFC 5849 asks: everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        out
    })
}

/// Decodes a name or value of a query: `%xx` and `+` for a blank.
pub fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::credentials;
    use crate::auth::{Caller, Pair, Scheme};

    /// The worked example of X's page "Creating a signature", with the keys and the signature printed there.
    #[test]
    fn the_example_of_the_documentation_verifies() {
        let parameters: BTreeMap<String, String> = [
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let request = SignedRequest {
            method: "post",
            base_url: "https://api.twitter.com/1.1/statuses/update.json",
            query: "include_entities=true",
            authorization: None,
        };
        let secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw";
        let token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE";
        assert_eq!(signature(&parameters, &request, secret, token_secret), "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
    }

    const URL: &str = "http://127.0.0.1:4700/2/users/7/mentions";
    const AT_S: u64 = 1_795_500_000;

    fn header(secret: &str, at_s: u64, nonce: &str) -> String {
        let token = oauth1_request::Token::from_parts("api-key", secret, "access-token", "access-secret");
        let query = oauth1_request::ParameterList::new([("tweet.fields", "author_id,created_at")]);
        let mut builder = oauth1_request::Builder::with_token(token, oauth1_request::HMAC_SHA1);
        builder.nonce(nonce).timestamp(std::num::NonZeroU64::new(at_s).unwrap());
        builder.get(URL, &query)
    }

    fn verdict(header: &str, query: &str, nonces: &mut Nonces) -> Result<Caller, Unauthorized> {
        let request = SignedRequest { method: "GET", base_url: URL, query, authorization: Some(header) };
        credentials().check(&request, nonces, i64::try_from(AT_S).unwrap() * 1000)
    }

    const QUERY: &str = "tweet.fields=author_id%2Ccreated_at";

    #[test]
    fn a_signature_of_another_implementation_verifies_once() {
        let mut nonces = Nonces::default();
        let header = header("api-secret", AT_S, "n1");
        assert_eq!(verdict(&header, QUERY, &mut nonces), Ok(Caller::House(Scheme::OAuth1User)));
        assert_eq!(verdict(&header, QUERY, &mut nonces), Err(Unauthorized));
    }

    #[test]
    fn wrong_secret_query_time_and_form_are_refused() {
        let mut nonces = Nonces::default();
        assert!(verdict(&header("wrong", AT_S, "n1"), QUERY, &mut nonces).is_err());
        assert!(verdict(&header("api-secret", AT_S, "n2"), "tweet.fields=author_id", &mut nonces).is_err());
        assert!(verdict(&header("api-secret", AT_S - 301, "n3"), QUERY, &mut nonces).is_err());
        assert!(verdict("OAuth nonsense", QUERY, &mut nonces).is_err());
        assert!(verdict("OAuth oauth_nonce=\"%\"", QUERY, &mut nonces).is_err());
    }

    #[test]
    fn unset_secrets_verify_nothing() {
        let none = Pair { key: String::new(), secret: String::new() };
        let open = Credentials { bearer: String::new(), consumer: none.clone(), access: none, ..credentials() };
        let request = SignedRequest { method: "GET", base_url: URL, query: "", authorization: Some("Bearer ") };
        assert!(open.check(&request, &mut Nonces::default(), 0).is_err());
    }
}
