//! Finds installed programs: on the path, or where Debian keeps versioned ones.

use std::path::{Path, PathBuf};

use crate::Error;

/// Where Debian keeps PostgreSQL's server programs, one directory a major version.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";
/// Directories looked through besides the versioned ones.
const PROGRAM_DIRECTORIES: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"];

/// The newest PostgreSQL program of that name.
pub(crate) fn postgres(program: &'static str) -> Result<PathBuf, Error> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN_POSTGRES)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin").join(program))))
        .filter(|(_, path)| path.is_file())
        .collect();
    versions.sort();
    match versions.pop() {
        Some((_, path)) => Ok(path),
        None => on_path(program).ok_or(Error::MissingProgram { program, package: "postgresql" }),
    }
}

/// A program in one of the usual directories.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    PROGRAM_DIRECTORIES.iter().map(|directory| Path::new(directory).join(program)).find(|path| path.is_file())
}
