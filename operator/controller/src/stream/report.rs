//! Report: conditions, who is active, how the outputs stand.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::conditions::{self, ConditionType, Reason, State, Verdict};
use operator_api::stream::{ActivePod, OutputState, OutputStatus, StandbyPod, Stream, StreamPhase, StreamStatus};
use operator_plan::succession::{Airing, Demand, Turnover};
use serde_json::json;
use tokio::time::Instant;
use wire::compositor as said;

use super::act::{Acted, Changed};
use super::decide::Decided;
use super::read::Read;
use crate::object::{INSTANCE, MANAGED_BY, MANAGER};
use crate::operator::{Next, Operator, Trouble};
use crate::pod::Sight;
use crate::render::names;
use crate::status;

mod verdicts;

/// A change that was just made shows itself as an event; should it not, it is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn report(
    operator: &Operator,
    read: &Read,
    decided: &Decided,
    acted: &Acted,
) -> Result<Next, Trouble> {
    let now = operator.clock.now();
    let before = read.stream.status.clone().unwrap_or_default();
    let after = status(read, decided, acted, &before, now);
    match (is_handing_over(&before), decided.succession.turnover) {
        (true, Turnover::None) => operator.observe.handed_over("done"),
        (true | false, Turnover::None | Turnover::Held | Turnover::Preparing | Turnover::Switching) => {}
    }
    if let Some(patch) = status::difference(&before, &after) {
        let patch = json!({"metadata": {"resourceVersion": read.stream.metadata.resource_version}, "status": patch});
        operator.actor.patch_status::<Stream>(&read.namespace, &read.name, &patch).await?;
    }
    if let Some(error) = acted.failed.as_ref() {
        return Err(Trouble::Again(error.to_string()));
    }
    let soon = (acted.changed == Changed::Something).then(|| Instant::now() + LOOK_AGAIN);
    let at = decided.wake_at_ms.map(|at| operator.instant_of(at)).into_iter().chain(soon).min();
    Ok(Next { at })
}

fn is_handing_over(status: &StreamStatus) -> bool {
    conditions::is_true(&status.conditions, ConditionType::Handover)
}

fn status(read: &Read, decided: &Decided, acted: &Acted, before: &StreamStatus, now: Timestamp) -> StreamStatus {
    let mut after = before.clone();
    let generation = read.stream.metadata.generation;
    let active = active(read, decided);
    let heard = active.and_then(|sight| read.said.get(&sight.name)).and_then(|said| said.as_ref().ok());
    let facts = verdicts::Facts { read, decided, acted, active, heard, now };
    status::set_all(&mut after.conditions, &verdicts::all(&facts), generation, now);
    after.observed_generation = generation;
    after.phase = phase(decided, &after, active);
    let highest = read.sights.iter().map(|sight| sight.epoch).max().unwrap_or(0);
    after.epoch = after.epoch.max(i64::try_from(highest).unwrap_or(i64::MAX));
    after.active = active.map(|sight| active_pod(sight, before, now));
    after.standby =
        read.sights.iter().find(|sight| active.is_none_or(|active| active.epoch < sight.epoch)).map(standby);
    after.outputs = outputs(read, heard);
    let live = after.outputs.iter().filter(|output| output.state == OutputState::Live).count();
    after.outputs_live = (!after.outputs.is_empty()).then(|| format!("{live}/{}", after.outputs.len()));
    let running = read.sights.iter().filter(|sight| sight.ready).count();
    after.replicas = i32::try_from(running.min(1)).unwrap_or(1);
    let instance = names::service(&decided.workload);
    after.selector = Some(format!("{INSTANCE}={instance},{MANAGED_BY}={MANAGER}"));
    after.template_revision = active.map(|sight| sight.revision.clone()).or(after.template_revision);
    after.operator_version = Some(env!("CARGO_PKG_VERSION").to_owned());
    after
}

/// The compositor that the lease names, else the one that would be named.
fn active<'a>(read: &'a Read, decided: &Decided) -> Option<&'a Sight> {
    let named = read.lease.as_ref().and_then(|lease| lease.holder.as_deref());
    let by_lease = named.and_then(|name| read.sights.iter().find(|sight| sight.name == name));
    by_lease.or_else(|| read.sights.iter().find(|sight| Some(sight.epoch) == decided.succession.incumbent))
}

