//! Decide: what should exist for an auction, who goes, what its worker is told, and what is to be said. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use auction_core::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::Auction;
use operator_plan::succession::{Airing, Demand, Duty, Exclusion, Policy, Rollout, Spare, Wanted};
use operator_plan::verdict::{AuctionFacts, Deletion, Engine, ProtectionFact};
use operator_plan::{
    Desired, Owner, OwnerKind, Plan, Protection, Resources, Role, Route, Scheduling, Standing, Workload, of_shard,
    shard_of,
};
use wire::rest::SpecRequest;

use super::check::Findings;
use super::read::{EngineAnswer, Read};
use crate::instances::{self, Care};
use crate::object::{Id, Kind, Object};
use crate::render::{self, Context};

mod facts;
mod show;
mod stream;

pub(super) use show::show_of;

/// A worker that serves is asked this often: lots change no faster than anybody reads a status.
const LOOK_WHEN_STEADY_MS: i64 = 5_000;
/// Something is under way: the next look comes soon even if no event tells of it.
const LOOK_WHEN_BUSY_MS: i64 = 1_000;
/// A show that begins so soon is not disturbed any more.
const NEAR_START_MS: i64 = 60_000;
/// Before the first lot opens the worker must have the spec, verified budget or not.
const LAST_CALL_MS: i64 = 5_000;

/// What follows from what was read.
pub(super) struct Decided {
    pub(super) standing: Standing,
    pub(super) facts: AuctionFacts,
    pub(super) objects: Vec<Object>,
    pub(super) farewells: Vec<(Id, Arc<DynamicObject>)>,
    pub(super) tell: Option<Tell>,
    pub(super) finalizer: Finalizer,
    /// The highest epoch of each workload, by name, and the template of its instance.
    pub(super) epochs: BTreeMap<String, (u64, Option<String>)>,
    pub(super) wake_at_ms: Option<i64>,
}

/// What a worker is to be told.
pub(super) struct Tell {
    pub(super) address: String,
    pub(super) fingerprint: String,
    pub(super) request: SpecRequest,
}

/// What becomes of the mark that keeps a resource until it is off air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finalizer {
    Leave,
    Add,
    Remove,
    /// The time to end well is over.
    RemoveUnclean,
}

pub(super) fn decide(read: &Read, findings: Option<&Findings>, context: &Context, now_ms: i64) -> Decided {
    let now = Timestamp(now_ms);
    let plan = operator_plan::plan(&read.cell, &read.observed, context.stage, now);
    let deletion = if read.auction.metadata.deletion_timestamp.is_some() { Deletion::Goes } else { Deletion::Stays };
    let mut standing = plan.standings.get(&read.name).cloned().unwrap_or(Standing::Over);
    // What contradicts itself is not begun; what has begun goes on by the rules that it was begun with.
    if findings.is_some() && standing.runs() && !read.observed.begun.contains(&read.name) {
        standing = Standing::Called;
    }
    let runs = standing.runs() && deletion == Deletion::Stays;
    let show = show_of(read, &standing);
    let protection = facts::protection(read, runs);
    let led = if runs { led_workloads(read, &plan) } else { Vec::new() };
    let decided: Vec<_> = led
        .into_iter()
        .map(|workload| {
            let care = care(read, &workload, show::moment(read, show, now_ms, NEAR_START_MS), protection.wanted());
            instances::decide(workload, care, &read.sights, |sight| worker_duty(sight.ready), (context, now))
        })
        .collect();
    let mut desired = Desired { namespace: read.namespace.clone(), ..Desired::default() };
    desired.routes = route(read, runs).into_iter().collect();
    desired.units = decided.iter().map(|it| it.unit.clone()).collect();
    let mut objects = render::objects(&desired, context);
    objects.extend(stream::object(read, runs));
    let farewells = farewells(read, &objects, &decided, &plan);
    let tell = tell(read, findings, runs, &protection, now_ms);
    let facts = facts::gather(read, &facts::Known { standing: &standing, findings, deletion, show, protection }, &plan);
    let facts = AuctionFacts { engine: facts::engine(read, runs, tell.is_some()), ..facts };
    let finalizer = finalizer(read, runs, deletion, now_ms);
    let wake_at_ms = wake(read, &facts, runs, &plan, now_ms);
    Decided { epochs: epochs(read, &decided), standing, facts, objects, farewells, tell, finalizer, wake_at_ms }
}

/// The workloads that this auction writes: of those that several share, the first by name does.
fn led_workloads(read: &Read, plan: &Plan) -> Vec<Workload> {
    let leads = |workload: &&Workload| workload.auctions.first().is_some_and(|first| *first == read.name);
    plan.workloads.iter().filter(leads).cloned().collect()
}

