//! A private Redis: a bus and a cache that may be flushed at any time, so nothing is written to disk unless asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::postgres::tail;
use crate::process::{free_port, random_word, write_secret};
use crate::tied::{Death, Identity, Output, Tie, Tied, spawn_tied};
use crate::{Error, binary};

const READY_DEADLINE: Duration = Duration::from_secs(20);
const STOP_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
/// One answer to one PING.
const PROBE_DEADLINE: Duration = Duration::from_secs(1);

/// Whether and how Redis writes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    None,
    /// An append-only file, synced once for every turn of the event loop.
    AppendAlways,
}

/// A running private Redis.
#[derive(Debug)]
pub struct Redis {
    directory: PathBuf,
    persistence: Persistence,
    password: String,
    port: u16,
    server: Tied,
}

impl Redis {
    /// Starts a server that keeps nothing.
    pub async fn start(directory: &Path) -> Result<Self, Error> {
        Self::start_with(directory, Persistence::None).await
    }

    pub async fn start_with(directory: &Path, persistence: Persistence) -> Result<Self, Error> {
        fs::create_dir_all(directory).map_err(Error::path(directory))?;
        let password = random_word()?;
        let port = free_port()?;
        let server = launch(directory, persistence, &password, port)?;
        let mut redis = Self { directory: directory.to_owned(), persistence, password, port, server };
        redis.wait_ready().await?;
        Ok(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", self.password, self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> i32 {
        self.server.pid()
    }

    pub fn log(&self) -> PathBuf {
        self.directory.join("redis.log")
    }

    pub fn kill9(&mut self) {
        self.server.kill9();
    }

    /// Starts it again on the same port, after [`Self::kill9`] or [`Self::stop`].
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.server = launch(&self.directory, self.persistence, &self.password, self.port)?;
        self.wait_ready().await
    }

    pub async fn stop(&mut self) {
        self.server.signal(Signal::SIGTERM);
        if !matches!(self.server.wait(STOP_DEADLINE).await, Ok(Some(_))) {
            self.kill9();
        }
    }

    /// Makes it forget everything, as an operator's `FLUSHALL` would.
    pub async fn flush(&self) -> Result<(), Error> {
        let failed = |source| Error::Spawn { program: "FLUSHALL".into(), source };
        let flushed = tokio::time::timeout(PROBE_DEADLINE, self.says("FLUSHALL", *b"+OK\r\n+OK\r\n")).await;
        if flushed.map_err(|_| failed(std::io::ErrorKind::TimedOut.into()))?.map_err(failed)? {
            Ok(())
        } else {
            Err(Error::Failed { program: "FLUSHALL".into(), output: "Redis refused".into() })
        }
    }

    async fn wait_ready(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < READY_DEADLINE {
            if let Ok(Some(status)) = self.server.try_wait() {
                let output = format!("{status}; {}", tail(&self.log()));
                return Err(Error::Failed { program: "redis-server".into(), output });
            }
            if matches!(tokio::time::timeout(PROBE_DEADLINE, self.answers()).await, Ok(Ok(true))) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::NotReady { program: "redis-server", waited: READY_DEADLINE, log: self.log() })
    }

    async fn answers(&self) -> std::io::Result<bool> {
        self.says("PING", *b"+OK\r\n+PONG\r\n").await
    }

    /// Whether it answers AUTH and a command as expected.
    async fn says<const N: usize>(&self, command: &str, expected: [u8; N]) -> std::io::Result<bool> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await?;
        connection.write_all(format!("AUTH {}\r\n{command}\r\n", self.password).as_bytes()).await?;
        let mut answer = [0_u8; N];
        connection.read_exact(&mut answer).await?;
        Ok(answer == expected)
    }
}

fn launch(directory: &Path, persistence: Persistence, password: &str, port: u16) -> Result<Tied, Error> {
    let missing = Error::MissingProgram { program: "redis-server", package: "redis-server" };
    let mut command = Command::new(binary::on_path("redis-server").ok_or(missing)?);
    // Everybody may read a process's arguments, and the password is among these settings.
    let appending = match persistence {
        Persistence::None => "appendonly no",
        Persistence::AppendAlways => "appendonly yes\nappendfsync always",
    };
    let settings = format!("port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave \"\"\n{appending}\n");
    let settings_path = directory.join("redis.conf");
    write_secret(&settings_path, &settings).map_err(Error::path(&settings_path))?;
    command.arg("redis.conf").arg("--dir").arg(directory).current_dir(directory);
    let log_path = directory.join("redis.log");
    let log = fs::File::options().create(true).append(true).open(&log_path).map_err(Error::path(&log_path))?;
    let tie = Tie { death: Death::Terminate, identity: Identity::Same, output: Output::File(log) };
    spawn_tied(&command, tie).map_err(|source| Error::Spawn { program: "redis-server".into(), source })
}
