//! Decide: which compositors there are, who publishes, what each is told. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use auction_core::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::auction::{AuctionPhase, Rollout as AuctionRollout};
use operator_api::stream::{Standby, Stream};
use operator_plan::succession::{
    Airing, Demand, Duty, Exclusion, Lease, Moment, Policy, Rollout, Spare, Succession, Wanted,
};
use operator_plan::{
    Desired, Ingest, OutputKey, Owner, OwnerKind, Protection, Publisher, Role, Tls, of_shard, shard_of,
};
use serde_json::json;
use wire::compositor::{CompositorSpec, CompositorStatus, ProgramState, Publish};

use super::read::Read;
use crate::budget;
use crate::instances::{self, Care};
use crate::object::{Id, Kind, Object};
use crate::pod::Sight;
use crate::render::{self, Context, names};

/// Outputs are looked at this often: `Live` speaks of the last five seconds.
const LOOK_ON_AIR_MS: i64 = 2_000;
/// Something is under way.
const LOOK_WHEN_BUSY_MS: i64 = 500;
/// A compositor that renders dark.
const LOOK_WHEN_DARK_MS: i64 = 5_000;

/// What follows from what was read.
pub(super) struct Decided {
    pub(super) demand: Demand,
    pub(super) airing: Airing,
    pub(super) protection: Protected,
    pub(super) objects: Vec<Object>,
    pub(super) farewells: Vec<(Id, Arc<DynamicObject>)>,
    pub(super) succession: Succession,
    /// The pod that the lease is to name from now on.
    pub(super) appoint: Option<String>,
    pub(super) tell: Vec<Tell>,
    pub(super) workload: String,
    pub(super) wake_at_ms: Option<i64>,
}

/// Whether the compositors are kept from eviction, and whether that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protected {
    Off,
    ByPolicy,
    NotVerified(String),
    Verified,
}

/// What a compositor is to be told.
pub(super) struct Tell {
    pub(super) pod: String,
    pub(super) address: String,
    pub(super) spec: CompositorSpec,
}

pub(super) fn decide(read: &Read, context: &Context, now_ms: i64) -> Decided {
    let now = Timestamp(now_ms);
    let demand = demand(read);
    let protection = protection(read, demand);
    let airing = airing(read, &protection);
    let lease = read.lease.as_ref().map(|lease| lease.as_seen(&read.sights));
    let lease = lease.unwrap_or(Lease { holder: None, until: Timestamp(0) });
    let care = care(read, (demand, airing, &protection), lease);
    let stream = &read.stream;
    let keys = keys(stream);
    let auction = read.auction.as_ref().map(|auction| auction.name_any());
    let grace = stream.spec.termination_grace_period_seconds;
    let workload = operator_plan::compositor(&read.name, auction.as_deref(), &keys, grace, context.stage);
    let name = workload.name.clone();
    let duty = |sight: &Sight| duty(read.said.get(&sight.name));
    let decided = instances::decide(workload, care, &read.sights, duty, (context, now));
    let mut desired = Desired { namespace: read.namespace.clone(), ..Desired::default() };
    desired.ingests = ingest(read).into_iter().collect();
    desired.publisher = Some(Publisher { stream: read.name.clone(), owner: owner(stream), holder: None, epoch: 0 });
    desired.units = vec![decided.unit.clone()];
    let objects = match demand {
        Demand::Run => render::objects(&desired, context),
        Demand::Stop => Vec::new(),
    };
    let farewells = farewells(read, &objects, &decided);
    // The lease must exist before it can name anybody.
    let appoint =
        decided.succession.appoint.filter(|_| read.lease.is_some()).map(|epoch| names::instance(&name, epoch));
    let tell = tell(read, &decided.succession);
    let busy = appoint.is_some() || decided.succession.turnover != operator_plan::succession::Turnover::None;
    let is_settled =
        decided.unit.instances.iter().all(|place| read.sights.iter().any(|it| it.epoch == place.epoch && it.ready));
    let look = match (demand, airing) {
        (Demand::Stop, _) if read.sights.is_empty() => None,
        _ if busy || !is_settled => Some(LOOK_WHEN_BUSY_MS),
        (Demand::Stop, _) | (Demand::Run, Airing::OnAir) => Some(LOOK_ON_AIR_MS),
        (Demand::Run, Airing::Dark) => Some(LOOK_WHEN_DARK_MS),
    };
    let by_succession = decided.succession.wake_at.map(|at| at.0).filter(|at| *at > now_ms);
    let wake_at_ms = look.map(|after| now_ms + after).into_iter().chain(by_succession).min();
    let succession = decided.succession;
    Decided { demand, airing, protection, objects, farewells, succession, appoint, tell, workload: name, wake_at_ms }
}