/// A worker or gateway that is ready holds its lease in the database; one that waits for it interrupts nothing.
const fn worker_duty(ready: bool) -> Duty {
    if ready { Duty::OnAir } else { Duty::Dark }
}

fn care(read: &Read, workload: &Workload, moment: operator_plan::succession::Moment, protection: Protection) -> Care {
    let sharing = read.cell.iter().filter(|auction| workload.auctions.contains(&auction.name_any()));
    let sharing: Vec<&Arc<Auction>> = sharing.collect();
    // Of several that share a workload the most cautious one decides.
    let policy = sharing.iter().map(|auction| policy(auction)).min().unwrap_or(Policy::Never);
    let rollout = sharing.iter().map(|auction| rollout(auction)).min().unwrap_or(Rollout::OnNextSession);
    let remembered = read.auction.status.iter().flat_map(|status| &status.workloads);
    let last_epoch = remembered.filter(|known| known.name == workload.name).map(|known| known.epoch).max().unwrap_or(0);
    let resources = match workload.role {
        Role::EngineWorker if sharing.len() == 1 => resources(&read.auction),
        Role::EngineWorker | Role::SocialGateway | Role::XEmulator | Role::Compositor => Resources::default(),
    };
    Care {
        owners: sharing.iter().map(|auction| owner(auction)).collect(),
        resources,
        scheduling: Scheduling::default(),
        wanted: Wanted {
            demand: Demand::Run,
            revision: String::new(),
            moment,
            policy,
            rollout,
            spare: Spare::None,
            exclusion: Exclusion::Journal,
            airing: Airing::Dark,
            protection,
        },
        last_epoch: u64::try_from(last_epoch).unwrap_or(0),
    }
}

pub(super) fn owner(auction: &Auction) -> Owner {
    Owner { kind: OwnerKind::Auction, name: auction.name_any(), uid: auction.uid().unwrap_or_default() }
}

fn policy(auction: &Auction) -> Policy {
    crate::stream::policy(&auction.spec.disruption)
}

fn rollout(auction: &Auction) -> Rollout {
    match auction.spec.rollout {
        operator_api::auction::Rollout::OnNextSession => Rollout::OnNextSession,
        operator_api::auction::Rollout::BetweenLots => Rollout::BetweenLots,
        operator_api::auction::Rollout::Immediate => Rollout::Immediate,
    }
}

fn resources(auction: &Auction) -> Resources {
    crate::stream::resources(&auction.spec.engine.resources)
}

fn route(read: &Read, runs: bool) -> Option<Route> {
    let routing = read.auction.spec.routing.as_ref()?;
    if !runs || read.host_conflict.is_some() || read.routes == super::read::RoutesServed::No {
        return None;
    }
    Some(Route {
        auction: read.name.clone(),
        owner: owner(&read.auction),
        service: of_shard(&shard_of(&read.auction, &read.name)),
        host: routing.host.clone(),
        tls: crate::stream::tls(routing.tls.as_ref()),
        limits: super::limits(routing),
    })
}

/// What exists, is written by this auction, and is not wanted any more.
fn farewells(
    read: &Read,
    objects: &[Object],
    decided: &[instances::Decided],
    plan: &Plan,
) -> Vec<(Id, Arc<DynamicObject>)> {
    let wanted: BTreeSet<&Id> = objects.iter().map(|object| &object.id).collect();
    let kept: BTreeSet<String> = decided.iter().map(|it| render::names::service(&it.unit.workload.name)).collect();
    let goes: BTreeSet<Id> = decided.iter().flat_map(|it| instances::farewells(it, &read.namespace)).collect();
    let is_led = |object: &DynamicObject| instances::leader(object).is_some_and(|first| first == read.name);
    // A pod of a workload that stays goes only by its succession, whatever else is not understood about it.
    let stays = |id: &Id, object: &DynamicObject| {
        let workload = object.labels().get(crate::object::INSTANCE);
        id.kind == Kind::Pod && workload.is_some_and(|workload| kept.contains(workload)) && !goes.contains(id)
    };
    let gone = read.owned.iter().filter(|(id, object)| {
        is_led(object) && !wanted.contains(id) && !stays(id, object) && !works_for_others(read, object, plan)
    });
    gone.cloned().collect()
}

/// Whether what an auction wrote first works on for others that share it: they have not taken it over yet.
fn works_for_others(read: &Read, object: &DynamicObject, plan: &Plan) -> bool {
    let Some(instance) = object.labels().get(crate::object::INSTANCE) else { return false };
    let workload = plan.workloads.iter().find(|workload| render::names::service(&workload.name) == *instance);
    let owners = object.owner_references().iter().filter(|owner| owner.name != read.name);
    workload.is_some_and(|workload| owners.into_iter().any(|owner| workload.auctions.contains(&owner.name)))
}

