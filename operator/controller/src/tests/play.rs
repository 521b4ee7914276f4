//! One play of a script: flow after flow, each of which must end in the picture that an undisturbed play ended in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use operator_api::Stream;
use serde_json::{Value, json};

use super::engine::Shard;
use super::eye::{Eye, condition, name};
use super::fault::Fault;
use super::picture::{Picture, difference};
use super::scripts::Script;
use super::world::{Stage, World};
use crate::object::Kind;

/// A flow that is not at its end after this does not end: a few failed starts and waits lie within.
const PATIENCE: Duration = Duration::from_secs(50);

/// The picture at the end of every flow.
pub(super) type Pictures = BTreeMap<&'static str, Picture>;

/// What all plays have in common.
#[derive(Clone)]
pub(super) struct Theatre {
    pub(super) stage: Arc<Stage>,
    pub(super) eye: Eye,
}

impl Theatre {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let stage = Stage::new().await?;
        let eye = Eye::open(&stage.client, &stage.life);
        Ok(Self { stage, eye })
    }

    /// Plays a script with operators that die of `fault` and are started again. Without `expected` pictures are taken.
    pub(super) async fn play(
        &self,
        script: Script,
        fault: &Fault,
        expected: Option<&Pictures>,
    ) -> anyhow::Result<Pictures> {
        let world = self.stage.world().await?;
        let lives = async {
            loop {
                match world.operate(fault).await {
                    Ok(running) => running.died().await,
                    Err(error) => break error,
                }
            }
        };
        let mut play = Play { world: &world, eye: &self.eye, fault, expected, pictures: Pictures::new(), flow: "" };
        tokio::select! {
            played = script.act(&mut play) => played?,
            broken = lives => return Err(broken),
        }
        Ok(play.pictures)
    }
}

pub(super) struct Play<'a> {
    pub(super) world: &'a World,
    eye: &'a Eye,
    fault: &'a Fault,
    expected: Option<&'a Pictures>,
    pictures: Pictures,
    flow: &'static str,
}

impl Play<'_> {
    pub(super) fn flow(&mut self, flow: &'static str) {
        self.flow = flow;
        self.fault.flow(flow);
    }

    /// The flow is at its end when `is_done`, and everything then comes to look as it should.
    pub(super) async fn ends(&mut self, is_done: impl Fn(&Picture) -> bool) -> anyhow::Result<()> {
        let namespace = &self.world.namespace;
        let Some(expected) = self.expected.and_then(|expected| expected.get(self.flow)) else {
            // What looks done before the operator has looked is not at rest.
            let picture = loop {
                self.until(&is_done).await?;
                let picture = self.eye.at_rest(namespace, PATIENCE).await.context(self.flow)?;
                if is_done(&picture) {
                    break picture;
                }
            };
            self.pictures.insert(self.flow, picture);
            return Ok(());
        };
        self.until(&is_done).await?;
        let alike = self.eye.until(namespace, PATIENCE, |picture| picture == expected).await;
        alike.with_context(|| {
            format!("{} ends otherwise:\n{}", self.flow, difference(expected, &self.eye.picture(namespace)).join("\n"))
        })
    }

    pub(super) async fn until(&self, is_so: impl Fn(&Picture) -> bool) -> anyhow::Result<()> {
        let namespace = &self.world.namespace;
        let reached = self.eye.until(namespace, PATIENCE, is_so).await;
        reached
            .with_context(|| format!("{} does not get there:\n{}", self.flow, statuses(&self.eye.picture(namespace))))
    }

    pub(super) fn shard(&self, workload: &str) -> Shard {
        self.world.stage.kubelet.shard(&self.world.namespace, workload)
    }

    pub(super) async fn create_stream(&self, name: &str, spec: Value) -> anyhow::Result<()> {
        let stream =
            json!({"apiVersion": "sothebais.io/v1alpha1", "kind": "Stream", "metadata": {"name": name}, "spec": spec});
        self.streams().create(&PostParams::default(), &serde_json::from_value(stream)?).await?;
        Ok(())
    }

    pub(super) async fn patch_stream(&self, name: &str, patch: Value) -> anyhow::Result<()> {
        self.streams().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    pub(super) fn streams(&self) -> Api<Stream> {
        self.world.streams()
    }

    pub(super) async fn delete_auction(&self, name: &str) -> anyhow::Result<()> {
        self.world.auctions().delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Deletes by hand.
    pub(super) async fn lose(&self, kind: Kind, object: &str) -> anyhow::Result<()> {
        self.world.objects(kind).delete(object, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Deletes all objects of a kind by hand; they must come back as others.
    pub(super) async fn lose_all(&self, kinds: &[Kind]) -> anyhow::Result<()> {
        let namespace = &self.world.namespace;
        let prefixes: Vec<String> = kinds.iter().map(|kind| name(*kind, "")).collect();
        let mut before = self.eye.uids(namespace);
        before.retain(|name, _| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        for kind in kinds {
            for object in self.world.names(*kind).await? {
                self.world.objects(*kind).delete(&object, &DeleteParams::default()).await?;
            }
        }
        self.eye
            .until_others(namespace, PATIENCE, &before)
            .await
            .with_context(|| format!("of {before:?} some stay away"))
    }
}

/// What resources say, for a failure's message.
fn statuses(picture: &Picture) -> String {
    let resources = picture.iter().filter(|(name, _)| name.starts_with("Auction/") || name.starts_with("Stream/"));
    let texts = resources.map(|(name, object)| format!("{name} {}", object["status"]));
    let names = picture.keys().cloned().collect::<Vec<_>>().join(" ");
    texts.chain([names]).collect::<Vec<_>>().join("\n")
}

/// Whether a condition of an auction begins so, such as `True AsSpecified`.
pub(super) fn auction_says(picture: &Picture, auction: &str, kind: &str, wanted: &str) -> bool {
    condition(picture.get(&name(Kind::Auction, auction)), kind).starts_with(wanted)
}

pub(super) fn stream_says(picture: &Picture, stream: &str, kind: &str, wanted: &str) -> bool {
    condition(picture.get(&name(Kind::Stream, stream)), kind).starts_with(wanted)
}

pub(super) fn field<'a>(picture: &'a Picture, kind: Kind, object: &str, pointer: &str) -> Option<&'a Value> {
    picture.get(&name(kind, object))?.pointer(pointer)
}

pub(super) fn names(picture: &Picture, kind: Kind) -> Vec<&str> {
    let prefix = name(kind, "");
    picture.keys().filter_map(|name| name.strip_prefix(prefix.as_str())).collect()
}