/// A stream runs from the moment at which it exists: whoever makes it wants to see it.
fn demand(read: &Read) -> Demand {
    let deleted = read.stream.metadata.deletion_timestamp.is_some();
    if deleted || read.stream.spec.replicas == 0 { Demand::Stop } else { Demand::Run }
}

/// On air from the moment at which the engine of the auction has its spec until the last hammer, once protection is in
/// force. A show that has begun is not kept off the air by a budget that nobody enforces.
fn airing(read: &Read, protection: &Protected) -> Airing {
    let Some(auction) = &read.auction else { return Airing::Dark };
    let phase = auction.status.as_ref().map(|status| status.phase).unwrap_or_default();
    let has_begun = match phase {
        AuctionPhase::Live | AuctionPhase::Paused => true,
        AuctionPhase::Pending
        | AuctionPhase::Scheduled
        | AuctionPhase::Provisioning
        | AuctionPhase::Ready
        | AuctionPhase::Settling
        | AuctionPhase::Completed
        | AuctionPhase::Failed
        | AuctionPhase::Cancelled
        | AuctionPhase::Terminating
        | AuctionPhase::Unknown => false,
    };
    match protection {
        Protected::NotVerified(_) | Protected::Off if !has_begun => Airing::Dark,
        Protected::NotVerified(_) | Protected::Off | Protected::ByPolicy | Protected::Verified => Airing::OnAir,
    }
}

fn protection(read: &Read, demand: Demand) -> Protected {
    match (demand, &read.auction) {
        (Demand::Stop, _) | (Demand::Run, None) => return Protected::Off,
        (Demand::Run, Some(_)) => {}
    }
    if super::policy(&read.stream.spec.disruption) == Policy::Always {
        return Protected::ByPolicy;
    }
    match &read.budget {
        budget::Standing::Missing => return Protected::NotVerified("it is being written".to_owned()),
        budget::Standing::NotInForce(why) => return Protected::NotVerified(why.clone()),
        budget::Standing::InForce => {}
    }
    let pods = || read.owned.iter().filter(|(id, _)| id.kind == Kind::Pod);
    let uncovered = pods().find(|(_, pod)| pod.metadata.deletion_timestamp.is_none() && !budget::covers(pod));
    match uncovered {
        // An elder that was handed over from may go.
        Some((id, _)) if pods().count() == 1 => Protected::NotVerified(format!("pod {} is not under it yet", id.name)),
        Some(_) | None if pods().next().is_none() => Protected::NotVerified("there is no pod yet".to_owned()),
        Some(_) | None => Protected::Verified,
    }
}

fn care(read: &Read, (demand, airing, protection): (Demand, Airing, &Protected), lease: Lease) -> Care {
    let spec = &read.stream.spec;
    let status = read.stream.status.as_ref();
    let remembered = status.map_or(0, |status| status.epoch);
    let rollout = read.auction.as_ref().map(|auction| auction.spec.rollout);
    Care {
        owners: vec![owner(&read.stream)],
        resources: super::resources(&spec.resources),
        scheduling: super::scheduling(&read.stream),
        wanted: Wanted {
            demand,
            revision: String::new(),
            moment: moment(read),
            policy: super::policy(&spec.disruption),
            rollout: match rollout {
                Some(AuctionRollout::Immediate) => Rollout::Immediate,
                Some(AuctionRollout::BetweenLots) => Rollout::BetweenLots,
                Some(AuctionRollout::OnNextSession) | None => Rollout::OnNextSession,
            },
            spare: match spec.standby {
                Standby::None => Spare::None,
                Standby::Warm | Standby::Hot => Spare::One,
            },
            exclusion: Exclusion::Publisher(lease),
            airing,
            protection: match protection {
                Protected::Off | Protected::ByPolicy => Protection::Open,
                Protected::NotVerified(_) | Protected::Verified => Protection::Protected,
            },
        },
        last_epoch: u64::try_from(remembered).unwrap_or(0),
    }
}

