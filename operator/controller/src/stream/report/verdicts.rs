//! What is said of a stream. Pure.

use jiff::Timestamp;
use operator_api::conditions::{ConditionType, Reason, State, Verdict};
use operator_plan::succession::{Demand, Turnover};
use operator_plan::verdict::{About, Trouble};
use wire::compositor::{CompositorStatus, OutputErrorClass, OutputState, OutputStatus};

use crate::pod::Sight;
use crate::stream::act::Acted;
use crate::stream::decide::{Decided, Protected};
use crate::stream::read::Read;

/// An output that took no frame for so long is not live.
const FRAMES_WITHIN_MS: i64 = 5_000;

/// What the verdicts rest on.
pub(super) struct Facts<'a> {
    pub(super) read: &'a Read,
    pub(super) decided: &'a Decided,
    pub(super) acted: &'a Acted,
    pub(super) active: Option<&'a Sight>,
    pub(super) heard: Option<&'a CompositorStatus>,
    pub(super) now: Timestamp,
}

pub(super) fn all(facts: &Facts<'_>) -> Vec<Verdict> {
    let mut verdicts = vec![accepted(facts), dependencies(facts), provisioned(facts), rendering(facts)];
    verdicts.extend([protection(facts), broadcasting(facts), outputs(facts)]);
    verdicts.extend(handover(facts));
    let ready = ready(facts, &verdicts);
    if ready.state != State::True && facts.acted.conflicts.is_empty() {
        verdicts.push(Verdict::new(ConditionType::Reconciling, State::True, Reason::Provisioning, ""));
    }
    if let Some(conflict) = facts.acted.conflicts.first() {
        verdicts.push(Verdict::new(ConditionType::Stalled, State::True, Reason::NameConflict, conflict));
    }
    verdicts.insert(0, ready);
    verdicts
}

fn accepted(facts: &Facts<'_>) -> Verdict {
    match &facts.acted.refused {
        Some(why) => Verdict::new(ConditionType::Accepted, State::False, Reason::SpecRefusedByCompositor, why),
        None => Verdict::new(ConditionType::Accepted, State::True, Reason::Accepted, ""),
    }
}

fn troubles<'a>(facts: &'a Facts<'a>) -> impl Iterator<Item = &'a Trouble> {
    facts.read.sights.iter().filter_map(|sight| sight.trouble.as_ref()).chain(&facts.acted.troubles)
}

fn dependencies(facts: &Facts<'_>) -> Verdict {
    match troubles(facts).find(|trouble| trouble.about == About::Secrets) {
        Some(trouble) => Verdict::new(ConditionType::DependenciesReady, State::False, trouble.reason, &trouble.detail),
        None => Verdict::new(ConditionType::DependenciesReady, State::True, Reason::DependenciesFound, ""),
    }
}

fn provisioned(facts: &Facts<'_>) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Provisioned, state, reason, detail);
    if let Some(conflict) = facts.acted.conflicts.first() {
        return say(State::False, Reason::NameConflict, conflict);
    }
    match (facts.decided.demand, troubles(facts).next(), facts.active) {
        (Demand::Stop, _, _) => say(State::False, stopped(facts), ""),
        (Demand::Run, _, Some(active)) if active.ready => say(State::True, Reason::PodsRunning, ""),
        (Demand::Run, Some(trouble), _) => say(State::False, trouble.reason, &trouble.detail),
        (Demand::Run, None, _) => say(State::False, Reason::PodStarting, ""),
    }
}

fn stopped(facts: &Facts<'_>) -> Reason {
    let deleted = facts.read.stream.metadata.deletion_timestamp.is_some();
    if deleted { Reason::Terminating } else { Reason::ScaledToZero }
}

fn rendering(facts: &Facts<'_>) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::StreamReady, state, reason, detail);
    match (facts.decided.demand, facts.active, facts.heard) {
        (Demand::Stop, _, _) => say(State::False, stopped(facts), ""),
        (Demand::Run, Some(_), Some(heard)) if heard.observed_generation > 0 => say(State::True, Reason::Rendering, ""),
        (Demand::Run, Some(active), None) if active.ready => {
            let said = facts.read.said.get(&active.name).and_then(|said| said.as_ref().err());
            say(State::Unknown, Reason::CompositorUnreachable, said.map(String::as_str).unwrap_or_default())
        }
        (Demand::Run, _, _) => say(State::False, Reason::CompositorStarting, ""),
    }
}

