//! Flows under faults: create, go live, hand over, finish, delete. Whatever happens at whatever call, all end the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::fault::{Fault, Flavour};
use super::world::{Stage, World, until};
use crate::object::Kind;

/// Worlds that are played at the same time; the API server of two processors takes no more.
const AT_ONCE: usize = 6;
/// Crash points of a run, unless the environment asks for another number.
const POINTS: usize = 40;

fn show() -> Value {
    json!({"rollout": "Immediate", "stream": {"template": {
        "outputs": [{"name": "x", "type": "RTMP", "url": "rtmp://127.0.0.1/live"}]}}})
}

/// What a world looked like at the points where every run must look alike.
type Pictures = Vec<(&'static str, BTreeMap<String, Value>)>;

/// Plays a whole show.
async fn play(world: &World, fault: &Fault) -> anyhow::Result<Pictures> {
    let mut pictures = Vec::new();
    fault.flow("create");
    world.create_auction("night", show()).await?;
    world.until_condition("night", "EngineReady", "True").await?;
    world.until_condition("night", "StreamReady", "True OutputsLive").await?;
    world.until_condition("night", "DisruptionProtected", "True").await?;
    pictures.push(("created", settled(world).await?));

    fault.flow("go live");
    world.stage.kubelet.shard(&world.namespace, "auction-engine-night").set("night", "live", "open");
    world.until_condition("night", "Live", "True").await?;
    pictures.push(("live", settled(world).await?));

    fault.flow("hand over");
    let resources = json!({"requests": {"cpu": "100m"}});
    world.patch_auction("night", json!({"spec": {"stream": {"template": {"resources": resources}}}})).await?;
    until("the second compositor is alone on air", async || {
        let status = world.streams().get("night").await?.status.unwrap_or_default();
        let second = status.active.is_some_and(|active| active.pod == "compositor-night-2");
        let names = world.names(Kind::Pod).await?;
        Ok(second && names.iter().filter(|name| name.starts_with("compositor")).count() == 1)
    })
    .await?;
    world.until_condition("night", "Live", "True").await?;
    pictures.push(("handed over", settled(world).await?));

    fault.flow("finish");
    world.stage.kubelet.shard(&world.namespace, "auction-engine-night").set("night", "completed", "sold");
    world.until_condition("night", "Ready", "True Completed").await?;
    until("no pod is left", async || Ok(world.names(Kind::Pod).await?.is_empty())).await?;
    pictures.push(("finished", settled(world).await?));

    fault.flow("delete");
    world.auctions().delete("night", &DeleteParams::default()).await?;
    until("nothing is left", async || Ok(world.canonical().await?.is_empty())).await?;
    Ok(pictures)
}

/// The canonical picture once it does not change any more.
async fn settled(world: &World) -> anyhow::Result<BTreeMap<String, Value>> {
    const STILL: std::time::Duration = std::time::Duration::from_millis(700);
    let mut last = world.canonical().await?;
    for _ in 0..40 {
        tokio::time::sleep(STILL).await;
        let now = world.canonical().await?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
    anyhow::bail!("the world does not come to rest")
}

/// Plays with operators that die and are started again.
async fn play_through(stage: &Arc<Stage>, fault: &Fault) -> anyhow::Result<Pictures> {
    let world = stage.world().await?;
    let lives = async {
        loop {
            let running = world.operate(fault).await?;
            fault.died().await;
            running.kill();
            fault.revive();
        }
    };
    let played = tokio::select! {
        pictures = play(&world, fault) => pictures,
        broken = lives => broken,
    };
    match played {
        Ok(pictures) => Ok(pictures),
        Err(error) => Err(error.context(world.explain().await?)),
    }
}

/// Every call of an undisturbed show, and at each every fault that is worth one: the first of its flow, verb and kind.
fn points(calls: &[(&'static str, String)]) -> Vec<(usize, Flavour)> {
    let mut seen = BTreeSet::new();
    let firsts = calls.iter().enumerate().filter(|(_, call)| seen.insert((*call).clone())).map(|(index, _)| index);
    let firsts: Vec<usize> = firsts.collect();
    Flavour::ALL.into_iter().flat_map(|flavour| firsts.iter().map(move |index| (*index, flavour))).collect()
}

fn wanted_points() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the test run's own setting")]
    let wanted = std::env::var("CRASH_POINTS").ok();
    wanted.and_then(|number| number.parse().ok()).unwrap_or(POINTS)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "plays a show for every crash point, minutes in all: run it by hand with --run-ignored"]
async fn every_flow_ends_the_same_whatever_call_it_is_cut_off_at() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let calm = Fault::default();
    let expected = play_through(&stage, &calm).await.context("the undisturbed show")?;
    let calls = calm.calls();
    let all = points(&calls);
    // Spread over all flavours and flows when not all are played.
    let step = (all.len() / wanted_points().max(1)).max(1);
    let chosen: Vec<_> = all.iter().copied().step_by(step).collect();
    let runs = futures_util::stream::iter(chosen).map(|(call, flavour)| {
        let (stage, expected) = (stage.clone(), &expected);
        async move {
            let fault = Fault::at(call, flavour);
            let pictures = play_through(&stage, &fault).await.with_context(|| format!("{flavour:?} at call {call}"))?;
            for ((name, wanted), (_, found)) in expected.iter().zip(&pictures) {
                assert_eq!(difference(wanted, found), Vec::<String>::new(), "{name}, after {flavour:?} at call {call}");
            }
            let (flow, what) = fault.calls().get(call).cloned().unwrap_or_default();
            anyhow::Ok((flow, what, flavour, fault.was_hit()))
        }
    });
    let mut table: BTreeMap<(&'static str, String, Flavour), usize> = BTreeMap::new();
    let mut runs = runs.buffer_unordered(AT_ONCE);
    while let Some(run) = runs.next().await {
        let (flow, what, flavour, hit) = run?;
        if hit {
            *table.entry((flow, what, flavour)).or_default() += 1;
        }
    }
    assert_eq!(stage.kubelet.air.violations(), Vec::<String>::new(), "never two publishers");
    println!("{} calls undisturbed; {} distinct crash points of {}", calls.len(), table.len(), all.len());
    for (flow, what, flavour) in table.keys() {
        println!("{flow:<10} {what:<28} {flavour:?}");
    }
    assert!(!table.is_empty(), "some fault was planted");
    Ok(())
}

/// The paths at which two pictures differ.
fn difference(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let differ = names.into_iter().filter_map(|name| {
        let patch = crate::status::difference(&wanted.get(name), &found.get(name))?;
        Some(format!("{name}: {patch}"))
    });
    differ.collect()
}
