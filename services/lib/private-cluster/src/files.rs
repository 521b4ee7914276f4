//! Small facts about files: private ones, logs, their last lines.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::Error;

/// How much of a log an error message repeats.
const TAIL_LINES: usize = 5;

/// Writes a file that is nobody else's to read from its first moment on; one that is there is replaced.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::path(path)(error)),
        Ok(()) | Err(_) => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(Error::path(path))?;
    file.write_all(text.as_bytes()).map_err(Error::path(path))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::path(path))
}

pub(crate) fn create_directory(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::path(path))
}

/// A log, opened to be appended to.
pub(crate) fn open_log(path: &Path) -> Result<File, Error> {
    File::options().create(true).append(true).open(path).map_err(Error::path(path))
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(TAIL_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
