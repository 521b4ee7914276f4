//! How each program of a control plane is called: pure, the same for children of a test and for daemons of a cluster.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::pki;
use crate::tools::Tools;

/// Services' addresses; the first one is the API's own.
pub(crate) const SERVICE_RANGE: &str = "10.96.0.0/16";
pub(crate) const API_SERVICE_ADDRESS: &str = "10.96.0.1";

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// Where a control plane lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) directory: PathBuf,
    /// What the API server listens on and tells others.
    pub(crate) address: Ipv4Addr,
    pub(crate) ports: Ports,
    /// How long a node may be silent before it counts as lost.
    pub(crate) node_grace: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api: u16,
    pub(crate) controller_manager: u16,
    pub(crate) scheduler: u16,
}

impl Site {
    pub(crate) fn keys(&self) -> PathBuf {
        self.directory.join("keys")
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.directory.join(format!("{user}.kubeconfig"))
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.directory.join("audit.log")
    }

    pub(crate) fn audit_policy(&self) -> PathBuf {
        self.directory.join("audit-policy.yaml")
    }

    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.directory.join(format!("{program}.log"))
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}:{}", self.address, self.ports.api)
    }

    fn flag_files(&self, name: &str, certificate: &str, key: &str) -> [String; 2] {
        let pair = pki::pair(&self.keys(), name);
        [flag(certificate, pair.certificate.display()), flag(key, pair.key.display())]
    }

    fn authority(&self) -> String {
        pki::authority(&self.keys()).certificate.display().to_string()
    }
}

fn flag(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}

fn invocation(tools: &Tools, program: &'static str, arguments: Vec<String>) -> Invocation {
    Invocation { program: tools.program(program).to_owned(), arguments }
}

/// etcd for one member. What it holds dies with the cluster, so it never waits for a disk.
pub(crate) fn etcd(tools: &Tools, site: &Site) -> Invocation {
    let client = format!("https://127.0.0.1:{}", site.ports.etcd);
    let peer = format!("https://127.0.0.1:{}", site.ports.etcd_peer);
    let mut arguments = vec![
        "--name=only".into(),
        flag("data-dir", site.directory.join("etcd").display()),
        flag("listen-client-urls", &client),
        flag("advertise-client-urls", &client),
        flag("listen-peer-urls", &peer),
        flag("initial-advertise-peer-urls", &peer),
        format!("--initial-cluster=only={peer}"),
        "--peer-auto-tls".into(),
        "--client-cert-auth".into(),
        flag("trusted-ca-file", site.authority()),
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ];
    arguments.extend(site.flag_files("etcd", "cert-file", "key-file"));
    invocation(tools, "etcd", arguments)
}

pub(crate) fn api_server(tools: &Tools, site: &Site) -> Invocation {
    let token_key = pki::token_key(&site.keys());
    let mut arguments = vec![
        format!("--etcd-servers=https://127.0.0.1:{}", site.ports.etcd),
        flag("etcd-cafile", site.authority()),
        flag("bind-address", site.address),
        flag("advertise-address", site.address),
        flag("secure-port", site.ports.api),
        flag("cert-dir", site.directory.display()),
        flag("client-ca-file", site.authority()),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".into(),
        flag("service-account-key-file", token_key.certificate.display()),
        flag("service-account-signing-key-file", token_key.key.display()),
        flag("service-cluster-ip-range", SERVICE_RANGE),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--allow-privileged=true".into(),
        "--kubelet-preferred-address-types=InternalIP".into(),
        flag("kubelet-certificate-authority", site.authority()),
        flag("audit-policy-file", site.audit_policy().display()),
        flag("audit-log-path", site.audit_log().display()),
        // What was answered stands in the log: a reader needs no patience.
        "--audit-log-mode=blocking".into(),
        "--audit-log-maxsize=4096".into(),
        "--profiling=false".into(),
    ];
    if site.address.is_loopback() {
        // Endpoints may not be loopback addresses; without nodes nobody asks for the API's Service.
        arguments.push("--endpoint-reconciler-type=none".into());
    }
    arguments.extend(site.flag_files("api-server", "tls-cert-file", "tls-private-key-file"));
    arguments.extend(site.flag_files("api-server", "etcd-certfile", "etcd-keyfile"));
    arguments.extend(site.flag_files("kubelet-client", "kubelet-client-certificate", "kubelet-client-key"));
    invocation(tools, "kube-apiserver", arguments)
}

pub(crate) fn controller_manager(tools: &Tools, site: &Site) -> Invocation {
    let authority = pki::authority(&site.keys());
    let token_key = pki::token_key(&site.keys());
    let arguments = vec![
        flag("kubeconfig", site.kubeconfig("controller-manager").display()),
        "--leader-elect=false".into(),
        "--use-service-account-credentials=true".into(),
        flag("service-account-private-key-file", token_key.key.display()),
        flag("root-ca-file", authority.certificate.display()),
        flag("cluster-signing-cert-file", authority.certificate.display()),
        flag("cluster-signing-key-file", authority.key.display()),
        "--allocate-node-cidrs=false".into(),
        format!("--node-monitor-grace-period={}s", site.node_grace.as_secs()),
        "--node-monitor-period=2s".into(),
        "--bind-address=127.0.0.1".into(),
        flag("secure-port", site.ports.controller_manager),
        "--profiling=false".into(),
    ];
    invocation(tools, "kube-controller-manager", arguments)
}

pub(crate) fn scheduler(tools: &Tools, site: &Site) -> Invocation {
    let arguments = vec![
        flag("kubeconfig", site.kubeconfig("scheduler").display()),
        "--leader-elect=false".into(),
        "--bind-address=127.0.0.1".into(),
        flag("secure-port", site.ports.scheduler),
        "--profiling=false".into(),
    ];
    invocation(tools, "kube-scheduler", arguments)
}

/// The file name of a program, for messages.
pub(crate) fn name(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}
