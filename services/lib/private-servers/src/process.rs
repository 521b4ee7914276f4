//! Small facts about processes and ports.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;

/// Ports to choose from: below those that the kernel gives to outgoing connections and to whoever asks for any port, and
/// above the well-known ones of this product and its servers.
const PORTS: Range<u16> = 12_000..32_000;
/// One in twenty thousand is taken by chance; a machine on which this many are taken in a row is full.
const TRIES: usize = 64;

/// A TCP port that nobody listens on now, on any address. It is drawn by lot, so that of two processes that look at the
/// same moment each finds its own.
pub fn free_port() -> Result<u16, Error> {
    let mut last = std::io::ErrorKind::AddrInUse.into();
    for _ in 0..TRIES {
        let offset = u16::try_from(random_number()? % u128::from(PORTS.end - PORTS.start)).unwrap_or(0);
        let port = PORTS.start + offset;
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
            Ok(_) => return Ok(port),
            Err(taken) => last = taken,
        }
    }
    Err(Error::NoPort(last))
}

/// The direct children of `parent`, from `/proc`.
pub(crate) fn children_of(parent: i32) -> Vec<i32> {
    let is_child = |pid: &i32| parent_of(*pid) == Some(parent);
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold anything, spaces and parentheses included.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

pub(crate) fn kill_all(pids: &[i32]) {
    for &pid in pids {
        // A process that is gone already is what we want.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

pub(crate) fn any_alive(pids: &[i32]) -> bool {
    pids.iter().any(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists())
}

/// 32 hexadecimal digits from the kernel's generator: a password for a private server.
pub(crate) fn random_word() -> Result<String, Error> {
    Ok(format!("{:032x}", random_number()?))
}

fn random_number() -> Result<u128, Error> {
    use std::io::Read as _;
    let path = "/dev/urandom";
    let mut bytes = [0_u8; 16];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::path(path))?;
    Ok(u128::from_ne_bytes(bytes))
}

/// Writes a file that is nobody else's to read from its first moment on. One that is there is replaced.
pub(crate) fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.as_bytes())
}
