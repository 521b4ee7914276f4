//! The control groups below which a node's pods live. Everything is below one group of ours in every hierarchy.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::state::NodeName;
use crate::Error;

const ROOT: &str = "/sys/fs/cgroup";
const OURS: &str = "sothebais";
/// A group stays busy until the kernel has buried the last of its processes.
const REMOVE_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// The kubelet's `cgroupRoot` of a node.
pub(crate) fn name(node: NodeName) -> String {
    format!("/{OURS}/{node}")
}

/// Makes a node's group in every hierarchy: the kubelet asks for one that exists.
pub(crate) fn create(node: NodeName) -> Result<(), Error> {
    for hierarchy in hierarchies() {
        let ours = hierarchy.join(OURS);
        for group in [ours.clone(), ours.join(node.to_string())] {
            fs::create_dir_all(&group).map_err(Error::path(&group))?;
            inherit_cpuset(&group)?;
            delegate(&group)?;
        }
    }
    Ok(())
}

/// In the first version of cgroups a new group may use no processor and no memory node until it is told.
fn inherit_cpuset(group: &Path) -> Result<(), Error> {
    let parent = group.parent().unwrap_or(group);
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let (own, above) = (group.join(file), parent.join(file));
        let Ok(current) = fs::read_to_string(&own) else { continue };
        if current.trim().is_empty() && !group.join("cgroup.controllers").exists() {
            let value = fs::read_to_string(&above).map_err(Error::path(&above))?;
            fs::write(&own, value.trim()).map_err(Error::path(&own))?;
        }
    }
    Ok(())
}

/// In the second version a group's children have only the controllers that it hands down.
fn delegate(group: &Path) -> Result<(), Error> {
    for group in [group.parent().unwrap_or(group), group] {
        let Ok(controllers) = fs::read_to_string(group.join("cgroup.controllers")) else { continue };
        let words: Vec<String> = controllers.split_whitespace().map(|controller| format!("+{controller}")).collect();
        let file = group.join("cgroup.subtree_control");
        if !words.is_empty() {
            fs::write(&file, words.join(" ")).map_err(Error::path(&file))?;
        }
    }
    Ok(())
}

/// Removes all groups of ours; they must be empty of processes, or become so soon.
pub(crate) fn remove() -> Result<(), Error> {
    for group in left() {
        let begun = Instant::now();
        while let Err(error) = remove_below(&group) {
            if begun.elapsed() > REMOVE_DEADLINE {
                return Err(error);
            }
            std::thread::sleep(POLL);
        }
    }
    Ok(())
}

/// The topmost groups of ours that exist, one a hierarchy.
pub(crate) fn left() -> Vec<PathBuf> {
    hierarchies().into_iter().map(|hierarchy| hierarchy.join(OURS)).filter(|group| group.exists()).collect()
}

/// The processes in groups of ours.
pub(crate) fn processes() -> Vec<i32> {
    let mut pids = Vec::new();
    for group in left() {
        collect(&group, &mut pids);
    }
    pids.sort_unstable();
    pids.dedup();
    pids
}

fn collect(group: &Path, pids: &mut Vec<i32>) {
    let text = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    pids.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()));
    for child in children(group) {
        collect(&child, pids);
    }
}

fn remove_below(group: &Path) -> Result<(), Error> {
    for child in children(group) {
        remove_below(&child)?;
    }
    match fs::remove_dir(group) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::path(group)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn children(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// The mounted hierarchies: one a controller in the first version, the root itself in the second.
fn hierarchies() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    if root.join("cgroup.controllers").exists() {
        return vec![root.to_owned()];
    }
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    // Links such as `cpu,cpuacct` lead to a hierarchy that is there under its own name.
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| path.join("cgroup.procs").exists())
        .collect();
    found.sort();
    found
}
