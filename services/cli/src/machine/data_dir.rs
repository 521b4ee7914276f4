//! The directory that a machine lives in: locked while in use, removed at the end when it is a temporary one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::trouble::Trouble;

/// Temporary directories begin with it, so that what a killed process left behind is recognised.
const PREFIX: &str = "sothebais-";

/// The file that holds a machine's [`State`].
const STATE: &str = "state.json";

/// A machine's directory.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    keep: Keep,
    _lock: Flock<fs::File>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Kept,
    Temporary,
}

/// What must survive a restart beside the database: who the auctions are, and how often their manifests changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// UID by the auction's name.
    pub uids: BTreeMap<String, Uuid>,
    pub generation: i64,
    /// The manifests of that generation.
    pub manifests: String,
    /// When each auction of a rehearsal starts (milliseconds since the Unix epoch), and for which generation.
    #[serde(default)]
    pub rehearsal_starts: BTreeMap<String, (i64, i64)>,
}

impl DataDir {
    /// Opens `directory`, or a temporary one that is removed at the end.
    pub fn open(directory: Option<&Path>) -> anyhow::Result<Self> {
        match directory {
            Some(root) => Self::kept(root),
            None => Self::temporary(),
        }
    }

    fn kept(root: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(root).map_err(|error| unusable(format!("{} cannot be made", root.display()), error))?;
        let root = root.canonicalize().with_context(|| format!("{} cannot be found", root.display()))?;
        let lock = lock(&root)?.ok_or_else(|| {
            let message = format!("{} is in use by another sothebais", root.display());
            Trouble::new("DataDirectoryInUse", message, "stop the other one, or name another --data directory")
        })?;
        Ok(Self { root, keep: Keep::Kept, _lock: lock })
    }

    fn temporary() -> anyhow::Result<Self> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let root = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&parent)
            .with_context(|| format!("no directory can be made in {}", parent.display()))?
            .keep();
        let lock = lock(&root)?.context("a new directory is locked by somebody else")?;
        Ok(Self { root, keep: Keep::Temporary, _lock: lock })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory, unless it goes with this process.
    pub fn kept_root(&self) -> Option<&Path> {
        match self.keep {
            Keep::Kept => Some(&self.root),
            Keep::Temporary => None,
        }
    }

    /// Where PostgreSQL keeps its cluster.
    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub fn redis(&self) -> PathBuf {
        self.root.join("redis")
    }

    /// Keys of the local issuer and receipt keys.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// One JSON Lines file a service.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The file in which a workload publishes its ports.
    pub fn ports_file(&self, workload: &str) -> PathBuf {
        self.root.join("ports").join(format!("{workload}.json"))
    }

    /// Makes the folders of a new machine.
    pub fn prepare(&self) -> anyhow::Result<()> {
        for folder in [self.keys(), self.logs(), self.root.join("ports")] {
            fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        Ok(())
    }

    pub fn state(&self) -> anyhow::Result<State> {
        let path = self.root.join(STATE);
        if !path.exists() {
            return Ok(State::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not the state of a machine", path.display()))
    }

    /// Replaces the state all at once.
    pub fn write_state(&self, state: &State) -> anyhow::Result<()> {
        let (path, partial) = (self.root.join(STATE), self.root.join("state.json.partial"));
        let text = serde_json::to_string_pretty(state).context("the state cannot be written as JSON")?;
        fs::write(&partial, text).with_context(|| format!("{} cannot be written", partial.display()))?;
        fs::rename(&partial, &path).with_context(|| format!("{} cannot be written", path.display()))
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if self.keep == Keep::Temporary {
            // What cannot be removed now is swept by the next start.
            drop(fs::remove_dir_all(&self.root));
        }
    }
}

/// Whether somebody has begun a show in this directory, finished or not.
pub fn holds_a_show(directory: &Path) -> bool {
    directory.join(STATE).exists()
}

/// Where a data directory pins the receipt keys that it has seen first, one address a line.
pub fn pinned_keys(directory: &Path) -> PathBuf {
    directory.join("keys").join("receipt-keys.pinned")
}

fn unusable(what: String, error: std::io::Error) -> Trouble {
    Trouble::new("DataDirectoryUnusable", what, "name a --data directory that you may write to").because(error)
}

/// Takes the directory's lock; `None` when another process has it. It ends with the process, however that ends.
fn lock(root: &Path) -> anyhow::Result<Option<Flock<fs::File>>> {
    let path = root.join("lock");
    let file = fs::File::options().create(true).append(true).open(&path);
    let file = file.map_err(|error| unusable(format!("{} cannot be opened", path.display()), error))?;
    Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok())
}

/// Removes the temporary directories of processes that were killed: ours by name, and locked by nobody.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        // A directory without a lock file may be one that is being made right now.
        if ours && path.join("lock").exists() && matches!(lock(&path), Ok(Some(_))) {
            drop(fs::remove_dir_all(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_directory_serves_one_process_and_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataDir::open(Some(&path)).unwrap();
        let second = DataDir::open(Some(&path)).unwrap_err();
        assert_eq!(second.downcast_ref::<Trouble>().unwrap().code, "DataDirectoryInUse");
        drop(first);
        assert!(DataDir::open(Some(&path)).is_ok());
    }

    #[test]
    fn a_temporary_directory_goes_with_its_process() {
        let directory = DataDir::open(None).unwrap();
        let root = directory.root().to_owned();
        assert!(root.exists());
        drop(directory);
        assert!(!root.exists());
    }

    #[test]
    fn what_a_killed_process_left_behind_is_swept_and_what_is_in_use_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let [left, used, foreign] = ["sothebais-left", "sothebais-used", "other"].map(|name| parent.path().join(name));
        for directory in [&left, &used, &foreign] {
            fs::create_dir(directory).unwrap();
            fs::write(directory.join("lock"), "").unwrap();
        }
        let held = lock(&used).unwrap();
        sweep(parent.path());
        assert_eq!([left.exists(), used.exists(), foreign.exists()], [false, true, true]);
        drop(held);
    }

    #[test]
    fn state_survives() {
        let parent = tempfile::tempdir().unwrap();
        let directory = DataDir::open(Some(parent.path())).unwrap();
        assert_eq!(directory.state().unwrap(), State::default());
        let state = State { generation: 4, uids: [("night".to_owned(), Uuid::nil())].into(), ..State::default() };
        directory.write_state(&state).unwrap();
        assert_eq!(directory.state().unwrap(), state);
    }
}
