//! What a pod finds on disk: Secrets as files, and a small place to write.
//!
//! Files of one directory are one volume, whatever Secrets they come from. None is mounted by sub-path, for such a file
//! never changes; so a rotated Secret is there for the next connection.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    EmptyDirVolumeSource, KeyToPath, ProjectedVolumeSource, SecretProjection, Volume, VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use operator_plan::{Role, SecretFile};

/// Where a compositor writes recordings, until they are fetched.
pub(super) const RECORDINGS: &str = "/var/lib/sothebais/recordings";
/// Where every program may write a little.
const TMP: &str = "/tmp";

/// Readable by the container's group alone.
const SECRET_MODE: i32 = 0o440;

/// All volumes of a pod.
pub(super) fn of(role: Role, files: &[SecretFile]) -> Vec<Volume> {
    let secrets = directories(files).into_iter().map(|(directory, files)| Volume {
        name: name(directory),
        projected: Some(ProjectedVolumeSource {
            default_mode: Some(SECRET_MODE),
            sources: Some(files.into_iter().map(|file| projection(role, file)).collect()),
            ..ProjectedVolumeSource::default()
        }),
        ..Volume::default()
    });
    let empty = |(directory, room): &(&str, &str)| Volume {
        name: name(directory),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity((*room).to_owned())),
            ..EmptyDirVolumeSource::default()
        }),
        ..Volume::default()
    };
    secrets.chain(writable(role).iter().map(empty)).collect()
}

/// Where the container finds the Secrets, and where it may write.
pub(super) fn mounts(role: Role, files: &[SecretFile]) -> Vec<VolumeMount> {
    let mount = |directory: &str, read_only: bool| VolumeMount {
        name: name(directory),
        mount_path: directory.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let secrets = directories(files).into_keys().map(|directory| mount(directory, true));
    secrets.chain(writable(role).iter().map(|(directory, _)| mount(directory, false))).collect()
}

/// The files by the directory that they are in; a whole Secret is a directory.
fn directories(files: &[SecretFile]) -> BTreeMap<&str, Vec<&SecretFile>> {
    let mut directories: BTreeMap<&str, Vec<&SecretFile>> = BTreeMap::new();
    for file in files {
        let directory = match &file.key {
            Some(_) => file.path.rsplit_once('/').map_or("", |(directory, _)| directory),
            None => &file.path,
        };
        directories.entry(directory).or_default().push(file);
    }
    directories
}

fn projection(role: Role, file: &SecretFile) -> VolumeProjection {
    let item = |key: &String| KeyToPath {
        key: key.clone(),
        path: file.path.rsplit('/').next().unwrap_or_default().to_owned(),
        ..KeyToPath::default()
    };
    VolumeProjection {
        secret: Some(SecretProjection {
            name: file.secret.clone(),
            items: file.key.as_ref().map(|key| vec![item(key)]),
            optional: tolerant(role).then_some(true),
        }),
        ..VolumeProjection::default()
    }
}

/// A compositor starts without a stream key and says which output waits for it; the others go on air. What a service
/// cannot work without keeps it from starting.
const fn tolerant(role: Role) -> bool {
    match role {
        Role::Compositor => true,
        Role::XEmulator | Role::EngineWorker | Role::SocialGateway => false,
    }
}

/// A volume's name: the last part of its directory.
fn name(directory: &str) -> String {
    super::names::label(directory.rsplit('/').next().unwrap_or_default())
}

/// The directories that a program may write in, and how much. Services write next to nothing.
const fn writable(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::XEmulator | Role::EngineWorker | Role::SocialGateway => &[(TMP, "64Mi")],
        Role::Compositor => &[(RECORDINGS, "8Gi"), (TMP, "64Mi")],
    }
}