fn protection(facts: &Facts<'_>) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::DisruptionProtected, state, reason, detail);
    match &facts.decided.protection {
        Protected::Off => say(State::False, Reason::ProtectionOff, ""),
        Protected::ByPolicy => say(State::False, Reason::PolicyAlways, ""),
        Protected::NotVerified(why) => say(State::False, Reason::BudgetNotVerified, why),
        Protected::Verified => say(State::True, Reason::Protected, ""),
    }
}

/// Every required output took frames just now.
fn broadcasting(facts: &Facts<'_>) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Broadcasting, state, reason, detail);
    let Some(heard) = facts.heard else {
        // It goes on sending without us; whether it does is not known.
        let state = if facts.active.is_some_and(|active| active.ready) { State::Unknown } else { State::False };
        return say(state, Reason::CompositorUnreachable, "");
    };
    if !super::wants_frames(facts.decided.airing) {
        return say(State::False, Reason::NotYet, "");
    }
    let required: Vec<_> = heard.outputs.iter().filter(|output| output.required).collect();
    match required.iter().find(|output| !is_live(output, facts.now)) {
        Some(output) => say(State::False, cause(output), &detail(output)),
        None if heard.outputs.is_empty() => say(State::False, Reason::OutputConnecting, ""),
        None => say(State::True, Reason::OutputsLive, ""),
    }
}

fn outputs(facts: &Facts<'_>) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::OutputsHealthy, state, reason, detail);
    match facts.heard {
        None => say(State::Unknown, Reason::CompositorUnreachable, ""),
        Some(_) if !super::wants_frames(facts.decided.airing) => say(State::False, Reason::NotYet, ""),
        Some(heard) => match heard.outputs.iter().find(|output| !is_live(output, facts.now)) {
            Some(output) => say(State::False, cause(output), &detail(output)),
            None => say(State::True, Reason::OutputsLive, ""),
        },
    }
}

fn is_live(output: &OutputStatus, now: Timestamp) -> bool {
    let last = output.last_frame_at.map(|at| at.0.0);
    output.state == OutputState::Live && last.is_some_and(|at| now.as_millisecond() - at <= FRAMES_WITHIN_MS)
}

fn cause(output: &OutputStatus) -> Reason {
    let class = output.last_error.as_ref().map(|error| error.class);
    match (output.state, class) {
        (OutputState::WaitingForLease, _) => Reason::WaitingForLease,
        (OutputState::BackingOff, Some(OutputErrorClass::Refused)) => Reason::OutputRefused,
        (_, Some(OutputErrorClass::StreamKeyMissing)) => Reason::SecretKeyMissing,
        (OutputState::BackingOff | OutputState::Stopped | OutputState::Live, _) => Reason::OutputDown,
        (OutputState::Idle | OutputState::Connecting, _) => Reason::OutputConnecting,
    }
}

fn detail(output: &OutputStatus) -> String {
    let error = output.last_error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
    format!("output {}{error}", output.name)
}

fn handover(facts: &Facts<'_>) -> Option<Verdict> {
    let say = |reason, detail: &str| Some(Verdict::new(ConditionType::Handover, State::True, reason, detail));
    match facts.decided.succession.turnover {
        Turnover::None => None,
        Turnover::Held => {
            let leaves = facts.active.is_some_and(|it| it.seat == operator_plan::succession::Seat::Leaving);
            let reason = if leaves { Reason::DrainWaiting } else { Reason::UpdatePinned };
            // Nothing is being handed over: it is said, and nothing more.
            Some(Verdict::new(ConditionType::Handover, State::False, reason, ""))
        }
        Turnover::Preparing => say(Reason::HandingOver, "the next compositor is being prepared"),
        Turnover::Switching => say(Reason::HandingOver, "the outputs are being passed on"),
    }
}

fn ready(facts: &Facts<'_>, verdicts: &[Verdict]) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Ready, state, reason, detail);
    if facts.decided.demand == Demand::Stop {
        let deleted = facts.read.stream.metadata.deletion_timestamp.is_some();
        let state = if deleted || !facts.read.sights.is_empty() { State::False } else { State::True };
        return say(state, stopped(facts), "");
    }
    let mut needed = vec![ConditionType::Accepted, ConditionType::Provisioned, ConditionType::StreamReady];
    if super::wants_frames(facts.decided.airing) {
        needed.push(ConditionType::Broadcasting);
    }
    let of = |kind| verdicts.iter().find(|verdict| verdict.kind == kind);
    match needed.into_iter().filter_map(of).find(|verdict| verdict.state != State::True) {
        Some(missing) => say(State::False, missing.reason, &missing.detail),
        None => say(State::True, Reason::AsSpecified, ""),
    }
}