/// What a hand-over would interrupt, by the auction's own word.
fn moment(read: &Read) -> Moment {
    let Some(auction) = &read.auction else { return Moment::Idle };
    let status = auction.status.as_ref();
    match status.map(|status| status.phase).unwrap_or_default() {
        AuctionPhase::Live | AuctionPhase::Paused => {
            let open = status.and_then(|status| status.current_lot.as_ref()).is_some();
            let asked = auction.annotations().contains_key(operator_api::labels::HANDOVER_REQUESTED);
            if open && !asked { Moment::Lot } else { Moment::Between }
        }
        // On air already, with a countdown: viewers would notice, no bidder would.
        AuctionPhase::Ready => Moment::Between,
        AuctionPhase::Pending
        | AuctionPhase::Scheduled
        | AuctionPhase::Provisioning
        | AuctionPhase::Settling
        | AuctionPhase::Completed
        | AuctionPhase::Failed
        | AuctionPhase::Cancelled
        | AuctionPhase::Terminating
        | AuctionPhase::Unknown => Moment::Idle,
    }
}

fn duty(said: Option<&Result<CompositorStatus, String>>) -> Duty {
    match said.map(|said| said.as_ref().map(|status| status.state)) {
        Some(Ok(ProgramState::OnAir)) => Duty::OnAir,
        Some(Ok(ProgramState::Starting | ProgramState::Dark)) => Duty::Dark,
        Some(Ok(ProgramState::Draining) | Err(_)) | None => Duty::Unknown,
    }
}

pub(super) fn owner(stream: &Stream) -> Owner {
    Owner { kind: OwnerKind::Stream, name: stream.name_any(), uid: stream.uid().unwrap_or_default() }
}

fn keys(stream: &Stream) -> Vec<OutputKey> {
    let outputs = stream.spec.outputs.iter();
    let key = |output: &operator_api::stream::Output| {
        let secret = output.stream_key_secret_ref.as_ref()?;
        Some(OutputKey { output: output.name.clone(), secret: secret.name.clone(), key: secret.key.clone() })
    };
    outputs.filter_map(key).collect()
}

fn ingest(read: &Read) -> Option<Ingest> {
    let rtmps = read.stream.spec.ingest.rtmps.as_ref()?;
    Some(Ingest {
        stream: read.name.clone(),
        owner: owner(&read.stream),
        service: format!("{}-{}", Role::Compositor.program(), read.name),
        host: rtmps.host.clone(),
        tls: Tls::Off,
    })
}

fn farewells(read: &Read, objects: &[Object], decided: &instances::Decided) -> Vec<(Id, Arc<DynamicObject>)> {
    let wanted: BTreeSet<&Id> = objects.iter().map(|object| &object.id).collect();
    let goes: BTreeSet<Id> = instances::farewells(decided, &read.namespace).into_iter().collect();
    let is_gone = |id: &Id| if id.kind == Kind::Pod { goes.contains(id) } else { !wanted.contains(id) };
    // The lease outlives a pause: its count of publishers must not begin anew.
    let gone = read.owned.iter().filter(|(id, _)| id.kind != Kind::Lease && is_gone(id));
    gone.cloned().collect()
}

/// What each compositor that answers has to be told: what it shows, and whether it may publish.
fn tell(read: &Read, succession: &Succession) -> Vec<Tell> {
    let epoch = read.lease.as_ref().map_or(0, |lease| lease.epoch);
    let answers = read.sights.iter().filter_map(|sight| {
        let status = read.said.get(&sight.name)?.as_ref().ok()?;
        Some((sight, sight.address.clone()?, status))
    });
    answers
        .map(|(sight, address, status)| {
            let on_air = succession.on_air == Some(sight.epoch);
            let publish = if on_air { Publish::OnAir { epoch } } else { Publish::Dark };
            let spec = CompositorSpec {
                generation: status.generation.max(status.observed_generation) + 1,
                stream: manifest(&read.stream),
                source: source(read),
                publish,
            };
            Tell { pod: sight.name.clone(), address, spec }
        })
        .collect()
}

fn manifest(stream: &Stream) -> serde_json::Value {
    json!({
        "apiVersion": format!("{}/{}", operator_api::GROUP, operator_api::VERSION),
        "kind": "Stream",
        "metadata": {"name": stream.name_any(), "namespace": stream.namespace(), "uid": stream.uid()},
        "spec": stream.spec,
    })
}

/// The auction on screen, by the Service of its worker.
fn source(read: &Read) -> Option<wire::compositor::Source> {
    let auction = read.auction.as_ref()?;
    let name = auction.name_any();
    let service = names::service(&of_shard(&shard_of(auction, &name)));
    let url = format!("http://{service}.{}:{}", read.namespace, render::ports::of(Role::EngineWorker).api);
    serde_json::from_value(json!({"auction": name, "engine_url": url})).ok()
}
