//! What a control plane needs before its first program starts: keys, kubeconfigs, the audit policy.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::invocation::{API_SERVICE_ADDRESS, Site};
use crate::pki::{Authority, Pair, Subject, authority, create_token_key};
use crate::{Error, audit, files};

/// Members of this group may do everything.
const MASTERS: &str = "system:masters";

/// Writes everything into the site's directory and returns the authority, which may sign for nodes too.
pub(crate) fn lay(site: &Site) -> Result<Authority, Error> {
    files::create_directory(&site.directory)?;
    files::write(&site.audit_policy(), audit::POLICY)?;
    let keys = site.keys();
    let signer = Authority::create(&keys)?;
    create_token_key(&keys)?;

    let address = site.address.to_string();
    let names = [
        "localhost",
        "127.0.0.1",
        &address,
        API_SERVICE_ADDRESS,
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    signer.issue("api-server", Subject { user: "kube-apiserver", group: None }, &names)?;
    signer.issue("etcd", Subject { user: "etcd", group: None }, &["localhost", "127.0.0.1"])?;
    signer.issue("kubelet-client", Subject { user: "kube-apiserver-kubelet-client", group: Some(MASTERS) }, &[])?;
    let users = [
        ("admin", Subject { user: "admin", group: Some(MASTERS) }),
        ("controller-manager", Subject { user: "system:kube-controller-manager", group: None }),
        ("scheduler", Subject { user: "system:kube-scheduler", group: None }),
    ];
    for (name, subject) in users {
        let pair = signer.issue(name, subject, &[])?;
        write_kubeconfig(site, name, &pair)?;
    }
    Ok(signer)
}

/// The authority of a site that was laid before.
pub(crate) fn again(site: &Site) -> Result<Authority, Error> {
    Authority::open(&site.keys())
}

/// Writes a kubeconfig that needs no other file.
pub(crate) fn write_kubeconfig(site: &Site, user: &str, pair: &Pair) -> Result<(), Error> {
    let encoded = |path: &Path| fs::read(path).map(|bytes| STANDARD.encode(bytes)).map_err(Error::path(path));
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "private", "cluster": {
            "server": site.url(),
            "certificate-authority-data": encoded(&authority(&site.keys()).certificate)?,
        }}],
        "users": [{"name": user, "user": {
            "client-certificate-data": encoded(&pair.certificate)?,
            "client-key-data": encoded(&pair.key)?,
        }}],
        "contexts": [{"name": "private", "context": {"cluster": "private", "user": user}}],
        "current-context": "private",
    });
    // YAML reads JSON.
    files::write_private(&site.kubeconfig(user), &format!("{config:#}\n"))
}
