//! Every object is taken by a real API server: fields checked strictly, Traefik's by its own definitions, pods by the
//! `restricted` level of pod security.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DynamicObject, ObjectMeta, Patch, PatchParams, PostParams, ValidationDirective};
use kube::{Api, Client};
use operator_plan::{Stage, Tls};
use serde_json::{Value, json};

use super::fixtures::{self, context, context_of};
use crate::object::{Kind, MANAGER, Object, Provider};
use crate::render::{Context, house, objects};

/// A namespace that takes restricted pods alone.
pub(super) async fn restricted(client: &Client) -> anyhow::Result<String> {
    let name = testkit::kubernetes::namespace(client).await?;
    let levels = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.patch(&name, &PatchParams::default(), &Patch::Merge(&levels)).await?;
    Ok(name)
}

async fn dry_run(client: &Client, object: &Object) -> Result<DynamicObject, kube::Error> {
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), &object.id.namespace, &object.id.kind.resource());
    let mut params = PatchParams::apply(MANAGER).dry_run();
    params.field_validation = Some(ValidationDirective::Strict);
    api.patch(&object.id.name, &params, &Patch::Apply(&object.manifest)).await
}

fn everything(namespace: &str, context: &Context) -> Vec<Object> {
    let mut show = fixtures::show(namespace);
    show.routes.push(operator_plan::Route { auction: "plain".to_owned(), ..fixtures::route(Tls::Off) });
    let mut all = objects(&show, context);
    all.extend(house(&fixtures::house(namespace), context));
    all
}

#[tokio::test]
async fn every_object_is_accepted_strictly_and_every_pod_at_the_restricted_level() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let namespace = restricted(&client).await?;
    let (air, rehearsal) = (context(), context_of(Stage::Rehearsal, &["--proxies-before-traefik=1"]));
    let mut kinds = BTreeSet::new();
    for object in everything(&namespace, &air).into_iter().chain(everything(&namespace, &rehearsal)) {
        match object.id.kind.provider() {
            Provider::Kubernetes | Provider::Traefik => {}
            // Its definitions are not among the tools.
            Provider::CertManager => continue,
        }
        if object.id.kind == Kind::Pod {
            // The priority class and the account are made elsewhere; a dry run asks for them.
            prepare(&client, &namespace, &object.manifest).await?;
        }
        dry_run(&client, &object).await.map_err(|error| anyhow::anyhow!("{:?}: {error}", object.id))?;
        kinds.insert(object.id.kind);
    }
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    Ok(())
}

/// Makes what a pod names.
async fn prepare(client: &Client, namespace: &str, pod: &Value) -> anyhow::Result<()> {
    use k8s_openapi::api::core::v1::ServiceAccount;
    make_priority_class(client, pod).await?;
    if let Some(name) = pod.pointer("/spec/serviceAccountName").and_then(Value::as_str) {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        let account = ServiceAccount { metadata, ..ServiceAccount::default() };
        made(Api::namespaced(client.clone(), namespace).create(&PostParams::default(), &account).await)?;
    }
    Ok(())
}

/// Makes the priority class that a pod names; it is nobody's child.
pub(super) async fn make_priority_class(client: &Client, pod: &Value) -> anyhow::Result<()> {
    use k8s_openapi::api::scheduling::v1::PriorityClass;
    if let Some(name) = pod.pointer("/spec/priorityClassName").and_then(Value::as_str) {
        let class = PriorityClass {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            value: Some(1_000),
            ..PriorityClass::default()
        };
        made(Api::all(client.clone()).create(&PostParams::default(), &class).await)?;
    }
    Ok(())
}

/// Whoever made it first, it is there.
fn made<T>(created: Result<T, kube::Error>) -> anyhow::Result<()> {
    match created {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(other) => Err(other.into()),
    }
}

#[tokio::test]
async fn a_field_that_traefik_does_not_know_is_refused() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let namespace = restricted(&client).await?;
    let all = everything(&namespace, &context());
    let mut route = all.into_iter().find(|object| object.id.kind == Kind::IngressRoute).expect("there is a route");
    route.manifest["spec"]["routes"][0]["matches"] = json!("Host(`b`)");
    let refused = dry_run(&client, &route).await.expect_err("the field does not exist");
    assert!(refused.to_string().contains("matches"), "{refused}");
    Ok(())
}
