//! Small facts about processes and ports.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;

/// A loopback TCP port that nobody listens on now.
pub fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::NoPort)?;
    Ok(listener.local_addr().map_err(Error::NoPort)?.port())
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
    use std::io::Read as _;
    let path = "/dev/urandom";
    let mut bytes = [0_u8; 16];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::path(path))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
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
