//! Takes a cluster down and leaves nothing: found by its notes, by the mark in its processes, by the names of its links and
//! groups; so it works on one that is half up, and after anything of it was killed.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::daemon::{Registry, anybody_marked, end_all};
use super::parts::{Part, stop};
use super::state::Cluster;
use super::{cgroups, network};
use crate::Error;

/// What is left of it is killed then.
const END_DEADLINE: Duration = Duration::from_secs(5);

/// Takes down the cluster in `directory`; none there is fine, and a foreign one is only forgotten.
pub fn down(directory: &Path) -> Result<(), Error> {
    // Notes that cannot be read are lost notes, no reason to leave everything else.
    if let Some(cluster) = Cluster::read(directory).unwrap_or_default() {
        // Nodes first: pods need no farewell. Then whoever asks before whom it asks: an API server without etcd waits.
        let parts = Part::all(&cluster).into_iter().rev();
        for part in parts.filter(|part| !matches!(part, Part::Program(..))) {
            stop(&cluster, part)?;
        }
    }
    end_all(&Registry::new(directory).marked(), END_DEADLINE);
    // Links and groups bear no cluster's name; they are nobody's when no cluster lives.
    if !anybody_marked() {
        for pid in cgroups::processes() {
            // It may be gone by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        network::remove()?;
        cgroups::remove()?;
    }
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::path(directory)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
