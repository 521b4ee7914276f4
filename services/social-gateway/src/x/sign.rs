//! The signature of OAuth 1.0a (RFC 5849, HMAC-SHA1) for a call in the name of the house's account.

use std::num::NonZeroU64;

use bootstrap::secret::ExposeSecret as _;
use oauth1_request::{Builder, HmacSha1, ParameterList, Token};

use super::credentials::UserKeys;

/// The `Authorization` header of a call. `url` is without the query; JSON bodies are not part of a signature.
pub fn authorization(keys: &UserKeys, method: &str, url: &str, query: &[(&'static str, String)], now_s: u64) -> String {
    signed(keys, (method, url), query, now_s, None)
}

fn signed(
    keys: &UserKeys,
    (method, url): (&str, &str),
    query: &[(&'static str, String)],
    now_s: u64,
    nonce: Option<&str>,
) -> String {
    let token = Token::from_parts(
        keys.api_key.expose_secret(),
        keys.api_secret_key.expose_secret(),
        keys.access_token.expose_secret(),
        keys.access_token_secret.expose_secret(),
    );
    let parameters = ParameterList::new(query.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>());
    let mut builder = Builder::<_, &str, &str>::with_token(token, HmacSha1::new());
    builder.timestamp(NonZeroU64::new(now_s)).version(true).nonce(nonce);
    builder.authorize(method, url, &parameters)
}

#[cfg(test)]
mod tests {
    use bootstrap::secret::SecretString;

    use super::*;

    /// X's own worked example ("Creating a signature").
    #[test]
    fn the_worked_example_of_the_documents_gives_its_signature() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let keys = UserKeys {
            api_key: secret("xvz1evFS4wEEPTGEFPHBog"),
            api_secret_key: secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
            access_token: secret("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            access_token_secret: secret("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
        };
        let query = [
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!".to_owned()),
            ("include_entities", "true".to_owned()),
        ];
        let call = ("POST", "https://api.twitter.com/1.1/statuses/update.json");
        let nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
        let header = signed(&keys, call, &query, 1_318_622_958, Some(nonce));
        assert!(header.contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""), "{header}");
    }
}
