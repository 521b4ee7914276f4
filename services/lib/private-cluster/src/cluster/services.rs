//! Names and the way in: `CoreDNS` and Traefik, on the machine's end of the cluster's network.
//!
//! They run as daemons rather than pods, so that no drain and no lost node takes them along, and nothing needs an image.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use super::command::run_command;
use super::network::MACHINE;
use crate::foundation::write_kubeconfig;
use crate::invocation::{Invocation, Site};
use crate::pki::{Authority, Subject};
use crate::tools::{self, Tools};
use crate::{Error, files};

/// Where `CoreDNS` says that it knows all Services.
pub(crate) const DNS_READY: (Ipv4Addr, u16) = (MACHINE, 8181);
/// Where Traefik answers `/ping` and `/metrics`.
pub(crate) const TRAEFIK_OWN: (Ipv4Addr, u16) = (MACHINE, 9100);
/// Entry points by name and port.
pub(super) const ENTRY_POINTS: [(&str, u16); 3] = [("web", 80), ("websecure", 443), ("rtmp", 1935)];
const ANSWER_DEADLINE: &str = "20s";

/// Signs what both need to be believed.
pub(crate) fn identify(site: &Site, authority: &Authority) -> Result<(), Error> {
    for name in ["coredns", "traefik"] {
        let pair = authority.issue(name, Subject { user: name, group: None }, &[])?;
        write_kubeconfig(site, name, &pair)?;
    }
    Ok(())
}

/// Gives both their rights and installs Traefik's resource definitions.
pub(crate) fn admit(tools: &Tools, site: &Site) -> Result<(), Error> {
    let manifests = [
        tools::folder().join("coredns/access.yaml"),
        tools::folder().join("traefik/access.yaml"),
        tools.program("crds.yaml").to_owned(),
    ];
    for manifest in manifests {
        apply(tools, site, &manifest)?;
    }
    Ok(())
}

fn apply(tools: &Tools, site: &Site, manifest: &Path) -> Result<(), Error> {
    let mut command = Command::new(tools.program("kubectl"));
    command.arg("--kubeconfig").arg(site.kubeconfig("admin")).arg(format!("--request-timeout={ANSWER_DEADLINE}"));
    command
        .args(["apply", "--server-side", "--force-conflicts", "--field-manager=private-cluster", "-f"])
        .arg(manifest);
    run_command(command).map(drop)
}

/// `CoreDNS` for the cluster's names only: pods have no way out of this machine, so other names are nobody's.
pub(crate) fn dns(tools: &Tools, site: &Site) -> Result<Invocation, Error> {
    let corefile = site.directory.join("Corefile");
    let text = format!(
        "cluster.local in-addr.arpa {{\n    bind {MACHINE}\n    errors\n    ready {MACHINE}:{ready}\n    kubernetes {{\n        kubeconfig {kubeconfig}\n        pods insecure\n        ttl 5\n    }}\n}}\n",
        ready = DNS_READY.1,
        kubeconfig = site.kubeconfig("coredns").display()
    );
    files::write(&corefile, &text)?;
    Ok(Invocation {
        program: tools.program("coredns").to_owned(),
        arguments: vec!["-conf".into(), corefile.display().to_string()],
    })
}

pub(crate) fn traefik(tools: &Tools, site: &Site) -> Invocation {
    let mut arguments = vec![
        format!("KUBECONFIG={}", site.kubeconfig("traefik").display()),
        tools.program("traefik").display().to_string(),
        "--global.checknewversion=false".into(),
        "--global.sendanonymoususage=false".into(),
        "--providers.kubernetescrd=true".into(),
        // A route to pods that are not ready answers 503 rather than 404.
        "--providers.kubernetescrd.allowemptyservices=true".into(),
        "--ping=true".into(),
        "--metrics.prometheus=true".into(),
        format!("--entrypoints.traefik.address={MACHINE}:{}", TRAEFIK_OWN.1),
        // A publisher's connection lasts as long as its show.
        "--entrypoints.rtmp.transport.respondingtimeouts.readtimeout=0".into(),
    ];
    arguments.extend(ENTRY_POINTS.map(|(name, port)| format!("--entrypoints.{name}.address={MACHINE}:{port}")));
    Invocation { program: "/usr/bin/env".into(), arguments }
}
