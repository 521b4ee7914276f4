//! Children that people and programs change by hand, thousands of times over many auctions: each is mended because an event
//! tells of it, never because a timer runs out.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, Patch, PatchParams};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::eye::{Eye, name};
use super::fault::Fault;
use super::flows::setting;
use super::play::auction_says;
use super::world::{Stage, World};
use crate::object::{Kind, MANAGED_BY};
use crate::operator::Pace;

/// Flips of a run, unless the environment asks for another number.
const FLIPS: usize = 2_000;
const AUCTIONS: usize = 40;
/// Flips at the same time, each at another object.
const AT_ONCE: usize = 8;
/// Looks wait a thousand times as long as they should, so longer than the test takes: nothing is mended by a look.
const NEVER: Pace = Pace(100_000);
/// The shortest wait of the operator that is not a look; whatever is mended sooner was mended for an event.
const LIMIT: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flip {
    Delete,
    Edit,
    Relabel,
    Unlabel,
    Disown,
    /// Nothing of ours: it stays, and nothing is written for it.
    Foreign,
}

impl Flip {
    const ALL: [Self; 6] = [Self::Delete, Self::Edit, Self::Relabel, Self::Unlabel, Self::Disown, Self::Foreign];

    fn patch(self, Target { kind, name }: &Target, number: usize) -> Value {
        match self {
            Self::Delete => Value::Null,
            Self::Edit => edit(*kind, name),
            Self::Relabel => json!({"metadata": {"labels": {"app.kubernetes.io/part-of": number.to_string()}}}),
            Self::Unlabel => json!({"metadata": {"labels": {MANAGED_BY: null}}}),
            Self::Disown => json!({"metadata": {"ownerReferences": null}}),
            Self::Foreign => json!({"metadata": {"annotations": {"theirs": number.to_string()}}}),
        }
    }
}

/// A field that we own, with another value.
fn edit(kind: Kind, name: &str) -> Value {
    match kind {
        Kind::Service => json!({"spec": {"selector": {"app.kubernetes.io/instance": "other"}}}),
        Kind::NetworkPolicy => json!({"spec": {"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}}),
        Kind::PodDisruptionBudget => json!({"spec": {"minAvailable": 0}}),
        Kind::IngressRoute => json!({"spec": {"routes": []}}),
        Kind::Pod => json!({"metadata": {"labels": {"sothebais.io/protected": "false"}}}),
        Kind::Middleware if name.contains("rate") => json!({"spec": {"rateLimit": {"average": 1}}}),
        Kind::Middleware if name.contains("in-flight") => json!({"spec": {"inFlightReq": {"amount": 1}}}),
        _ => json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "other"}}}),
    }
}

/// What is flipped.
#[derive(Clone)]
struct Target {
    kind: Kind,
    name: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_are_changed_by_hand_are_mended_for_an_event_and_never_wait_for_a_timer() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (world, eye) = (stage.world().await?, Eye::open(&stage.client, &stage.life));
    let running = world.operate(&Fault::default()).await?;
    for number in 0..AUCTIONS {
        let routing = json!({"routing": {"host": format!("n{number}.example.com")}});
        world.create_auction(&format!("n{number}"), routing).await?;
    }
    let all_ready = |picture: &super::picture::Picture| {
        (0..AUCTIONS).all(|number| auction_says(picture, &format!("n{number}"), "Ready", "True"))
    };
    eye.until(&world.namespace, PATIENCE, all_ready).await.context("auctions are ready")?;
    running.kill();
    let _running = world.operate_at(&Fault::default(), NEVER).await?;
    eye.at_rest(&world.namespace, PATIENCE).await?;
    let targets = targets(&eye, &world);
    let (count, begun) = (setting("FLIPS", FLIPS), Instant::now());
    // Each object has one hand that flips it: what is expected of it is known.
    let lanes = (0..AT_ONCE).map(|lane| {
        let own: Vec<Target> = targets.iter().skip(lane).step_by(AT_ONCE).cloned().collect();
        flip_all(&world, &eye, own, (lane, count / AT_ONCE))
    });
    let lanes: Vec<_> = futures_util::stream::iter(lanes).buffer_unordered(AT_ONCE).collect().await;
    let mut times: BTreeMap<Flip, Vec<Duration>> = BTreeMap::new();
    for lane in lanes {
        for (flip, time) in lane? {
            times.entry(flip).or_default().push(time);
        }
    }
    let total: usize = times.values().map(Vec::len).sum();
    println!("{total} flips of {} objects of {AUCTIONS} auctions in {} s", targets.len(), begun.elapsed().as_secs());
    for (flip, times) in &mut times {
        times.sort();
        let (half, last) = (times[times.len() / 2].as_millis(), times[times.len() - 1].as_millis());
        println!("{:<8} {:>5}, half within {half} ms, the slowest {last} ms", format!("{flip:?}"), times.len());
    }
    let slowest = times.values().flatten().max().copied().unwrap_or_default();
    ensure!(slowest < LIMIT, "one waited {slowest:?}");
    eye.until(&world.namespace, LIMIT, all_ready).await.context("auctions are ready afterwards")
}

