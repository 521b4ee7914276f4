//! What must not leave the cluster. Pure.
//!
//! Two nets: the values of the namespace's Secrets, wherever they stand, as they are and in base64; and what looks like a secret
//! by its name or its form, for the case that Secrets may not be read.

use serde_json::Value;

/// What stands in the place of a secret.
const STRUCK: &str = "«struck out»";

/// Values shorter than this are no secrets worth the name, and striking them out would leave nothing readable.
const SHORTEST: usize = 6;

/// Members of an object whose values are never shown.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "streamkey", "privatekey", "credential"];

/// Members that only repeat others, and in which secrets hide.
const REPEATING: [&str; 2] = ["managedFields", "kubectl.kubernetes.io/last-applied-configuration"];

pub(super) struct Redactor {
    /// Longest first, so that a value that contains another goes whole.
    values: Vec<String>,
}

impl Redactor {
    /// `values` are the Secrets' own, as text.
    pub(super) fn new(values: &[String]) -> Self {
        // A file often ends with a newline, and what is used of it does not.
        let parts = values.iter().flat_map(|value| [value.as_str(), value.trim()]);
        let mut values: Vec<String> = parts
            .filter(|value| value.len() >= SHORTEST)
            .flat_map(|value| [value.to_owned(), base64(value.as_bytes())])
            .collect();
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// Cleans a resource in place.
    pub(super) fn clean(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !REPEATING.contains(&name.as_str()));
                let named = members.get("name").and_then(Value::as_str).is_some_and(is_secret_name);
                for (name, member) in members.iter_mut() {
                    let secret = is_secret_name(name) || (named && name == "value");
                    match member {
                        // Only texts: `secretKeyRef` names an object, and names are no secrets.
                        Value::String(text) if secret => STRUCK.clone_into(text),
                        other => self.clean(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Strikes secrets out of a text.
    pub(super) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for value in &self.values {
            if clean.contains(value.as_str()) {
                clean = clean.replace(value.as_str(), STRUCK);
            }
        }
        let mut after_bearer = false;
        let words = clean.split_inclusive(is_break).map(|part| {
            let struck = if after_bearer { strike(part) } else { word(part) };
            after_bearer = part.trim_end_matches(is_break).eq_ignore_ascii_case("bearer");
            struck
        });
        words.collect()
    }
}

/// Whether a member or a variable of that name holds a secret. `secretName` and its like hold the name of one.
fn is_secret_name(name: &str) -> bool {
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let names_one = ["name", "ref", "secrets", "file", "path", "class", "credentialssecretref"]
        .iter()
        .any(|end| flat.ends_with(end));
    SECRET_WORDS.iter().any(|word| flat.contains(word)) && !names_one
}

const fn is_break(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '"' | '\'' | ',' | '`')
}

/// Strikes out what looks like a secret by its form; a word ends with the character that broke it off.
fn word(word: &str) -> String {
    let bare = word.trim_end_matches(is_break);
    if is_token(bare) { strike(word) } else { without_credentials(bare) + &word[bare.len()..] }
}

/// Strikes a word out and keeps what broke it off.
fn strike(word: &str) -> String {
    format!("{STRUCK}{}", &word[word.trim_end_matches(is_break).len()..])
}

/// Three parts of base64url, the first of which begins as JSON does.
fn is_token(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    let base64url =
        |part: &&str| part.len() > 2 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    word.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(base64url)
}

/// `scheme://user:password@host` without user and password, and `?key=value` without the value.
fn without_credentials(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let rest = match rest[..authority].rfind('@') {
        Some(at) => format!("{STRUCK}{}", &rest[at..]),
        None => rest.to_owned(),
    };
    let rest = match rest.split_once('?') {
        Some((path, query)) => {
            let parts = query.split('&').map(|part| match part.split_once('=') {
                Some((name, _)) if is_secret_name(name) || name.eq_ignore_ascii_case("key") => {
                    format!("{name}={STRUCK}")
                }
                Some(_) | None => part.to_owned(),
            });
            format!("{path}?{}", parts.collect::<Vec<_>>().join("&"))
        }
        None => rest,
    };
    format!("{scheme}://{rest}")
}

/// Base64 as Secrets carry their values.
fn base64(bytes: &[u8]) -> String {
    let encoded = serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec()));
    encoded.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clean(mut value: Value) -> Value {
        Redactor::new(&[]).clean(&mut value);
        value
    }

    #[test]
    fn values_go_by_the_name_of_their_member_and_references_stay() {
        let cleaned = clean(json!({
            "apiKey": "abc", "password": "abc", "streamKeySecretRef": {"name": "x-live", "key": "stream-key"},
            "secretName": "cert", "tokenFile": "/var/run/token", "title": "The Secret Garden",
            "env": [{"name": "X_ACCESS_TOKEN", "value": "abc"}, {"name": "REDIS_URL", "value": "redis://:pw@r:6379/0"}],
        }));
        assert_eq!(
            cleaned,
            json!({
                "apiKey": STRUCK, "password": STRUCK, "streamKeySecretRef": {"name": "x-live", "key": "stream-key"},
                "secretName": "cert", "tokenFile": "/var/run/token", "title": "The Secret Garden",
                "env": [
                    {"name": "X_ACCESS_TOKEN", "value": STRUCK},
                    {"name": "REDIS_URL", "value": format!("redis://{STRUCK}@r:6379/0")},
                ],
            })
        );
    }

    #[test]
    fn texts_lose_tokens_and_credentials_and_keep_the_rest() {
        let redactor = Redactor::new(&["s3cr3t-value\n".to_owned(), "on".to_owned()]);
        assert_eq!(redactor.text("got s3cr3t-value on time"), format!("got {STRUCK} on time"));
        assert_eq!(redactor.text("token eyJhbGci.eyJzdWIi.c2ln, then"), format!("token {STRUCK}, then"));
        assert_eq!(
            redactor.text("GET https://a/b?x=1&token=abc 200"),
            format!("GET https://a/b?x=1&token={STRUCK} 200")
        );
        assert_eq!(redactor.text("lot 3 sold for 1.5 ETH\n"), "lot 3 sold for 1.5 ETH\n");
    }
}
