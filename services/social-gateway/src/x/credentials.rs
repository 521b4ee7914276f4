//! The house's credentials for X: read once, from the environment or from files, never printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bootstrap::secret::{self, BadSecret, ExposeSecret as _, SecretString};

/// What proves to X who we are.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// OAuth 2.0, the app alone: streams and rules.
    pub bearer: SecretString,
    /// OAuth 1.0a, the house's account: mentions and replies.
    pub user: UserKeys,
}

/// The four parts of OAuth 1.0a.
#[derive(Debug, Clone)]
pub struct UserKeys {
    pub api_key: SecretString,
    pub api_secret_key: SecretString,
    pub access_token: SecretString,
    pub access_token_secret: SecretString,
}

/// Why the credentials are not complete.
#[derive(Debug, thiserror::Error)]
pub enum BadCredentials {
    #[error("the credential {name} is missing: set X_{name}, or X_{name}_FILE to a file that holds it")]
    Missing { name: &'static str },
    #[error("the credential {name} cannot be used")]
    Secret { name: &'static str, source: BadSecret },
    #[error("the credentials file {path} cannot be read", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
}

/// The prefixes of the environment names, the first one first.
const PREFIXES: [&str; 2] = ["X", "TWITTER"];

impl Credentials {
    /// Reads all five by `lookup`, which gives an environment variable's value: `X_BEARER_TOKEN`, or the path in
    /// `X_BEARER_TOKEN_FILE`, or the same with the prefix `TWITTER_`; likewise the others.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BadCredentials> {
        let one = |name: &'static str| {
            let spelt = move |prefix| {
                // The secret of the API key has two names in X's own pages.
                [name, name.strip_suffix("_SECRET_KEY").map_or(name, |_| "API_SECRET")].map(|name| (prefix, name))
            };
            let named = |suffix: &str| {
                let mut names = PREFIXES.into_iter().flat_map(spelt);
                names.find_map(|(prefix, name)| lookup(&format!("{prefix}_{name}{suffix}")))
            };
            let value = named("").filter(|text| !text.trim().is_empty());
            let file = named("_FILE");
            secret::from_either(value.map(SecretString::from), file.as_deref().map(Path::new))
                .map_err(|source| BadCredentials::Secret { name, source })?
                .ok_or(BadCredentials::Missing { name })
        };
        Ok(Self {
            bearer: one("BEARER_TOKEN")?,
            user: UserKeys {
                api_key: one("API_KEY")?,
                api_secret_key: one("API_SECRET_KEY")?,
                access_token: one("ACCESS_TOKEN")?,
                access_token_secret: one("ACCESS_TOKEN_SECRET")?,
            },
        })
    }

    /// What the X emulator takes unless it is told otherwise; worth nothing anywhere else.
    pub fn rehearsal() -> Self {
        let known = |name: &str| SecretString::from(format!("rehearsal-{name}"));
        Self {
            bearer: known("bearer"),
            user: UserKeys {
                api_key: known("key"),
                api_secret_key: known("secret"),
                access_token: known("access"),
                access_token_secret: known("access-secret"),
            },
        }
    }
}

/// Credentials by their environment names, in one file: a JSON object, or `NAME=value` lines with comments after `#`. Or a
/// directory with a file for each, as a mounted Secret is.
#[derive(Default)]
pub struct CredentialsFile(BTreeMap<String, SecretString>);

impl CredentialsFile {
    /// Reads the file or directory at `path`.
    pub fn read(path: &Path) -> Result<Self, BadCredentials> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            |source| BadCredentials::File { path, source }
        };
        if path.is_dir() {
            return Self::read_directory(path).map_err(unreadable(path));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable(path))?;
        if let Ok(object) = serde_json::from_str::<BTreeMap<String, String>>(&text) {
            return Ok(Self(object.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect()));
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once('='));
        let trimmed = |text: &str| text.trim().trim_matches('"').to_owned();
        Ok(Self(pairs.map(|(name, value)| (trimmed(name), SecretString::from(trimmed(value)))).collect()))
    }

    fn read_directory(directory: &Path) -> std::io::Result<Self> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // A mounted Secret keeps its versions beside the files, under names with a dot.
            if !name.starts_with('.') && path.is_file() {
                let value = std::fs::read_to_string(&path)?;
                found.insert(name.to_owned(), SecretString::from(value.trim().to_owned()));
            }
        }
        Ok(Self(found))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.expose_secret().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(without: &str, prefix: &str) -> Result<Credentials, BadCredentials> {
        Credentials::read(|name| {
            let bare = name.strip_prefix(prefix)?.strip_prefix('_')?;
            let known = ["BEARER_TOKEN", "API_KEY", "API_SECRET_KEY", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"];
            (known.contains(&bare) && bare != without).then(|| format!("secret-{bare}"))
        })
    }

    #[test]
    fn both_prefixes_name_all_five() {
        for prefix in PREFIXES {
            let credentials = read("", prefix).unwrap();
            assert_eq!(credentials.bearer.expose_secret(), "secret-BEARER_TOKEN");
            assert_eq!(credentials.user.access_token_secret.expose_secret(), "secret-ACCESS_TOKEN_SECRET");
        }
    }

    #[test]
    fn a_missing_credential_is_named() {
        let error = read("API_KEY", "X").unwrap_err();
        assert!(error.to_string().contains("X_API_KEY_FILE"), "{error}");
    }

    #[test]
    fn a_file_of_either_form_names_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        for text in ["# ours\nX_API_KEY = \"k\"\n\n", r#"{"X_API_KEY":"k"}"#] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(CredentialsFile::read(&path).unwrap().get("X_API_KEY").as_deref(), Some("k"), "{text}");
        }
        assert!(matches!(CredentialsFile::read(&directory.path().join("none")), Err(BadCredentials::File { .. })));
    }

    #[test]
    fn a_mounted_secret_names_them_by_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let version = directory.path().join("..2026_11_24");
        std::fs::create_dir(&version).unwrap();
        std::fs::write(version.join("X_API_KEY"), "k\n").unwrap();
        std::os::unix::fs::symlink(&version, directory.path().join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/X_API_KEY", directory.path().join("X_API_KEY")).unwrap();
        let read = CredentialsFile::read(directory.path()).unwrap();
        assert_eq!((read.get("X_API_KEY").as_deref(), read.get("..data")), (Some("k"), None));
    }

    #[test]
    fn credentials_do_not_print() {
        assert!(!format!("{:?}", read("", "X").unwrap()).contains("secret-"));
    }
}