fn targets(eye: &Eye, world: &World) -> Vec<Target> {
    const FLIPPED: [Kind; 7] = [
        Kind::NetworkPolicy,
        Kind::PodDisruptionBudget,
        Kind::Service,
        Kind::Middleware,
        Kind::IngressRoute,
        Kind::Pod,
        Kind::ServiceAccount,
    ];
    let picture = eye.picture(&world.namespace);
    let of = |kind: Kind| {
        let prefix = name(kind, "");
        let names = picture.keys().filter_map(move |full| full.strip_prefix(prefix.as_str()).map(str::to_owned));
        names.map(move |name| Target { kind, name }).collect::<Vec<_>>()
    };
    FLIPPED.into_iter().flat_map(of).collect()
}

async fn flip_all(
    world: &World,
    eye: &Eye,
    targets: Vec<Target>,
    (lane, count): (usize, usize),
) -> anyhow::Result<Vec<(Flip, Duration)>> {
    let mut random = SmallRng::seed_from_u64(u64::try_from(lane)?);
    let mut times = Vec::new();
    for number in 0..count {
        let target = &targets[random.random_range(0..targets.len())];
        let flip = Flip::ALL[random.random_range(0..Flip::ALL.len())];
        let flip = match (target.kind, flip) {
            // What a namespace has once has no owner to lose.
            (Kind::Pod | Kind::Service | Kind::IngressRoute, Flip::Disown) => Flip::Disown,
            // A pod that is deleted comes back under another name: that is another test's. One without its label is looked
            // for by its name, which takes a look of its own and is not promised to come with the event.
            (Kind::Pod, Flip::Delete | Flip::Unlabel) => Flip::Relabel,
            (_, Flip::Disown) => Flip::Unlabel,
            (_, flip) => flip,
        };
        let time = once(world, eye, (target, flip), number).await;
        times.push((flip, time.with_context(|| format!("{flip:?} of {:?} {}", target.kind, target.name))?));
    }
    Ok(times)
}

/// Flips once, and says how long it took until the object was as before.
async fn once(world: &World, eye: &Eye, (target, flip): (&Target, Flip), number: usize) -> anyhow::Result<Duration> {
    let objects = world.objects(target.kind);
    let full = name(target.kind, &target.name);
    let mut expected = eye.picture(&world.namespace).remove(&full).context("it is there")?;
    let begun = Instant::now();
    let after = if flip == Flip::Delete {
        let before = eye.version(&world.namespace, &full);
        objects.delete(&target.name, &DeleteParams::default()).await?;
        // What others had added goes with it.
        if let Some(annotations) = expected.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove("theirs");
        }
        before
    } else {
        let patch = Patch::Merge(flip.patch(target, number));
        let flipped = objects.patch(&target.name, &PatchParams::default(), &patch).await?;
        if flip == Flip::Foreign {
            expected["metadata"]["annotations"]["theirs"] = number.to_string().into();
        }
        let version: u64 = flipped.resource_version().and_then(|version| version.parse().ok()).unwrap_or(0);
        // In that version it is not as it should be, unless the write was a foreign one.
        version.saturating_sub(1)
    };
    let mended = eye.until_as(&world.namespace, PATIENCE, (&full, &without_status(&expected), after)).await;
    mended.with_context(|| {
        let now = eye.picture(&world.namespace).remove(&full).unwrap_or_default();
        format!("{:?}", crate::status::difference(&without_status(&expected), &without_status(&now)))
    })?;
    Ok(begun.elapsed())
}

/// Others say how an object stands.
pub(super) fn without_status(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}
