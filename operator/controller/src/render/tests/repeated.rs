//! What is written once is as wanted from then on: the API server's defaults are no difference, so a second look writes
//! nothing; an edit of ours is undone, an edit beside ours stays.

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::api_server::{make_priority_class, restricted};
use super::fixtures::{self, context};
use crate::act::{ActError, Actor, Wrote};
use crate::object::{Grip, Id, Kind, Object, Provider};
use crate::render::{house, objects};

/// Every object that this API server can keep; owners are left out, for nobody owns these.
async fn everything(client: &Client) -> anyhow::Result<Vec<Object>> {
    let namespace = restricted(client).await?;
    let mut all = house(&fixtures::house(&namespace), &context());
    all.extend(objects(&fixtures::show(&namespace), &context()));
    all.retain(|object| object.id.kind.provider() != Provider::CertManager);
    for object in &mut all {
        if let Some(metadata) = object.manifest["metadata"].as_object_mut() {
            metadata.remove("ownerReferences");
        }
        if object.id.kind == Kind::Pod {
            make_priority_class(client, &object.manifest).await?;
        }
    }
    Ok(all)
}

fn api(client: &Client, id: &Id) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), &id.namespace, &id.kind.resource())
}

async fn edit(client: &Client, id: &Id, patch: &Value) -> anyhow::Result<DynamicObject> {
    Ok(api(client, id).patch(&id.name, &PatchParams::apply("somebody"), &Patch::Merge(patch)).await?)
}

/// An object without what the cluster's own controllers write at any time: its status, and versions that follow it.
fn what_can_be_written(mut object: DynamicObject) -> DynamicObject {
    object.metadata.resource_version = None;
    if let Some(fields) = object.data.as_object_mut() {
        fields.remove("status");
    }
    let managers = object.metadata.managed_fields.iter_mut().flatten();
    managers.filter(|entry| entry.subresource.is_none()).for_each(|entry| entry.time = None);
    if let Some(managers) = &mut object.metadata.managed_fields {
        managers.retain(|entry| entry.subresource.is_none());
    }
    object
}

#[tokio::test]
async fn a_second_look_at_everything_writes_nothing() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let actor = Actor::new(client.clone());
    let all = everything(&client).await?;
    for object in &all {
        assert_eq!(actor.apply(object, None).await?, Wrote::Created, "{:?}", object.id);
    }
    for object in &all {
        let kept = api(&client, &object.id).get(&object.id.name).await?;
        assert_eq!(actor.apply(object, Some(&kept)).await?, Wrote::Nothing, "{:?}", object.id);
        assert_eq!(actor.apply(object, None).await?, Wrote::Nothing, "{:?} by an empty cache", object.id);
    }
    Ok(())
}

#[tokio::test]
async fn f20_a_child_edited_by_hand_is_repaired_and_foreign_fields_are_left_alone() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let actor = Actor::new(client.clone());
    for object in everything(&client).await? {
        let id = &object.id;
        actor.apply(&object, None).await?;
        let theirs = json!({"metadata": {"labels": {"team": "night"}, "annotations": {"note": "ours"}}});
        let noted = edit(&client, id, &theirs).await?;
        assert_eq!(actor.apply(&object, Some(&noted)).await?, Wrote::Nothing, "{id:?}: what others add is theirs");

        let ours = json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "something-else"}}});
        let edited = edit(&client, id, &ours).await?;
        let expected = match id.kind.grip() {
            Grip::Whole => Wrote::Repaired,
            Grip::Metadata => Wrote::Changed,
            // Its holder writes it from then on.
            Grip::FirstForm => Wrote::Nothing,
        };
        assert_eq!(actor.apply(&object, Some(&edited)).await?, expected, "{id:?}");
        let kept = api(&client, id).get(&id.name).await?;
        let labels = kept.metadata.labels.unwrap_or_default();
        assert_eq!(labels.get("team").map(String::as_str), Some("night"), "{id:?}");
        if expected != Wrote::Nothing {
            assert_eq!(labels["app.kubernetes.io/part-of"], "sothebais", "{id:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn f21_an_object_under_one_of_our_names_that_is_not_ours_is_never_touched() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let actor = Actor::new(client.clone());
    for object in everything(&client).await? {
        let id = &object.id;
        let mut foreign = object.manifest.clone();
        foreign["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "helm"});
        api(&client, id).patch(&id.name, &PatchParams::apply("helm"), &Patch::Apply(&foreign)).await?;
        let before = what_can_be_written(api(&client, id).get(&id.name).await?);
        let refused = actor.apply(&object, None).await;
        assert!(matches!(refused, Err(ActError::Foreign { .. })), "{id:?}: {refused:?}");
        let after = what_can_be_written(api(&client, id).get(&id.name).await?);
        assert_eq!(after, before, "{id:?}");
    }
    Ok(())
}
