//! A private PostgreSQL: fsync, `synchronous_commit` and `full_page_writes` on, password login, loopback and socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, User, chown};

use crate::process::{any_alive, children_of, free_port, kill_all, random_word, write_secret};
use crate::tied::{Death, Identity, Output, Tie, Tied, spawn_tied};
use crate::{Error, binary};

/// A crash recovery of a benchmark's log can take a while on a busy machine.
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// A fast shutdown writes a checkpoint.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// The user that runs the server when we are root: PostgreSQL refuses to.
const UNPRIVILEGED_USER: &str = "postgres";
/// Durable by default; a caller may add to it (later settings win).
const SETTINGS: [(&str, &str); 8] = [
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "200"),
    ("shared_buffers", "256MB"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("max_wal_size", "4GB"),
    ("log_min_messages", "warning"),
];

/// A running private PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    directory: PathBuf,
    settings: Vec<(String, String)>,
    identity: Identity,
    password: String,
    port: u16,
    server: Tied,
}

impl Postgres {
    /// Starts a server on `directory`, which is initialised when it holds no cluster yet.
    pub async fn start(directory: &Path) -> Result<Self, Error> {
        Self::start_with(directory, &[]).await
    }

    /// The same with further settings (`name`, `value`).
    pub async fn start_with(directory: &Path, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let identity = identity()?;
        prepare_directory(directory, &identity)?;
        let password = password(directory)?;
        if !directory.join("data/PG_VERSION").exists() {
            init_cluster(directory, &identity)?;
        }
        let port = free_port()?;
        let settings: Vec<_> = settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let server = launch(directory, &settings, &identity, port)?;
        let mut postgres = Self { directory: directory.to_owned(), settings, identity, password, port, server };
        postgres.wait_ready().await?;
        Ok(postgres)
    }

    /// A connection URL for the superuser and the database `postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// A connection URL for another database.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> i32 {
        self.server.pid()
    }

    /// The postmaster and its children: what the server's CPU time is the sum of.
    pub fn pids(&self) -> Vec<i32> {
        let mut pids = vec![self.pid()];
        pids.extend(children_of(self.pid()));
        pids
    }

    /// The path of an installed client or server program of the same version.
    pub fn program(name: &'static str) -> Result<PathBuf, Error> {
        binary::postgres(name)
    }

    pub fn log(&self) -> PathBuf {
        self.directory.join("postgres.log")
    }

    /// Kills every process of the server at once; nothing gets a chance to flush.
    pub async fn kill9(&mut self) {
        let children = children_of(self.pid());
        self.server.kill9();
        kill_all(&children);
        while any_alive(&children) {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts it again on the same port, after [`Self::kill9`] or [`Self::stop`].
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.server = launch(&self.directory, &self.settings, &self.identity, self.port)?;
        self.wait_ready().await
    }

    /// A fast shutdown: sessions are ended, a checkpoint is written.
    pub async fn stop(&mut self) {
        self.server.signal(Signal::SIGINT);
        if !matches!(self.server.wait(STOP_DEADLINE).await, Ok(Some(_))) {
            self.kill9().await;
        }
    }

    async fn wait_ready(&mut self) -> Result<(), Error> {
        let program = binary::postgres("pg_isready")?;
        let begun = Instant::now();
        while begun.elapsed() < READY_DEADLINE {
            if let Ok(Some(status)) = self.server.try_wait() {
                let output = format!("{status}; {}", tail(&self.log()));
                return Err(Error::Failed { program: "postgres".into(), output });
            }
            let mut probe = Command::new(&program);
            probe.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            std::os::unix::process::CommandExt::process_group(&mut probe, 0);
            if probe.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::NotReady { program: "postgres", waited: READY_DEADLINE, log: self.log() })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let children = children_of(self.pid());
        self.server.kill9();
        kill_all(&children);
    }
}

