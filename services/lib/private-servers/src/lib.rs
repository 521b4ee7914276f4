//! Private servers: a PostgreSQL, a Redis and an RTMP server of one's own, from the machine's installed binaries.
//!
//! One machine's show, the tests, the drills and the benchmarks run on these. Each server has its own data directory, a
//! free port and a password of its own, and it dies with the process that started it, however that one dies.

mod binary;
pub mod postgres;
mod process;
pub mod redis;
mod rtmp;
mod tied;

pub use postgres::Postgres;
pub use process::free_port;
pub use redis::Redis;
pub use rtmp::Rtmp;
pub use tied::{Death, Identity, Output, Tie, Tied, spawn_tied};

use std::path::PathBuf;
use std::time::Duration;

/// Why a private server could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{program} is not installed; on Debian: apt-get install {package}")]
    MissingProgram { program: &'static str, package: &'static str },
    #[error("{program} could not be started")]
    Spawn { program: String, source: std::io::Error },
    #[error("{program} failed: {output}")]
    Failed { program: String, output: String },
    #[error("{program} did not answer within {} s; its log is {}", waited.as_secs(), log.display())]
    NotReady { program: &'static str, waited: Duration, log: PathBuf },
    #[error("{path} could not be used", path = path.display())]
    Path { path: PathBuf, source: std::io::Error },
    #[error("there is no user \"{0}\" to run PostgreSQL as (it refuses to run as root)")]
    NoUser(&'static str),
    #[error(
        "PostgreSQL runs as {user}, who may not walk through {directory}; allow it (chmod o+x), or use another directory",
        directory = directory.display()
    )]
    Unreachable { user: &'static str, directory: PathBuf },
    #[error("no free port could be had")]
    NoPort(#[source] std::io::Error),
}

impl Error {
    fn path(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Path { path, source }
    }
}
