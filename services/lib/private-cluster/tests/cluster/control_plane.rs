//! The control plane, really started, asked, killed and started again.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use nix::sys::signal::Signal;
use private_cluster::{ControlPlane, Grant, Part, Scope, audit, crds};

const ANSWER_DEADLINE: Duration = Duration::from_secs(5);

fn note(name: &str) -> ConfigMap {
    ConfigMap { metadata: ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() }, ..ConfigMap::default() }
}

async fn names(client: Client) -> anyhow::Result<Vec<String>> {
    let notes: Api<ConfigMap> = Api::namespaced(client, "default");
    let list = tokio::time::timeout(ANSWER_DEADLINE, notes.list(&ListParams::default())).await??;
    Ok(list.items.into_iter().filter_map(|note| note.metadata.name).collect())
}

#[tokio::test]
async fn a_control_plane_answers_and_keeps_what_it_was_told_when_its_parts_are_killed() -> anyhow::Result<()> {
    let mut plane = ControlPlane::start().await?;
    let client = plane.admin_client()?;
    let notes: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    notes.create(&PostParams::default(), &note("first")).await?;

    plane.kill9(Part::ApiServer);
    assert!(names(client.clone()).await.is_err(), "nobody answers now");
    plane.restart(Part::ApiServer).await?;
    assert!(names(client.clone()).await?.contains(&"first".to_owned()));

    plane.kill9(Part::Etcd);
    plane.restart(Part::Etcd).await?;
    notes.create(&PostParams::default(), &note("second")).await?;
    let kept = names(client.clone()).await?;
    assert!(kept.contains(&"first".to_owned()) && kept.contains(&"second".to_owned()), "{kept:?}");

    plane.signal(Part::ApiServer, Signal::SIGSTOP);
    assert!(names(client.clone()).await.is_err(), "it is paused");
    plane.signal(Part::ApiServer, Signal::SIGCONT);
    assert!(names(client.clone()).await.is_ok());

    let pids = [Part::ControllerManager, Part::ApiServer, Part::Etcd].map(|part| plane.pid(part));
    let directory = plane.kubeconfig().parent().expect("it lies in a directory").to_owned();
    plane.stop().await;
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is left");
    }
    assert!(!directory.exists(), "{} is left", directory.display());
    Ok(())
}

#[tokio::test]
async fn a_service_account_may_do_what_it_was_granted_and_the_audit_log_tells_what_it_did() -> anyhow::Result<()> {
    let plane = ControlPlane::start().await?;
    let words = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
    let rule = PolicyRule {
        api_groups: words(&[""]),
        resources: words(&["configmaps"]),
        verbs: vec!["list".into(), "create".into()],
        ..PolicyRule::default()
    };
    let grant = Grant {
        namespace: "default".into(),
        service_account: "clerk".into(),
        scope: Scope::Namespace,
        rules: vec![rule],
    };
    let clerk = plane.client_for(&grant).await?;
    let notes: Api<ConfigMap> = Api::namespaced(clerk.clone(), "default");
    notes.create(&PostParams::default(), &note("by-the-clerk")).await?;
    let refused = notes.delete("by-the-clerk", &DeleteParams::default()).await.err();
    assert!(matches!(&refused, Some(kube::Error::Api(status)) if status.code == 403), "{refused:?}");
    let secrets: Api<Secret> = Api::namespaced(clerk, "default");
    assert!(secrets.list(&ListParams::default()).await.is_err());

    let requests = audit::read(&plane.audit_log())?;
    let by_clerk: Vec<_> =
        requests.iter().filter(|request| request.user == "system:serviceaccount:default:clerk").collect();
    let told: Vec<_> =
        by_clerk.iter().map(|request| (request.verb.as_str(), request.resource.as_str(), request.code)).collect();
    let expected =
        [("create", "configmaps", Some(201)), ("delete", "configmaps", Some(403)), ("list", "secrets", Some(403))];
    assert_eq!(told, expected);
    plane.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_repositorys_definitions_and_traefiks_are_installed_and_served() -> anyhow::Result<()> {
    let plane = ControlPlane::start().await?;
    let client = plane.admin_client()?;
    let names = crds::install(&client, &crds::folder()).await?;
    assert!(names.contains(&"auctions.sothebais.io".to_owned()), "{names:?}");
    let names = crds::install_file(&client, &crds::traefik()?).await?;
    assert!(names.contains(&"ingressroutes.traefik.io".to_owned()), "{names:?}");
    for path in ["/apis/sothebais.io/v1alpha1/auctions", "/apis/traefik.io/v1alpha1/ingressroutes"] {
        client.request_text(http::Request::get(path).body(Vec::new())?).await.context(path)?;
    }
    // A namespace with a ServiceAccount of its own shows that controllers work.
    let namespaces: Api<Namespace> = Api::all(client);
    assert!(namespaces.get_opt("kube-system").await?.is_some());
    plane.stop().await;
    Ok(())
}
