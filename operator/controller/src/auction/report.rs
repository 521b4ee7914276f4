//! Report: conditions, phase and what people look for first; written when it differs, told as events when it matters.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::DynamicObject;
use kube::{Resource as _, ResourceExt as _};
use operator_api::auction::{AuctionPhase, CurrentLot, Session, WorkloadStatus};
use operator_api::conditions::{self, ConditionType, Reason, State, Verdict};
use operator_api::reference::NameRef;
use operator_api::{Auction, AuctionStatus};
use operator_plan::verdict::{AuctionFacts, Engine, RouteFact, Show};
use serde_json::json;
use tokio::time::Instant;
use wire::socket::LotState;

use super::act::{Acted, Released};
use super::decide::{Decided, Finalizer};
use super::read::{EngineAnswer, Read};
use crate::cache::stream_of;
use crate::events::{Tale, Weight};
use crate::operator::{Next, Operator, Trouble};
use crate::status;

/// A change that was just made shows itself as an event; should it not, it is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

pub(super) async fn report(
    operator: &Operator,
    read: &Read,
    decided: &Decided,
    acted: &Acted,
) -> Result<Next, Trouble> {
    let now = operator.clock.now();
    let facts = after(&decided.facts, acted);
    let before = read.auction.status.clone().unwrap_or_default();
    let after = status(read, decided, &facts, &before, now);
    tell(operator, read, decided, acted, &before, &after).await;
    // The mark has made another version of the resource, or none: that one is reported on when it comes.
    let is_stale = acted.released != Released::No || decided.finalizer == Finalizer::Add;
    if !is_stale && let Some(patch) = status::difference(&before, &after) {
        let patch = json!({"metadata": {"resourceVersion": read.auction.metadata.resource_version}, "status": patch});
        operator.actor.patch_status::<Auction>(&read.namespace, &read.name, &patch).await?;
    }
    if expires_at(&read.auction).is_some_and(|at| now.as_millisecond() >= at) && facts_stay(&facts) {
        operator.actor.expire(&read.namespace, &*read.auction).await?;
        return Ok(Next::default());
    }
    measure(operator, read, &before, &after, now);
    if let Some(error) = acted.failed.as_ref() {
        return Err(Trouble::Again(error.to_string()));
    }
    let soon = (!acted.conflicts.is_empty() || acted.told.is_some()).then(|| Instant::now() + LOOK_AGAIN);
    let at = decided.wake_at_ms.map(|at| operator.instant_of(at)).into_iter().chain(soon).min();
    Ok(Next { at })
}

fn facts_stay(facts: &AuctionFacts) -> bool {
    facts.deletion == operator_plan::verdict::Deletion::Stays
}

/// When a finished auction's resource goes; `None` while it stays.
pub(super) fn expires_at(auction: &Auction) -> Option<i64> {
    let ttl = auction.spec.ttl_seconds_after_finished?;
    let completed = auction.status.as_ref()?.completed_at?;
    Some(completed.as_millisecond() + ttl.saturating_mul(1_000))
}

/// The facts with what the acts have brought to light.
fn after(facts: &AuctionFacts, acted: &Acted) -> AuctionFacts {
    let mut facts = facts.clone();
    facts.conflicts.clone_from(&acted.conflicts);
    facts.troubles.extend(acted.troubles.iter().cloned());
    if let Some((reason, detail)) = &acted.route_refused {
        facts.route = RouteFact::Failed(*reason, detail.clone());
    }
    if let Some(why) = &acted.engine_refused {
        facts.engine = Engine::Refused(why.clone());
    }
    facts
}