/// Whether the worker is told, and what. Before it is protected it is told nothing, unless the show is about to begin.
fn tell(
    read: &Read,
    findings: Option<&Findings>,
    runs: bool,
    protection: &ProtectionFact,
    now_ms: i64,
) -> Option<Tell> {
    let EngineAnswer::Says { address, pod, status } = &read.engine else { return None };
    let shard = shard_of(&read.auction, &read.name);
    let auctions = super::spec::of_shard(&read.cell, &shard);
    let first = auctions.first().is_some_and(|first| first.name_any() == read.name);
    if !runs || !first || findings.is_some() {
        return None;
    }
    let waits = match protection {
        ProtectionFact::NotVerified(_) => now_ms < read.auction.spec.schedule.starts_at.as_millisecond() - LAST_CALL_MS,
        ProtectionFact::Off | ProtectionFact::ByPolicy | ProtectionFact::Verified => false,
    };
    let generation = super::spec::due(status, &auctions)?;
    if waits || read.told.as_ref().is_some_and(|told| told.refused.is_some()) {
        return None;
    }
    let request = super::spec::request(generation, &auctions)?;
    Some(Tell { address: address.clone(), fingerprint: super::spec::fingerprint(pod, &auctions), request })
}

/// An auction whose processes run is kept until they have ended, so long as its own grace allows.
fn finalizer(read: &Read, runs: bool, deletion: Deletion, now_ms: i64) -> Finalizer {
    let mark = operator_api::labels::OFF_AIR_FINALIZER;
    let has = read.auction.finalizers().iter().any(|it| it == mark);
    match deletion {
        Deletion::Stays if runs && !has => Finalizer::Add,
        Deletion::Stays => Finalizer::Leave,
        Deletion::Goes if !has => Finalizer::Leave,
        Deletion::Goes => {
            let deleted = read.auction.metadata.deletion_timestamp.as_ref().map_or(0, |at| at.0.as_millisecond());
            let until = deleted + read.auction.spec.schedule.settle_grace_seconds * 1_000;
            let alone = |object: &DynamicObject| object.owner_references().len() == 1;
            let works = |id: &Id| match id.kind {
                Kind::Pod | Kind::Stream => true,
                Kind::ServiceAccount
                | Kind::Role
                | Kind::RoleBinding
                | Kind::NetworkPolicy
                | Kind::PodDisruptionBudget
                | Kind::ConfigMap
                | Kind::Auction
                | Kind::Lease
                | Kind::Service
                | Kind::Certificate
                | Kind::Middleware
                | Kind::IngressRoute
                | Kind::IngressRouteTcp => false,
            };
            if !read.owned.iter().any(|(id, object)| works(id) && alone(object)) {
                Finalizer::Remove
            } else if now_ms >= until {
                Finalizer::RemoveUnclean
            } else {
                Finalizer::Leave
            }
        }
    }
}

/// The highest epoch of each workload, of what is remembered and what is seen. One that is only about to be made may still
/// fail to be, and is then made under the same name.
fn epochs(read: &Read, decided: &[instances::Decided]) -> BTreeMap<String, (u64, Option<String>)> {
    let remembered = read.auction.status.iter().flat_map(|status| &status.workloads);
    let mut epochs: BTreeMap<String, (u64, Option<String>)> = remembered
        .map(|known| (known.name.clone(), (u64::try_from(known.epoch).unwrap_or(0), known.template_revision.clone())))
        .collect();
    for it in decided {
        let own = instances::of_workload(&read.sights, &it.unit.workload.name);
        let highest = own.iter().map(|sight| sight.epoch).max().unwrap_or(0);
        let incumbent = own.iter().find(|sight| Some(sight.epoch) == it.succession.incumbent);
        let entry = epochs.entry(it.unit.workload.name.clone()).or_default();
        entry.0 = entry.0.max(highest);
        entry.1 = incumbent.map(|sight| sight.revision.clone()).or(entry.1.take());
    }
    epochs
}

fn wake(read: &Read, facts: &AuctionFacts, runs: bool, plan: &Plan, now_ms: i64) -> Option<i64> {
    let by_plan = plan.wake_at.map(|at| at.0);
    let ttl = super::report::expires_at(&read.auction);
    let deleting = (facts.deletion == Deletion::Goes).then_some(now_ms + LOOK_WHEN_BUSY_MS);
    let steady = facts.engine == Engine::Leads && facts.workloads.ready >= facts.workloads.wanted;
    let look = if steady { LOOK_WHEN_STEADY_MS } else { LOOK_WHEN_BUSY_MS };
    let running = runs.then_some(now_ms + look);
    by_plan.into_iter().chain(ttl).chain(deleting).chain(running).filter(|at| *at > now_ms).min()
}
