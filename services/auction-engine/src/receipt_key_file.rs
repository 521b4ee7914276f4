//! The receipt key's file: 32 bytes in hexadecimal, readable by its owner alone.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use alloy_primitives::hex;
use k256::ecdsa::SigningKey;

/// What to do about a key file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Refuse,
    /// Rehearsals and one-machine shows make their own.
    Create,
}

/// Why there is no receipt key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadKeyFile {
    #[error("the receipt key {} is not there; a rehearsal makes one with --create-receipt-key", .0.display())]
    Missing(PathBuf),
    #[error("the receipt key {} could not be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the receipt key {} could not be made", path.display())]
    Create { path: PathBuf, source: std::io::Error },
    #[error("{} is no receipt key: write 64 hexadecimal digits", .0.display())]
    NotAKey(PathBuf),
}

/// Loads the key, or makes one where that is allowed.
pub(crate) fn load(path: &Path, missing: Missing) -> Result<SigningKey, BadKeyFile> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let not_a_key = || BadKeyFile::NotAKey(path.to_owned());
            let bytes = hex::decode(text.trim()).map_err(|_| not_a_key())?;
            SigningKey::from_slice(&bytes).map_err(|_| not_a_key())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match missing {
            Missing::Refuse => Err(BadKeyFile::Missing(path.to_owned())),
            Missing::Create => create(path).map_err(|source| BadKeyFile::Create { path: path.to_owned(), source }),
        },
        Err(source) => Err(BadKeyFile::Read { path: path.to_owned(), source }),
    }
}

fn create(path: &Path) -> std::io::Result<SigningKey> {
    let mut bytes = [0; 32];
    let key = loop {
        fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        // All but one in 2^128 numbers are keys.
        if let Ok(key) = SigningKey::from_slice(&bytes) {
            break key;
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", hex::encode(bytes))?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_then_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("receipt.key");
        assert!(matches!(load(&path, Missing::Refuse), Err(BadKeyFile::Missing(_))));
        let made = load(&path, Missing::Create).unwrap();
        assert_eq!(made, load(&path, Missing::Refuse).unwrap());
    }

    #[test]
    fn a_file_of_words_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("receipt.key");
        fs::write(&path, "correct horse").unwrap();
        assert!(matches!(load(&path, Missing::Create), Err(BadKeyFile::NotAKey(_))));
    }
}