fn status(
    read: &Read,
    decided: &Decided,
    facts: &AuctionFacts,
    before: &AuctionStatus,
    now: Timestamp,
) -> AuctionStatus {
    let mut after = before.clone();
    let generation = read.auction.metadata.generation;
    status::set_all(&mut after.conditions, &operator_plan::verdict::auction(facts), generation, now);
    after.observed_generation = generation;
    after.phase = operator_plan::verdict::phase(facts);
    let ended = match facts.show {
        Show::Completed | Show::Cancelled => true,
        Show::Unknown | Show::Scheduled | Show::LotOpen | Show::BetweenLots | Show::Paused => false,
    };
    if ended && after.completed_at.is_none() && read.observed.begun.contains(&read.name) {
        after.completed_at = Some(now);
    }
    after.url = url(&read.auction, facts);
    after.stream_ref = stream_of(&read.auction).map(|name| NameRef { name });
    let seen = decided.epochs.iter().filter(|(_, (epoch, _))| *epoch > 0);
    let workloads = seen.map(|(name, (epoch, revision))| WorkloadStatus {
        name: name.clone(),
        epoch: i64::try_from(*epoch).unwrap_or(i64::MAX),
        template_revision: revision.clone(),
    });
    after.workloads = workloads.collect();
    if let EngineAnswer::Says { status, .. } = &read.engine
        && let Some(auction) = status.auctions.iter().find(|auction| auction.name.as_str() == read.name)
    {
        lots(&mut after, auction);
        session(&mut after, read, facts, (status.epoch, now));
    }
    after
}

/// The run of the show: from its first lot on.
fn session(after: &mut AuctionStatus, read: &Read, facts: &AuctionFacts, (epoch, now): (u64, Timestamp)) {
    let has_begun = match facts.show {
        Show::LotOpen | Show::BetweenLots | Show::Paused | Show::Completed | Show::Cancelled => true,
        Show::Unknown | Show::Scheduled => false,
    };
    if after.session.is_none() && has_begun {
        let revision = after.workloads.first().and_then(|workload| workload.template_revision.clone());
        after.session = Some(Session {
            id: read.auction.uid().unwrap_or_default(),
            epoch: 0,
            template_revision: revision.unwrap_or_default(),
            operator_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Some(now),
        });
    }
    if let Some(session) = after.session.as_mut() {
        session.epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
    }
}

fn lots(after: &mut AuctionStatus, auction: &wire::rest::AuctionStatus) {
    let of = auction.lots.len();
    let is_next = |state: LotState| match state {
        LotState::Upcoming | LotState::Open | LotState::Draining | LotState::Held => true,
        LotState::Sold | LotState::Passed | LotState::Skipped | LotState::Withdrawn => false,
    };
    let next = auction.lots.iter().enumerate().find(|(_, lot)| is_next(lot.state));
    let small = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    after.current_lot = next.map(|(index, lot)| CurrentLot {
        id: lot.id.to_string(),
        index: small(index + 1),
        of: small(of),
        place: format!("{}/{of}", index + 1),
    });
    after.sold = Some(small(auction.lots.iter().filter(|lot| lot.state == LotState::Sold).count()));
}

fn url(auction: &Auction, facts: &AuctionFacts) -> Option<String> {
    let routing = auction.spec.routing.as_ref()?;
    let is_written = facts.route == RouteFact::Written;
    let scheme = if routing.tls.is_some() { "https" } else { "http" };
    is_written.then(|| format!("{scheme}://{}", routing.host))
}

/// Tells what changed for the worse or the better, and what was done that nobody asked for.
async fn tell(
    operator: &Operator,
    read: &Read,
    decided: &Decided,
    acted: &Acted,
    before: &AuctionStatus,
    after: &AuctionStatus,
) {
    let object = read.auction.object_ref(&());
    let mut tales = changes(&before.conditions, &after.conditions);
    let say = |weight, reason: Reason, action, detail: &str| Tale {
        weight,
        reason: reason.as_str(),
        action,
        note: reason.message(detail),
    };
    for id in &acted.repaired {
        let what = format!("{} {}", id.kind.as_str(), id.name);
        tales.push(say(Weight::Warning, Reason::ForeignChange, "Repair", &what));
    }
    let starts = read.auction.spec.schedule.starts_at;
    let begun = read.observed.begun.contains(&read.name);
    if acted.created_pods > 0 && !begun && operator.clock.now() > starts && decided.standing.runs() {
        tales.push(say(Weight::Warning, Reason::Late, "Start", &format!("startsAt was {starts}")));
    }
    match acted.released {
        Released::No | Released::Cleanly => {}
        Released::Unclean => tales.push(say(Weight::Warning, Reason::ReleasedUnclean, "Release", "")),
    }
    for tale in tales {
        operator.events.tell(&object, &tale).await;
    }
}

