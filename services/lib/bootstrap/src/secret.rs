//! Secrets: from a file or the environment, in a type that does not print.

use std::path::{Path, PathBuf};

pub use secrecy::{ExposeSecret, SecretString};

/// Why a secret could not be had. The value is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum BadSecret {
    #[error("the secret's file {path} could not be read", path = .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("the secret's file {path} is empty", path = .0.display())]
    Empty(PathBuf),
}

/// Reads a secret from a file; surrounding white space, such as an editor's last newline, is dropped.
pub fn from_file(path: &Path) -> Result<SecretString, BadSecret> {
    let text = std::fs::read_to_string(path).map_err(|source| BadSecret::Unreadable(path.to_owned(), source))?;
    match text.trim() {
        "" => Err(BadSecret::Empty(path.to_owned())),
        secret => Ok(SecretString::from(secret.to_owned())),
    }
}

/// The secret itself if given, else the one in the file if that is given.
pub fn from_either(value: Option<SecretString>, file: Option<&Path>) -> Result<Option<SecretString>, BadSecret> {
    match (value, file) {
        (Some(value), _) => Ok(Some(value)),
        (None, Some(file)) => from_file(file).map(Some),
        (None, None) => Ok(None),
    }
}
