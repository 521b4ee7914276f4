//! A real API server for tests: one control plane for a whole run, one namespace a test.
//!
//! `with-servers --control-plane` starts it with this repository's definitions and Traefik's installed and names its kubeconfig and its
//! audit log in the environment. Tests that stop or kill parts of it start their own [`private_cluster::ControlPlane`].

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use private_cluster::{Access, ControlPlane, crds};

/// Names the administrator's kubeconfig of a running control plane.
pub const KUBECONFIG: &str = "TEST_KUBECONFIG";
/// Names the audit log of the same control plane.
pub const AUDIT_LOG: &str = "TEST_AUDIT_LOG";

const ACCOUNT_DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

static NAMESPACES: AtomicU32 = AtomicU32::new(0);

/// The administrator's access to the run's control plane.
pub async fn access() -> anyhow::Result<Access> {
    Ok(Access::from_kubeconfig(&named_by(KUBECONFIG)?).await?)
}

/// A client of the run's control plane that may do everything.
pub async fn admin_client() -> anyhow::Result<Client> {
    Ok(access().await?.client()?)
}

/// The administrator's kubeconfig, for programs that read it themselves.
pub fn kubeconfig() -> anyhow::Result<PathBuf> {
    named_by(KUBECONFIG)
}

/// The run's audit log: what every user asked for, other tests included. See [`private_cluster::audit::read`].
pub fn audit_log() -> anyhow::Result<PathBuf> {
    named_by(AUDIT_LOG)
}

/// Creates a namespace of this test's own, ready for pods, and returns its name.
pub async fn namespace(client: &Client) -> anyhow::Result<String> {
    let number = NAMESPACES.fetch_add(1, Ordering::Relaxed);
    let name = format!("test-{}-{number}", std::process::id());
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.context("create a namespace")?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &name);
    let begun = Instant::now();
    // Pods are refused until the namespace has its first ServiceAccount.
    while accounts.get_opt("default").await?.is_none() {
        if begun.elapsed() > ACCOUNT_DEADLINE {
            bail!("namespace {name} got no ServiceAccount within {} s", ACCOUNT_DEADLINE.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(name)
}

/// Starts a control plane with this repository's definitions and Traefik's installed.
pub async fn control_plane() -> anyhow::Result<ControlPlane> {
    let plane = ControlPlane::start().await?;
    let client = plane.admin_client()?;
    crds::install(&client, &crds::folder()).await?;
    crds::install_file(&client, &crds::traefik()?).await?;
    Ok(plane)
}

fn named_by(variable: &str) -> anyhow::Result<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the test run's own setting")]
    let value = std::env::var(variable).ok();
    value.map(PathBuf::from).with_context(|| {
        format!("{variable} is not set: this test needs an API server; run it under `with-servers --control-plane`, as `./just test-units` does")
    })
}
