//! Installs resource definitions from files and waits until they are served.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client};

use crate::tools::{Group, Tools};
use crate::{Error, access};

const ESTABLISHED_DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// The repository's own definitions.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../crds")
}

/// Traefik's definitions, from its module; nothing of it is built for them.
pub fn traefik() -> Result<PathBuf, Error> {
    Ok(Tools::of(Group::Traefik, &["crds.yaml"])?.program("crds.yaml").to_owned())
}

/// Applies every definition in `folder` (`*.yaml`, one or many a file) and waits until all are established. Names are
/// returned in the order of the files.
pub async fn install(client: &Client, folder: &Path) -> Result<Vec<String>, Error> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(Error::path(folder))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    let mut names = Vec::new();
    for path in paths {
        names.extend(install_file(client, &path).await?);
    }
    Ok(names)
}

/// The same for one file.
pub async fn install_file(client: &Client, path: &Path) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::path(path))?;
    let definitions: Vec<CustomResourceDefinition> = serde_saphyr::from_multiple(&text)
        .map_err(|source| Error::Definition { path: path.to_owned(), source: Box::new(source) })?;
    let api = Api::all(client.clone());
    let mut names = Vec::new();
    for definition in definitions {
        let name = definition.metadata.name.clone().unwrap_or_default();
        access::apply(&api, &name, &definition).await?;
        names.push(name);
    }
    for name in &names {
        wait_established(&api, name).await?;
    }
    Ok(names)
}

async fn wait_established(api: &Api<CustomResourceDefinition>, name: &str) -> Result<(), Error> {
    let begun = Instant::now();
    while begun.elapsed() < ESTABLISHED_DEADLINE {
        let found = api.get(name).await.map_err(Error::api(format!("show the definition {name}")))?;
        let conditions = found.status.and_then(|status| status.conditions).unwrap_or_default();
        if conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True") {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    Err(Error::Waited {
        what: format!("the definition {name}"),
        condition: "established",
        waited: ESTABLISHED_DEADLINE,
    })
}
