//! Single scenarios: what is quiet stays quiet, what is broken by hand is mended, what is missing is said.

use std::time::Duration;

use kube::ResourceExt as _;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::fault::Fault;
use super::kubelet::Mood;
use super::world::{Stage, until};
use crate::object::{Kind, Object};

fn writes(calls: &[(&'static str, String)]) -> usize {
    calls.iter().filter(|(_, call)| !call.starts_with("GET")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_state_and_a_restart_write_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let fault = Fault::default();
    let running = world.operate(&fault).await?;
    world.create_auction("night", json!({})).await?;
    world.until_condition("night", "Ready", "True AsSpecified").await?;
    let brought_up = writes(&fault.calls());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = writes(&fault.calls());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(writes(&fault.calls()), before, "{:?}", fault.calls());
    running.kill();
    let again = Fault::default();
    let _running = world.operate(&again).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(writes(&again.calls()), 0, "{:?}", again.calls());
    println!("{brought_up} writes to bring an auction up, the namespace's own included");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_child_that_is_edited_or_deleted_by_hand_is_mended_and_foreign_fields_stay() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let _running = world.operate(&Fault::default()).await?;
    world.create_auction("night", json!({})).await?;
    world.until_condition("night", "Ready", "True").await?;
    let services = world.objects(Kind::Service);
    let edit =
        json!({"metadata": {"annotations": {"theirs": "1"}, "labels": {"app.kubernetes.io/component": "other"}}});
    services.patch("auction-engine-night", &PatchParams::default(), &Patch::Merge(edit)).await?;
    until("the label is ours again", async || {
        let service = services.get("auction-engine-night").await?;
        Ok(service.labels()["app.kubernetes.io/component"] == "auction-engine")
    })
    .await?;
    assert_eq!(services.get("auction-engine-night").await?.annotations()["theirs"], "1");
    let uid = services.get("auction-engine-night").await?.uid();
    services.delete("auction-engine-night", &DeleteParams::default()).await?;
    until("the Service is there again", async || {
        Ok(services.get_opt("auction-engine-night").await?.is_some_and(|service| service.uid() != uid))
    })
    .await?;
    let pods = world.objects(Kind::Pod);
    pods.delete("auction-engine-night-1", &DeleteParams::default()).await?;
    until("the next instance runs", async || Ok(world.names(Kind::Pod).await? == ["auction-engine-night-2"])).await?;
    world.until_condition("night", "Ready", "True").await
}

#[tokio::test(flavor = "multi_thread")]
async fn f21_an_object_that_is_not_ours_keeps_its_name_and_the_auction_says_so() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let foreign = json!({"metadata": {"name": "auction-engine-night", "namespace": world.namespace},
        "spec": {"ports": [{"port": 1}]}});
    let foreign = Object::new(Kind::Service, &foreign);
    world.objects(Kind::Service).create(&PostParams::default(), &serde_json::from_value(foreign.manifest)?).await?;
    let _running = world.operate(&Fault::default()).await?;
    world.create_auction("night", json!({})).await?;
    world.until_condition("night", "Stalled", "True NameConflict").await?;
    let service = world.objects(Kind::Service).get("auction-engine-night").await?;
    assert_eq!(service.data["spec"]["ports"][0]["port"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_f16_what_keeps_a_pod_from_running_is_said_and_ends_by_itself() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    *stage.kubelet.mood.lock().unwrap() = Mood::Waiting("CreateContainerConfigError", "secret \"x\" not found");
    let _running = world.operate(&Fault::default()).await?;
    world.create_auction("night", json!({})).await?;
    world.until_condition("night", "DependenciesReady", "False SecretNotFound").await?;
    world.until_condition("night", "Ready", "False SecretNotFound").await?;
    *stage.kubelet.mood.lock().unwrap() = Mood::Waiting("ImagePullBackOff", "no such image");
    world.objects(Kind::Pod).delete("auction-engine-night-1", &DeleteParams::default()).await?;
    world.until_condition("night", "Provisioned", "False ImagePullFailed").await?;
    *stage.kubelet.mood.lock().unwrap() = Mood::Well;
    world.objects(Kind::Pod).delete("auction-engine-night-2", &DeleteParams::default()).await?;
    world.until_condition("night", "Ready", "True AsSpecified").await
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_missed_window_is_said_and_nothing_is_started() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let _running = world.operate(&Fault::default()).await?;
    let schedule = json!({"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T06:00:00Z"});
    world.create_auction("night", json!({"schedule": schedule})).await?;
    world.until_condition("night", "Ready", "False MissedWindow").await?;
    assert_eq!(world.names(Kind::Pod).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_a_live_auction_that_is_deleted_goes_off_air_first_and_leaves_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let _running = world.operate(&Fault::default()).await?;
    world
        .create_auction("night", json!({"schedule": {"startsAt": "2026-01-01T00:00:00Z", "settleGraceSeconds": 30}}))
        .await?;
    world.until_condition("night", "EngineReady", "True").await?;
    stage.kubelet.shard(&world.namespace, "auction-engine-night").set("night", "live", "open");
    world.until_condition("night", "Live", "True").await?;
    world.auctions().delete("night", &DeleteParams::default()).await?;
    until("nothing is left", async || Ok(world.canonical().await?.is_empty())).await?;
    assert!(stage.kubelet.shard(&world.namespace, "auction-engine-night").knows("night"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f25_an_auction_that_contradicts_itself_stops_no_other() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let world = stage.world().await?;
    let _running = world.operate(&Fault::default()).await?;
    let lots =
        json!([{"id": "one", "title": "One", "startingPrice": "5", "reserve": {"kind": "Public", "price": "1"}}]);
    let refused = world.create_auction("bad", json!({"lots": lots})).await;
    world.create_auction("good", json!({})).await?;
    world.until_condition("good", "Ready", "True").await?;
    if refused.is_ok() {
        world.until_condition("bad", "Accepted", "False SpecInvalid").await?;
    }
    Ok(())
}
