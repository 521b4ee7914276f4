//! The facts that an auction's conditions rest on, from pods, budget, stream, routes and the engine's word.

use operator_api::conditions::{ConditionType, Reason, find, is_true};
use operator_api::disruption::DisruptionPolicy;
use operator_plan::succession::Presence;
use operator_plan::verdict::{
    AuctionFacts, Deletion, Engine, ProtectionFact, RouteFact, Show, StreamFact, Trouble, Workloads,
};
use operator_plan::{Plan, Standing};

use crate::auction::check::Findings;
use crate::auction::read::{EngineAnswer, Read, RoutesServed};
use crate::budget;
use crate::cache::{Seen, stream_of};
use crate::instances;
use crate::object::Kind;

/// What is known already when facts are gathered.
pub(super) struct Known<'a> {
    pub(super) standing: &'a Standing,
    pub(super) findings: Option<&'a Findings>,
    pub(super) deletion: Deletion,
    pub(super) show: Show,
    pub(super) protection: ProtectionFact,
}

pub(super) fn gather(read: &Read, known: &Known<'_>, plan: &Plan) -> AuctionFacts {
    let runs = known.standing.runs();
    AuctionFacts {
        standing: known.standing.clone(),
        run_state: read.auction.spec.run_state,
        deletion: known.deletion,
        invalid: known.findings.map(|findings| findings.0.clone()),
        troubles: if runs { troubles(read) } else { Vec::new() },
        workloads: workloads(read, plan),
        engine: Engine::NotWanted,
        show: known.show,
        stream: stream(read, runs),
        route: route(read, runs),
        protection: known.protection.clone(),
        conflicts: Vec::new(),
    }
}

/// How many of the workloads that work for this auction have an instance that is ready.
fn workloads(read: &Read, plan: &Plan) -> Workloads {
    let own = plan.workloads.iter().filter(|workload| workload.auctions.contains(&read.name));
    own.fold(Workloads::default(), |count, workload| {
        let ready = instances::of_workload(&read.sights, &workload.name).iter().any(|sight| sight.ready);
        Workloads { wanted: count.wanted + 1, ready: count.ready + usize::from(ready) }
    })
}

/// A pod that is about to be replaced, or beside which another one is ready, keeps nothing from running.
fn troubles(read: &Read) -> Vec<Trouble> {
    let hurts = read.sights.iter().filter(|sight| {
        let beside = read.sights.iter().any(|other| other.workload == sight.workload && other.ready);
        sight.presence != Presence::Going && !beside
    });
    hurts.filter_map(|sight| sight.trouble.clone()).collect()
}

/// Whether the worker has what it should have.
pub(super) fn engine(read: &Read, runs: bool, is_due: bool) -> Engine {
    let refused = read.told.as_ref().and_then(|told| told.refused.clone());
    match (&read.engine, refused) {
        _ if !runs => Engine::NotWanted,
        (EngineAnswer::NotAsked, _) => Engine::Starting,
        (EngineAnswer::Silent(why), _) => Engine::Silent(why.clone()),
        (EngineAnswer::Says { .. }, Some(why)) => Engine::Refused(why),
        (EngineAnswer::Says { .. }, None) if is_due => Engine::Behind,
        (EngineAnswer::Says { status, .. }, None) => {
            let knows = status.auctions.iter().any(|auction| auction.name.as_str() == read.name);
            if knows { Engine::Leads } else { Engine::Behind }
        }
    }
}

/// The policy's wish, and whether the cluster keeps it: the budget in force, and every pod under it.
pub(super) fn protection(read: &Read, runs: bool) -> ProtectionFact {
    if !runs {
        return ProtectionFact::Off;
    }
    match read.auction.spec.disruption.policy {
        DisruptionPolicy::Always => return ProtectionFact::ByPolicy,
        DisruptionPolicy::Never | DisruptionPolicy::BetweenLots | DisruptionPolicy::Handover => {}
    }
    match &read.budget {
        budget::Standing::Missing => return ProtectionFact::NotVerified("it is being written".to_owned()),
        budget::Standing::NotInForce(why) => return ProtectionFact::NotVerified(why.clone()),
        budget::Standing::InForce => {}
    }
    let pods: Vec<_> = read.owned.iter().filter(|(id, _)| id.kind == Kind::Pod).collect();
    match pods.iter().find(|(_, pod)| pod.metadata.deletion_timestamp.is_none() && !budget::covers(pod)) {
        Some((id, _)) => ProtectionFact::NotVerified(format!("pod {} is not under it yet", id.name)),
        None if pods.is_empty() => ProtectionFact::NotVerified("there is no pod yet".to_owned()),
        None => ProtectionFact::Verified,
    }
}

fn route(read: &Read, runs: bool) -> RouteFact {
    match (&read.auction.spec.routing, &read.host_conflict, read.routes) {
        (None, _, _) => RouteFact::NotAsked,
        (Some(_), _, _) if !runs => RouteFact::NotYet,
        (Some(_), Some(other), _) => RouteFact::HostConflict(other.clone()),
        (Some(_), None, RoutesServed::No) => RouteFact::DefinitionsMissing,
        (Some(_), None, RoutesServed::Yes) => {
            let written = read.owned.iter().any(|(id, _)| id.kind == Kind::IngressRoute);
            if written { RouteFact::Written } else { RouteFact::NotYet }
        }
    }
}

fn stream(read: &Read, runs: bool) -> StreamFact {
    let Some(name) = stream_of(&read.auction) else { return StreamFact::NotAsked };
    let is_own = read.auction.spec.stream.as_ref().is_some_and(|source| source.template.is_some());
    let stream = match &read.stream {
        None if is_own => return StreamFact::NotReady(Reason::Provisioning, String::new()),
        None => return StreamFact::Missing(format!("stream {name}")),
        Some(Seen::Unreadable { error, .. }) => return StreamFact::NotReady(Reason::Unreadable, error.clone()),
        Some(Seen::Readable(stream)) => stream,
    };
    if !runs {
        return StreamFact::NotReady(Reason::NotYet, String::new());
    }
    let conditions = stream.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    if is_true(conditions, ConditionType::Broadcasting) {
        return StreamFact::Broadcasting;
    }
    if is_true(conditions, ConditionType::StreamReady) {
        return StreamFact::Ready;
    }
    let own = [ConditionType::StreamReady, ConditionType::Provisioned].map(|kind| find(conditions, kind));
    let cause = own.into_iter().flatten().find(|condition| condition.status != "True");
    let reason = cause.and_then(|cause| Reason::ALL.iter().find(|reason| reason.as_str() == cause.reason));
    StreamFact::NotReady(reason.copied().unwrap_or(Reason::CompositorStarting), format!("stream {name}"))
}
