//! One engine worker as a child process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bootstrap::ports::Ports;
use nix::sys::signal::Signal;
use private_servers::{Death, Identity, Output, Tie, Tied, spawn_tied};

/// From the start of the process to its ports being bound.
const BOUND_DEADLINE: Duration = Duration::from_secs(30);
/// A graceful stop hands the lease back and flushes the relay.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);

/// A running worker.
pub struct Worker {
    process: Tied,
    ports: Ports,
    shard: String,
    log: PathBuf,
}

/// The engine that was built with this program.
pub fn engine_beside_us() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("auction-engine");
    anyhow::ensure!(path.is_file(), "{} is missing; build it: cargo build --release -p auction-engine", path.display());
    Ok(path)
}

impl Worker {
    pub(super) async fn start(
        engine: &Path,
        (shard, name): (&str, &str),
        directory: &Path,
        variables: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let ports_file = directory.join(format!("{name}.ports"));
        fs::remove_file(&ports_file).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let log = directory.join(format!("{name}.log"));
        let mut command = Command::new(engine);
        command.args(["worker", "--shard", shard, "--ports-file"]).arg(&ports_file).current_dir(directory);
        command.envs(variables.iter().map(|(name, value)| (name, value.as_str())));
        command.envs([("AUCTION_ENGINE_PORT", "0"), ("LOG_FORMAT", "json"), ("RUST_LOG", "info")]);
        let output = Output::File(File::options().create(true).append(true).open(&log)?);
        let tie = Tie { death: Death::Kill, identity: Identity::Same, output };
        let mut process = spawn_tied(&command, tie).with_context(|| format!("starting {}", engine.display()))?;
        let ports = bound(&mut process, &ports_file, &log).await?;
        Ok(Self { process, ports, shard: shard.to_owned(), log })
    }

    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// The shard that it serves or waits for.
    pub fn shard(&self) -> &str {
        &self.shard
    }

    /// The base of its REST API.
    pub fn api(&self) -> String {
        format!("http://{}", self.http_address())
    }

    pub fn http_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.api)
    }

    pub fn socket_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.ws)
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Stops it in the middle of whatever it does, until [`Self::resume`].
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }

    /// Asks it to end, and ends it when it does not.
    pub async fn stop(&mut self) {
        self.process.signal(Signal::SIGTERM);
        if !matches!(self.process.wait(STOP_DEADLINE).await, Ok(Some(_))) {
            self.process.kill9();
        }
    }
}

async fn bound(process: &mut Tied, ports_file: &Path, log: &Path) -> anyhow::Result<Ports> {
    let begun = Instant::now();
    while begun.elapsed() < BOUND_DEADLINE {
        if let Ok(text) = fs::read_to_string(ports_file) {
            return serde_json::from_str(&text).context("the ports file is not JSON");
        }
        if let Some(status) = process.try_wait()? {
            let said = fs::read_to_string(log).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(5).collect();
            bail!("the engine ended at once ({status}): {}", last.into_iter().rev().collect::<Vec<_>>().join(" | "));
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("the engine bound no ports within {} s; its log is {}", BOUND_DEADLINE.as_secs(), log.display())
}
