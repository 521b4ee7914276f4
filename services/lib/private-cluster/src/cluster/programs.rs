//! The programs of one node: containerd, kubelet and kube-proxy, their configuration and their order.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::network::{MACHINE, POD_RANGE};
use super::node::{Namespaces, lay_folders};
use super::state::{Cluster, NodeName};
use super::{cgroups, images};
use crate::foundation::write_kubeconfig;
use crate::invocation::{Invocation, Site};
use crate::pki::{self, Authority, Subject};
use crate::tools::Tools;
use crate::{Error, files};

/// A beat takes whole seconds, and four of them must fit.
const SHORTEST_GRACE: Duration = Duration::from_secs(8);
/// Where Debian keeps the CNI plugins.
const CNI_PLUGINS: &str = "/usr/lib/cni";
/// Seen from inside a node.
const CONTAINERD_CONFIG: &str = "/run/containerd.toml";
/// The kubelet's `/healthz`, on the node's address.
pub(crate) const KUBELET_HEALTH: u16 = 10248;
const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.json";
/// As it would be given by a resolver of the machine; names outside the cluster are nobody's here.
const RESOLV_CONF: &str = "/var/lib/kubelet/resolv.conf";

/// A program of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeProgram {
    Containerd,
    Kubelet,
    KubeProxy,
}

impl NodeProgram {
    /// In the order in which they start.
    pub const ALL: [Self; 3] = [Self::Containerd, Self::Kubelet, Self::KubeProxy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
        }
    }
}

fn user(node: NodeName) -> String {
    format!("system:node:{node}")
}

/// Signs what a node needs to be believed: one certificate for both directions.
pub(crate) fn identify(site: &Site, authority: &Authority, node: NodeName) -> Result<(), Error> {
    let (name, user, address) = (node.to_string(), user(node), node.address().to_string());
    let subject = Subject { user: &user, group: Some("system:nodes") };
    let pair = authority.issue(&name, subject, &[&name, &address])?;
    write_kubeconfig(site, &name, &pair)?;
    let proxy = Subject { user: "system:kube-proxy", group: None };
    let pair = authority.issue("kube-proxy", proxy, &[])?;
    write_kubeconfig(site, "kube-proxy", &pair)
}

/// Makes a node's folders and writes its configuration files, as they are seen from inside.
pub(crate) fn configure(cluster: &Cluster, site: &Site, node: NodeName) -> Result<(), Error> {
    lay_folders(cluster, node)?;
    let inside = |path: &str| cluster.node_directory(node).join(path.trim_start_matches('/'));
    files::write(&inside(CONTAINERD_CONFIG), &containerd_config())?;
    files::write(&inside("/run/cni/net.d/10-pods.conflist"), &format!("{:#}", cni_config(node)))?;
    files::write(&inside(RESOLV_CONF), &format!("nameserver {MACHINE}\n"))?;
    files::write(&inside(KUBELET_CONFIG), &format!("{:#}", kubelet_config(site, node)))
}

/// A program's invocation inside its node.
pub(crate) fn invocation(
    tools: &Tools,
    site: &Site,
    node: NodeName,
    namespaces: Namespaces,
    program: NodeProgram,
) -> Invocation {
    let invocation = match program {
        NodeProgram::Containerd => {
            Invocation { program: "containerd".into(), arguments: vec![format!("--config={CONTAINERD_CONFIG}")] }
        }
        NodeProgram::Kubelet => Invocation {
            program: tools.program("kubelet").to_owned(),
            arguments: vec![
                format!("--config={KUBELET_CONFIG}"),
                format!("--kubeconfig={}", site.kubeconfig(&node.to_string()).display()),
                format!("--hostname-override={node}"),
                format!("--node-ip={}", node.address()),
                "--cert-dir=/var/lib/kubelet/pki".into(),
            ],
        },
        NodeProgram::KubeProxy => Invocation {
            program: tools.program("kube-proxy").to_owned(),
            arguments: vec![
                format!("--kubeconfig={}", site.kubeconfig("kube-proxy").display()),
                format!("--hostname-override={node}"),
                "--proxy-mode=nftables".into(),
                format!("--cluster-cidr={POD_RANGE}"),
                // The machine's own limits stay as they are.
                "--conntrack-max-per-core=0".into(),
                "--conntrack-tcp-timeout-established=0".into(),
                "--conntrack-tcp-timeout-close-wait=0".into(),
            ],
        },
    };
    namespaces.inside(invocation)
}

fn containerd_config() -> String {
    format!(
        r#"version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# Machines without CAP_SYS_RESOURCE may not lower a score.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "/run/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"#,
        pause = images::PAUSE
    )
}

fn cni_config(node: NodeName) -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods",
                "isGateway": true,
                "hairpinMode": true,
                "ipMasq": false,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": node.pod_range()}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": "/run/cni/addresses",
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    })
}

fn kubelet_config(site: &Site, node: NodeName) -> Value {
    let own = pki::pair(&site.keys(), &node.to_string());
    let grace = site.node_grace.max(SHORTEST_GRACE);
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address(),
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": pki::authority(&site.keys()).certificate},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": own.certificate,
        "tlsPrivateKeyFile": own.key,
        "healthzBindAddress": node.address(),
        "healthzPort": KUBELET_HEALTH,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups::name(node),
        "failCgroupV1": false,
        "failSwapOn": false,
        "clusterDNS": [MACHINE],
        "clusterDomain": "cluster.local",
        "resolvConf": RESOLV_CONF,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        // Four beats within the time after which silence counts as loss.
        "nodeLeaseDurationSeconds": grace.as_secs(),
        "nodeStatusUpdateFrequency": format!("{}s", grace.as_secs() / 4),
        // A machine that is shared with a build is often full; images that were imported cannot be had again.
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "maxPods": 250,
    })
}

/// Whether the machine has the CNI plugins.
pub(crate) fn has_cni_plugins() -> bool {
    ["bridge", "host-local", "loopback", "portmap"]
        .iter()
        .all(|plugin| fs::metadata(Path::new(CNI_PLUGINS).join(plugin)).is_ok())
}
