//! The programs that a cluster is made of, built once from the Go modules in `tools/`.
//!
//! `KUBEBUILDER_ASSETS` is preferred where it holds a program; then the cache; then `tools/build` makes it, in minutes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Names a folder with `etcd` and `kube-apiserver` that stand ready, as controller-runtime's envtest knows it.
pub const KUBEBUILDER_ASSETS: &str = "KUBEBUILDER_ASSETS";

/// A folder below `tools/`, whose `go.mod` names its programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Kubernetes,
    Traefik,
    CoreDns,
    Helm,
    Kwok,
    /// What runs in pods of our own tests, and the pause that holds every pod.
    Pods,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Traefik => "traefik",
            Self::CoreDns => "coredns",
            Self::Helm => "helm",
            Self::Kwok => "kwok",
            Self::Pods => "pods",
        }
    }
}

/// Programs by name, each with its path.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    programs: BTreeMap<&'static str, PathBuf>,
}

impl Tools {
    /// Finds or builds the programs of a group. A build writes its progress to stderr.
    pub fn of(group: Group, programs: &[&'static str]) -> Result<Self, Error> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        let assets = assets();
        for &program in programs {
            match assets.as_ref().map(|assets| assets.join(program)).filter(|path| path.is_file()) {
                Some(path) => drop(found.insert(program, path)),
                None => missing.push(program),
            }
        }
        if !missing.is_empty() {
            let folder = build(group, &missing)?;
            found.extend(missing.into_iter().map(|program| (program, folder.join(program))));
        }
        Ok(Self { programs: found })
    }

    /// Both sets together.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.programs.extend(others.programs);
        self
    }

    /// Where a program lies that was asked for before.
    pub fn program(&self, name: &str) -> &Path {
        self.programs.get(name).expect("every program that is started was asked for before")
    }
}

fn assets() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the name that every user of envtest sets")]
    std::env::var(KUBEBUILDER_ASSETS).ok().filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The repository's `tools` folder.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tools")
}

/// Runs `tools/build` and returns the folder that it names.
fn build(group: Group, programs: &[&str]) -> Result<PathBuf, Error> {
    let script = folder().join("build");
    let output = Command::new(&script)
        .arg(group.name())
        .args(programs)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Spawn { program: script.display().to_string(), source })?;
    if !output.status.success() {
        return Err(Error::Tools { group: group.name() });
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
