//! A node: namespaces of processes, mounts and network that live as long as their first process, which is [`hold`].
//!
//! The node's `/run` and `/var` are folders of the state directory; whatever its programs mount, link or start is inside and
//! gone at once when the first process is killed, which is also how a node's loss is played.

use std::path::Path;
use std::process::Command;

use nix::sys::wait::waitpid;

use super::command::run_command;
use super::daemon::Process;
use super::state::{Cluster, NodeName};
use super::{cgroups, network};
use crate::invocation::Invocation;
use crate::{Error, files};

/// How long an idle first process sleeps between two looks for orphans.
const ORPHAN_POLL: std::time::Duration = std::time::Duration::from_millis(500);
/// What the kubelet demands of the kernel, as files that lie over the kernel's own: the machine's settings stay as they are.
const KERNEL_SETTINGS: [(&str, &str); 5] = [
    ("vm/overcommit_memory", "1"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];
const FOLDERS: [&str; 8] = [
    "run/cni/net.d",
    "run/netns",
    "var/lib/cni",
    "var/lib/containerd",
    "var/lib/kubelet",
    "var/log/pods",
    "var/log/containers",
    "var/tmp",
];

/// A node's namespaces, by the process that holds them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Namespaces {
    holder: Process,
}

impl Namespaces {
    pub(crate) fn pid(self) -> i32 {
        self.holder.pid
    }

    /// Runs a command inside and returns what it printed.
    pub(crate) fn run(self, words: &[&str]) -> Result<String, Error> {
        let mut command = Command::new("nsenter");
        command.args(self.entrance()).args(words);
        run_command(command)
    }

    /// The invocation that does the same inside.
    pub(crate) fn inside(self, invocation: Invocation) -> Invocation {
        let mut arguments = self.entrance();
        arguments.push(invocation.program.display().to_string());
        arguments.extend(invocation.arguments);
        Invocation { program: "nsenter".into(), arguments }
    }

    fn entrance(self) -> Vec<String> {
        let pid = self.holder.pid.to_string();
        ["--target", &pid, "--pid", "--mount", "--net", "--uts", "--"].map(str::to_owned).to_vec()
    }
}

/// The namespaces of a node, made when they are not there.
pub(crate) fn enter_or_create(cluster: &Cluster, node: NodeName) -> Result<Namespaces, Error> {
    let registry = cluster.registry();
    if let Some(holder) = registry.find(&node.to_string()).filter(|holder| holder.is_alive()) {
        return Ok(Namespaces { holder });
    }
    lay_folders(cluster, node)?;
    cgroups::create(node)?;
    let program = std::env::current_exe().map_err(Error::path("/proc/self/exe"))?;
    let holder = registry.start_inner(&node.to_string(), &birth(&program), &cluster.log(&node.to_string()))?;
    let namespaces = Namespaces { holder };
    mount(namespaces, &cluster.node_directory(node))?;
    namespaces.run(&["hostname", &node.to_string()])?;
    network::connect(node, &namespaces)?;
    Ok(namespaces)
}

/// Makes the folders that a node sees as its `/run` and `/var`.
pub(crate) fn lay_folders(cluster: &Cluster, node: NodeName) -> Result<(), Error> {
    let directory = cluster.node_directory(node);
    for folder in FOLDERS {
        files::create_directory(&directory.join(folder))?;
    }
    link_run(&directory.join("var/run"))
}

/// Mounts made inside stay inside; the end of `unshare` is the end of the first process, and that of everything.
fn birth(hold: &Path) -> Invocation {
    let words = [
        "--fork",
        "--pid",
        "--mount",
        "--net",
        "--uts",
        "--mount-proc",
        "--propagation",
        "slave",
        "--kill-child",
        "--",
    ];
    let mut arguments = words.map(str::to_owned).to_vec();
    arguments.extend([hold.display().to_string(), "hold".into()]);
    Invocation { program: "unshare".into(), arguments }
}

fn mount(namespaces: Namespaces, directory: &Path) -> Result<(), Error> {
    let settings = directory.join("kernel");
    files::create_directory(&settings)?;
    for (name, value) in KERNEL_SETTINGS {
        let file = settings.join(name.replace('/', "."));
        files::write(&file, &format!("{value}\n"))?;
        bind(namespaces, &file, &Path::new("/proc/sys").join(name))?;
    }
    bind(namespaces, &directory.join("run"), Path::new("/run"))?;
    bind(namespaces, &directory.join("var"), Path::new("/var"))?;
    // Volumes that a pod shares with its node need it.
    namespaces.run(&["mount", "--make-rshared", "/"])?;
    Ok(())
}

fn bind(namespaces: Namespaces, from: &Path, to: &Path) -> Result<(), Error> {
    // Without an entry in a table of mounts, which lies in /run.
    namespaces.run(&["mount", "--no-mtab", "--bind", &from.display().to_string(), &to.display().to_string()]).map(drop)
}

fn link_run(link: &Path) -> Result<(), Error> {
    match std::os::unix::fs::symlink("/run", link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::path(link)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Is the first process of a node: buries the orphans of its programs and never ends by itself.
pub fn hold() -> ! {
    loop {
        // An error says that there is nobody to bury now.
        if waitpid(None, None).is_err() {
            std::thread::sleep(ORPHAN_POLL);
        }
    }
}