fn active_pod(sight: &Sight, before: &StreamStatus, now: Timestamp) -> ActivePod {
    let same = before.active.as_ref().filter(|active| active.pod == sight.name);
    ActivePod {
        pod: sight.name.clone(),
        node: sight.node.clone(),
        epoch: i64::try_from(sight.epoch).unwrap_or(i64::MAX),
        since: same.map_or(Some(now), |active| active.since),
    }
}

fn standby(sight: &Sight) -> StandbyPod {
    StandbyPod { pod: sight.name.clone(), epoch: i64::try_from(sight.epoch).unwrap_or(i64::MAX), ready: sight.ready }
}

fn outputs(read: &Read, heard: Option<&said::CompositorStatus>) -> Vec<OutputStatus> {
    let wanted = read.stream.spec.outputs.iter();
    wanted
        .map(|output| {
            let told = heard.and_then(|heard| heard.outputs.iter().find(|told| told.name == output.name));
            OutputStatus {
                name: output.name.clone(),
                state: told.map_or(OutputState::Idle, |told| state(told.state)),
                reconnects: told.map_or(0, |told| i64::try_from(told.reconnects).unwrap_or(i64::MAX)),
                last_error_class: told.and_then(|told| told.last_error.as_ref()).map(|error| {
                    serde_json::to_value(error.class)
                        .ok()
                        .and_then(|class| class.as_str().map(str::to_owned))
                        .unwrap_or_default()
                }),
            }
        })
        .collect()
}

fn state(told: said::OutputState) -> OutputState {
    match told {
        said::OutputState::Idle => OutputState::Idle,
        said::OutputState::WaitingForLease => OutputState::WaitingForLease,
        said::OutputState::Connecting => OutputState::Connecting,
        said::OutputState::Live => OutputState::Live,
        said::OutputState::BackingOff => OutputState::BackingOff,
        said::OutputState::Stopped => OutputState::Stopped,
    }
}

fn phase(decided: &Decided, after: &StreamStatus, active: Option<&Sight>) -> StreamPhase {
    let broadcasts = conditions::is_true(&after.conditions, ConditionType::Broadcasting);
    match (decided.demand, active, decided.succession.turnover) {
        (Demand::Stop, None, _) => StreamPhase::Stopped,
        (Demand::Stop, Some(_), _) => StreamPhase::Draining,
        (Demand::Run, _, Turnover::Preparing | Turnover::Switching) => StreamPhase::HandingOver,
        (Demand::Run, _, Turnover::None | Turnover::Held) if broadcasts => StreamPhase::Broadcasting,
        (Demand::Run, Some(sight), Turnover::None | Turnover::Held) if sight.ready => StreamPhase::Ready,
        (Demand::Run, Some(_) | None, Turnover::None | Turnover::Held) => StreamPhase::Starting,
    }
}

/// Says of a resource that it cannot be read. What runs for it is left alone.
pub(super) async fn unreadable(operator: &Operator, object: &DynamicObject, error: &str) -> Result<Next, Trouble> {
    let namespace = object.namespace().unwrap_or_default();
    let before: StreamStatus =
        object.data.get("status").and_then(|status| serde_json::from_value(status.clone()).ok()).unwrap_or_default();
    let mut after = before.clone();
    for (kind, state) in [(ConditionType::Ready, State::False), (ConditionType::Stalled, State::True)] {
        let verdict = Verdict::new(kind, state, Reason::Unreadable, error);
        conditions::set(&mut after.conditions, &verdict, object.metadata.generation, operator.clock.now());
    }
    after.observed_generation = object.metadata.generation;
    if let Some(patch) = status::difference(&before, &after) {
        let patch = json!({"metadata": {"resourceVersion": object.metadata.resource_version}, "status": patch});
        operator.actor.patch_status::<Stream>(&namespace, &object.name_any(), &patch).await?;
    }
    Ok(Next::default())
}

/// Whether outputs should be fed now.
pub(super) const fn wants_frames(airing: Airing) -> bool {
    match airing {
        Airing::OnAir => true,
        Airing::Dark => false,
    }
}