fn identity() -> Result<Identity, Error> {
    if !Uid::effective().is_root() {
        return Ok(Identity::Same);
    }
    let user = User::from_name(UNPRIVILEGED_USER).ok().flatten().ok_or(Error::NoUser(UNPRIVILEGED_USER))?;
    Ok(Identity::User { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
}

/// Makes the directory and lets the server's user reach and own it.
fn prepare_directory(directory: &Path, identity: &Identity) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(Error::path(directory))?;
    let Identity::User { uid, gid } = identity else { return Ok(()) };
    let owned = |path: &Path| chown(path, Some(Uid::from_raw(*uid)), Some(Gid::from_raw(*gid)));
    owned(directory).map_err(|errno| Error::path(directory)(errno.into()))?;
    // The server's user must be able to walk down to its directory. Temporary directories are private to root and ours to
    // open (for walking through, not for reading); any other one is somebody's decision.
    let temporary = std::env::temp_dir();
    for parent in directory.ancestors().skip(1) {
        let Ok(metadata) = fs::metadata(parent) else { continue };
        let mode = metadata.permissions().mode();
        if mode & 0o001 != 0 || metadata.uid() == *uid {
            continue;
        }
        if !parent.starts_with(&temporary) || parent == temporary {
            return Err(Error::Unreachable { user: UNPRIVILEGED_USER, directory: parent.to_owned() });
        }
        fs::set_permissions(parent, fs::Permissions::from_mode(mode | 0o011)).map_err(Error::path(parent))?;
    }
    Ok(())
}

/// The superuser's password, made at first start and kept beside the cluster.
fn password(directory: &Path) -> Result<String, Error> {
    let path = directory.join("password");
    if !path.exists() {
        write_secret(&path, &random_word()?).map_err(Error::path(&path))?;
        if let Ok(Identity::User { uid, gid }) = identity() {
            chown(&path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
                .map_err(|errno| Error::path(&path)(errno.into()))?;
        }
    }
    fs::read_to_string(&path).map_err(Error::path(&path))
}

fn init_cluster(directory: &Path, identity: &Identity) -> Result<(), Error> {
    let program = binary::postgres("initdb")?;
    let mut command = Command::new(&program);
    command.arg("-D").arg(directory.join("data"));
    command.args(["-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
    command.arg(format!("--pwfile={}", directory.join("password").display()));
    if let Identity::User { uid, gid } = identity {
        std::os::unix::process::CommandExt::uid(&mut command, *uid);
        std::os::unix::process::CommandExt::gid(&mut command, *gid);
    }
    command.current_dir("/").stdin(Stdio::null());
    // Of a group of its own, as the servers are: Ctrl-C on a terminal is for us, who stop in order.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let output = command.output().map_err(|source| Error::Spawn { program: "initdb".into(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Failed { program: "initdb".into(), output: text })
}

fn launch(directory: &Path, settings: &[(String, String)], identity: &Identity, port: u16) -> Result<Tied, Error> {
    let log_path = directory.join("postgres.log");
    let log = fs::File::options().create(true).append(true).open(&log_path).map_err(Error::path(&log_path))?;
    let mut command = Command::new(binary::postgres("postgres")?);
    command.arg("-D").arg(directory.join("data")).args(["-p", &port.to_string()]).current_dir("/");
    let defaults = SETTINGS.iter().map(|&(name, value)| (name, value));
    let own = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in defaults.chain(own).chain([("unix_socket_directories", "")]) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    // Interrupt means a fast shutdown: when our process dies, the server ends its sessions and itself.
    let tie = Tie { death: Death::Interrupt, identity: identity.clone(), output: Output::File(log) };
    spawn_tied(&command, tie).map_err(|source| Error::Spawn { program: "postgres".into(), source })
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_directory_that_is_not_temporary_is_left_as_it_is() -> anyhow::Result<()> {
        let Identity::User { uid, gid } = identity()? else { return Ok(()) };
        // Root's own home stands for any directory that somebody has shut; nothing below it is touched either.
        let home = tempfile::Builder::new().tempdir_in("/root")?;
        let mode = || fs::metadata(home.path()).map(|metadata| metadata.permissions().mode() & 0o777);
        let before = mode()?;
        let refused = prepare_directory(&home.path().join("postgres"), &Identity::User { uid, gid });
        assert!(matches!(refused, Err(Error::Unreachable { .. })), "{refused:?}");
        assert_eq!(mode()?, before);
        Ok(())
    }
}
