//! What a node needs from the distribution. Missing packages are installed, with a word, where that can be done.

use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use super::programs::has_cni_plugins;
use crate::Error;

/// Programs and the Debian package of each.
const PROGRAMS: [(&str, &str); 10] = [
    ("containerd", "containerd"),
    ("ctr", "containerd"),
    ("runc", "runc"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("nft", "nftables"),
    ("conntrack", "conntrack"),
    ("socat", "socat"),
    ("nsenter", "util-linux"),
    ("sysctl", "procps"),
];
const FOLDERS: [&str; 5] = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// Fails unless a node can be had here; installs packages when they are missing.
pub(crate) fn require(say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let refuse = |output: String| Err(Error::Failed { program: "a node on this machine".into(), output });
    if !geteuid().is_root() {
        return refuse("namespaces, mounts and control groups are made as root; run it with sudo".into());
    }
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    if !installed("apt-get") {
        return refuse(format!("please install: {}", missing.join(" ")));
    }
    say(&format!("installing {}", missing.join(" ")));
    let mut command = Command::new("apt-get");
    command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
    let update = Command::new("apt-get").args(["update", "-qq"]).stdin(Stdio::null()).status();
    let done = update.and_then(|_| command.status());
    if done.is_ok_and(|status| status.success()) && self::missing().is_empty() {
        return Ok(());
    }
    refuse(format!("apt-get could not install {}", missing.join(" ")))
}

fn missing() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().filter(|(program, _)| !installed(program)).map(|&(_, package)| package);
    let mut packages: Vec<_> = programs.collect();
    if !has_cni_plugins() {
        packages.push("containernetworking-plugins");
    }
    packages.dedup();
    packages
}

fn installed(program: &str) -> bool {
    FOLDERS.iter().any(|folder| Path::new(folder).join(program).is_file())
}
