//! The publisher's lease on a real API server.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use private_servers::Rtmp;
use serde_json::json;
use testkit::kubernetes;
use wire::compositor::OutputState;

use crate::engine::Engine;
use crate::process::{Compositor, spec};

const ME: &str = "compositor-show-3";

fn lease(holder: Option<&str>, epoch: i32) -> Lease {
    Lease {
        metadata: ObjectMeta { name: Some("show-publisher".into()), ..ObjectMeta::default() },
        spec: Some(LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_transitions: Some(epoch),
            lease_duration_seconds: Some(2),
            ..LeaseSpec::default()
        }),
    }
}

/// Names a holder, as the operator does: with the version that was read.
async fn name(leases: &Api<Lease>, holder: &str, epoch: i32) -> anyhow::Result<()> {
    loop {
        let mut named = lease(Some(holder), epoch);
        named.metadata.resource_version = leases.get("show-publisher").await?.metadata.resource_version;
        match leases.replace("show-publisher", &PostParams::default(), &named).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            answered => return answered.map(drop).context("the lease cannot be written"),
        }
    }
}

#[tokio::test]
async fn an_output_connects_only_under_the_lease_goes_on_without_it_and_ends_when_another_is_named()
-> anyhow::Result<()> {
    bootstrap::install_crypto();
    let client = kubernetes::admin_client().await?;
    let namespace = kubernetes::namespace(&client).await?;
    let leases: Api<Lease> = Api::namespaced(client, &namespace);
    leases.create(&PostParams::default(), &lease(Some("compositor-show-2"), 2)).await?;

    let directory = tempfile::tempdir()?;
    let (engine, mut ingest) =
        (Engine::start().await?, Rtmp::start(&directory.path().join("ingest"), Ipv4Addr::LOCALHOST.into()).await?);
    #[expect(clippy::disallowed_methods, reason = "the test run's own setting")]
    let kubeconfig = std::env::var(kubernetes::KUBECONFIG)?;
    let settings = [
        ("PUBLISHER", "lease:show-publisher"),
        ("POD_NAME", ME),
        ("POD_NAMESPACE", namespace.as_str()),
        ("KUBECONFIG", kubeconfig.as_str()),
    ];
    let compositor = Compositor::start(directory.path(), &settings).await?;
    let (at, url) = (format!("http://{}", engine.address), ingest.url());
    let on_air = json!({"mode": "on_air", "epoch": 3});
    let (status, body) = compositor.put(&spec(1, &at, &[("x", &url)], &on_air)).await?;
    ensure!(status == 200, "{body}");
    compositor.until("x", OutputState::WaitingForLease).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ensure!(compositor.output("x").await?.frames_sent == 0, "nothing is sent while another holds the lease");

    name(&leases, ME, 3).await?;
    compositor.until("x", OutputState::Live).await?;
    let first = leases.get("show-publisher").await?.spec.and_then(|spec| spec.renew_time);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let later = leases.get("show-publisher").await?.spec.and_then(|spec| spec.renew_time);
    ensure!(later > first, "the lease is renewed: {first:?} {later:?}");

    name(&leases, "compositor-show-4", 4).await?;
    compositor.until("x", OutputState::Idle).await?;
    ensure!(compositor.status().await?.epoch.is_none());
    ingest.kill9();
    compositor.stop().await?;
    let holder = leases.get("show-publisher").await?.spec.and_then(|spec| spec.holder_identity);
    assert_eq!(holder.as_deref(), Some("compositor-show-4"), "what names another is not touched");
    Ok(())
}