/// The conditions whose cause is new, as events: warnings where something is to be done about it.
fn changes(before: &[Condition], after: &[Condition]) -> Vec<Tale> {
    const TOLD: [ConditionType; 7] = [
        ConditionType::Accepted,
        ConditionType::DependenciesReady,
        ConditionType::Provisioned,
        ConditionType::EngineReady,
        ConditionType::RoutePublished,
        ConditionType::Live,
        ConditionType::Degraded,
    ];
    let told = TOLD.into_iter().filter_map(|kind| {
        let now = conditions::find(after, kind)?;
        let was = conditions::find(before, kind);
        let reason = Reason::ALL.iter().find(|reason| reason.as_str() == now.reason).copied()?;
        let is_new = was.is_none_or(|was| was.reason != now.reason || was.status != now.status);
        let good = now.status == State::True.as_str();
        let matters = reason.remedy().is_some() || good && kind == ConditionType::Live;
        let weight = if reason.remedy().is_some() { Weight::Warning } else { Weight::Normal };
        (is_new && matters).then(|| Tale {
            weight,
            reason: reason.as_str(),
            action: kind.as_str(),
            note: now.message.clone(),
        })
    });
    let mut told: Vec<Tale> = told.collect();
    told.dedup_by(|one, other| one.reason == other.reason);
    told
}

fn measure(operator: &Operator, read: &Read, before: &AuctionStatus, after: &AuctionStatus, now: Timestamp) {
    let provisioned = |status: &AuctionStatus| conditions::is_true(&status.conditions, ConditionType::Provisioned);
    if !provisioned(before) && provisioned(after) && before.session.is_none() {
        let schedule = &read.auction.spec.schedule;
        let due = schedule.starts_at.as_millisecond() - schedule.warmup_seconds * 1_000;
        let made = read.auction.creation_timestamp().map_or(due, |at| at.0.as_millisecond());
        let waited = now.as_millisecond().saturating_sub(due.max(made));
        operator.observe.provisioned(Duration::from_millis(u64::try_from(waited).unwrap_or(0)));
    }
}

/// Says of a resource that it cannot be read. What runs for it is left alone.
pub(super) async fn unreadable(operator: &Operator, object: &DynamicObject, error: &str) -> Result<Next, Trouble> {
    let namespace = object.namespace().unwrap_or_default();
    let before: AuctionStatus =
        object.data.get("status").and_then(|status| serde_json::from_value(status.clone()).ok()).unwrap_or_default();
    let mut after = before.clone();
    let say = |kind, state| Verdict::new(kind, state, Reason::Unreadable, error);
    let verdicts = [
        say(ConditionType::Ready, State::False),
        say(ConditionType::Accepted, State::False),
        say(ConditionType::Stalled, State::True),
    ];
    let generation = object.metadata.generation;
    for verdict in verdicts {
        conditions::set(&mut after.conditions, &verdict, generation, operator.clock.now());
    }
    after.observed_generation = generation;
    if before.session.is_none() {
        after.phase = AuctionPhase::Failed;
    }
    if let Some(patch) = status::difference(&before, &after) {
        let patch = json!({"metadata": {"resourceVersion": object.metadata.resource_version}, "status": patch});
        operator.actor.patch_status::<Auction>(&namespace, &object.name_any(), &patch).await?;
    }
    Ok(Next::default())
}
