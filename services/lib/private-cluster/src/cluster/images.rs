//! Images without an engine: an archive of one static program, and the import of archives into every node.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::command::run_command;
use super::state::{Cluster, Kind};
use crate::{Error, files, tools};

/// Holds every pod.
pub(crate) const PAUSE: &str = "localhost/sothebais/pause:1";
/// What a cluster is tried with: see `tools/pods/probe`.
pub const PROBE: &str = "localhost/sothebais/probe:1";
/// The user of our images.
const NOBODY: &str = "65532:65532";

/// Writes a docker-archive of one static program; the same program gives the same bytes.
pub fn archive(program: &Path, image: &str, archive: &Path) -> Result<(), Error> {
    let work = tempfile::tempdir().map_err(Error::path(std::env::temp_dir()))?;
    let name = program.file_name().unwrap_or_default();
    let root = work.path().join("root");
    files::create_directory(&root)?;
    let copy = root.join(name);
    fs::copy(program, &copy).map_err(Error::path(program))?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).map_err(Error::path(&copy))?;
    let layer = work.path().join("layer.tar");
    pack(&root, &layer, &["."])?;

    let digest = Sha256::digest(fs::read(&layer).map_err(Error::path(&layer))?);
    let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let entry = format!("/{}", name.to_string_lossy());
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": {"Entrypoint": [entry], "User": NOBODY},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{hex}")]},
    });
    let manifest = json!([{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]);
    files::write(&work.path().join("config.json"), &config.to_string())?;
    files::write(&work.path().join("manifest.json"), &manifest.to_string())?;
    pack(work.path(), archive, &["manifest.json", "config.json", "layer.tar"])
}

fn pack(from: &Path, to: &Path, names: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("tar");
    command.arg("-C").arg(from).arg("-cf").arg(to);
    command.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]).args(names);
    run_command(command).map(drop)
}

/// Builds the product's images from its Dockerfile's recipe, without an engine, and returns their archives.
pub fn build_images() -> Result<Vec<PathBuf>, Error> {
    let repository = tools::folder().join("..");
    let script = repository.join("images/build");
    let status = Command::new(&script)
        .stdin(Stdio::null())
        .status()
        .map_err(|source| Error::Spawn { program: script.display().to_string(), source })?;
    if !status.success() {
        let output = "the images could not be built; it said why above".into();
        return Err(Error::Failed { program: "images/build".into(), output });
    }
    let folder = repository.join(".cache/images");
    let entries = fs::read_dir(&folder).map_err(Error::path(&folder))?.flatten().map(|entry| entry.path());
    let mut archives: Vec<_> = entries.filter(|path| path.extension().is_some_and(|word| word == "tar")).collect();
    archives.sort();
    Ok(archives)
}

/// Imports archives into every node of ours and returns the images' names. For a foreign cluster it says what to do.
pub fn import(cluster: &Cluster, archives: &[PathBuf]) -> Result<Vec<String>, Error> {
    if let Kind::Foreign { kubeconfig } = &cluster.kind {
        let output =
            "its nodes are not ours; push the images to a registry that it reads, or `kind load image-archive`";
        return Err(Error::Failed { program: format!("images for {}", kubeconfig.display()), output: output.into() });
    }
    let mut names = Vec::new();
    for node in cluster.nodes() {
        names.clear();
        for archive in archives {
            let mut command = Command::new("ctr");
            command.arg("--address").arg(cluster.containerd_socket(node)).args(["--namespace", "k8s.io"]);
            command.args(["image", "import"]).arg(archive);
            let told = run_command(command)?;
            names.extend(told.lines().filter_map(imported_name));
        }
    }
    Ok(names)
}

/// `ctr` says `unpacking NAME (sha256:…)...done`.
fn imported_name(line: &str) -> Option<String> {
    line.trim().strip_prefix("unpacking ")?.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_gives_the_same_archive() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let (first, second) = (folder.path().join("first.tar"), folder.path().join("second.tar"));
        for path in [&first, &second] {
            archive(Path::new("/bin/true"), PROBE, path)?;
        }
        assert!(fs::read(first)? == fs::read(second)?);
        Ok(())
    }

    #[test]
    fn the_name_of_an_imported_image_is_read() {
        let line = "unpacking docker.io/sothebais/operator:0.1.0 (sha256:0a1b)...done";
        assert_eq!(imported_name(line).as_deref(), Some("docker.io/sothebais/operator:0.1.0"));
        assert_eq!(imported_name("elapsed: 0.1 s"), None);
    }
}
