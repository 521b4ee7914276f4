//! What is said of an auction: its conditions and its phase, from facts that somebody else gathered. Pure.
//!
//! Every condition has one function here, named after it, and each says the first cause that holds.

use operator_api::auction::{AuctionPhase, RunState};
use operator_api::conditions::{ConditionType, Reason, State, Verdict};

use crate::{Protection, Standing};

/// What is known of an auction and of everything that works for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionFacts {
    pub standing: Standing,
    pub run_state: RunState,
    pub deletion: Deletion,
    /// The findings of the check, when it found any.
    pub invalid: Option<String>,
    /// What keeps the workloads from running, the gravest first.
    pub troubles: Vec<Trouble>,
    pub workloads: Workloads,
    pub engine: Engine,
    pub show: Show,
    pub stream: StreamFact,
    pub route: RouteFact,
    pub protection: ProtectionFact,
    /// Objects of others that somebody changed or that bear our names.
    pub conflicts: Vec<String>,
}

/// Whether the resource is being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    Stays,
    Goes,
}

/// A cause, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub reason: Reason,
    pub detail: String,
    /// Which condition it belongs to besides `Provisioned`.
    pub about: About,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Pods,
    Secrets,
}

/// How many of the wanted workloads run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workloads {
    pub wanted: usize,
    pub ready: usize,
}

/// How far the engine is with this auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    NotWanted,
    /// Nobody answers yet.
    Starting,
    /// It answered before and does not now.
    Silent(String),
    /// It answers and does not know the newest spec.
    Behind,
    /// It refused the newest spec and goes on with the one before.
    Refused(String),
    Leads,
}

/// Where the show is, by the engine's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Nobody has said.
    Unknown,
    Scheduled,
    /// A lot takes bids.
    LotOpen,
    /// It has begun, and no lot is open.
    BetweenLots,
    Paused,
    Completed,
    Cancelled,
}

/// How the stream of an auction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamFact {
    /// The spec asks for none.
    NotAsked,
    Missing(String),
    /// It shows another auction.
    Taken(String),
    /// It is there and not ready; with its own words.
    NotReady(Reason, String),
    Ready,
    /// Every required output takes frames.
    Broadcasting,
}

/// How the route of an auction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteFact {
    NotAsked,
    Written,
    /// It is not time for it yet.
    NotYet,
    DefinitionsMissing,
    HostConflict(String),
    Failed(Reason, String),
}

/// Whether the workloads are kept from eviction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtectionFact {
    Off,
    /// The policy asks for none.
    ByPolicy,
    NotVerified(String),
    Verified,
}

impl ProtectionFact {
    /// What instances should have.
    pub const fn wanted(&self) -> Protection {
        match self {
            Self::Off | Self::ByPolicy => Protection::Open,
            Self::NotVerified(_) | Self::Verified => Protection::Protected,
        }
    }
}

/// The conditions that an auction should have; those that are not listed are taken away.
pub fn auction(facts: &AuctionFacts) -> Vec<Verdict> {
    let mut verdicts = vec![accepted(facts), dependencies(facts), provisioned(facts), engine(facts), stream(facts)];
    verdicts.extend([route(facts), protection(facts), live(facts), settled(facts)]);
    verdicts.extend(degraded(facts));
    verdicts.extend(progress(facts, &verdicts));
    verdicts.insert(0, ready(facts, &verdicts));
    verdicts
}

/// The phase that people see first.
pub fn phase(facts: &AuctionFacts) -> AuctionPhase {
    if facts.deletion == Deletion::Goes {
        return AuctionPhase::Terminating;
    }
    match (&facts.standing, facts.show) {
        (_, Show::Cancelled) | (Standing::Called, _) => AuctionPhase::Cancelled,
        (Standing::Missed, _) => AuctionPhase::Failed,
        (Standing::Over | Standing::Serves { .. }, _) | (_, Show::Completed) => AuctionPhase::Completed,
        (_, _) if facts.invalid.is_some() && facts.show == Show::Unknown => AuctionPhase::Pending,
        (Standing::Scheduled { .. }, _) => AuctionPhase::Scheduled,
        (Standing::Waiting(_), _) => AuctionPhase::Pending,
        (Standing::Runs, Show::Paused) => AuctionPhase::Paused,
        (Standing::Runs, Show::LotOpen | Show::BetweenLots) => AuctionPhase::Live,
        (Standing::Runs, Show::Scheduled) if is_provisioned(facts) => AuctionPhase::Ready,
        (Standing::Runs, Show::Scheduled | Show::Unknown) => AuctionPhase::Provisioning,
    }
}

fn accepted(facts: &AuctionFacts) -> Verdict {
    let no = |reason, detail: &str| Verdict::new(ConditionType::Accepted, State::False, reason, detail);
    if let Some(findings) = &facts.invalid {
        return no(Reason::SpecInvalid, findings);
    }
    match (&facts.standing, &facts.engine) {
        (Standing::Waiting(conflict), _) => {
            no(Reason::HandleConflict, &format!("auction {} uses @{}", conflict.auction, conflict.handle))
        }
        (Standing::Missed, _) => no(Reason::MissedWindow, ""),
        (_, Engine::Refused(why)) => no(Reason::SpecRefused, why),
        (_, Engine::NotWanted | Engine::Starting | Engine::Silent(_) | Engine::Behind | Engine::Leads) => {
            Verdict::new(ConditionType::Accepted, State::True, Reason::Accepted, "")
        }
    }
}

fn dependencies(facts: &AuctionFacts) -> Verdict {
    match facts.troubles.iter().find(|trouble| trouble.about == About::Secrets) {
        Some(Trouble { reason, detail, about: _ }) => {
            Verdict::new(ConditionType::DependenciesReady, State::False, *reason, detail)
        }
        None if facts.standing.runs() && !is_provisioned(facts) => {
            Verdict::new(ConditionType::DependenciesReady, State::Unknown, Reason::PodStarting, "")
        }
        None => Verdict::new(ConditionType::DependenciesReady, State::True, Reason::DependenciesFound, ""),
    }
}

fn provisioned(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Provisioned, state, reason, detail);
    if let Some(conflict) = facts.conflicts.first() {
        return say(State::False, Reason::NameConflict, conflict);
    }
    match &facts.standing {
        Standing::Scheduled { .. } | Standing::Waiting(_) => say(State::False, Reason::Scheduled, ""),
        Standing::Over => say(State::False, Reason::Completed, ""),
        Standing::Called => say(State::False, Reason::Cancelled, ""),
        Standing::Missed => say(State::False, Reason::MissedWindow, ""),
        Standing::Runs | Standing::Serves { .. } => match facts.troubles.first() {
            Some(trouble) => say(State::False, trouble.reason, &trouble.detail),
            None if is_provisioned(facts) => say(State::True, Reason::PodsRunning, ""),
            None => {
                let Workloads { wanted, ready } = facts.workloads;
                say(State::False, Reason::PodStarting, &format!("{ready} of {wanted} are ready"))
            }
        },
    }
}

fn engine(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::EngineReady, state, reason, detail);
    match &facts.engine {
        Engine::NotWanted => say(State::False, Reason::NotWanted, ""),
        Engine::Starting => say(State::False, Reason::EngineStarting, ""),
        Engine::Silent(why) => say(State::Unknown, Reason::EngineUnreachable, why),
        Engine::Behind => say(State::False, Reason::EngineBehind, ""),
        Engine::Refused(_) | Engine::Leads => say(State::True, Reason::EngineLeading, ""),
    }
}

fn stream(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::StreamReady, state, reason, detail);
    match &facts.stream {
        StreamFact::NotAsked => say(State::True, Reason::NotWanted, ""),
        StreamFact::Missing(name) => say(State::False, Reason::StreamNotFound, name),
        StreamFact::Taken(by) => say(State::False, Reason::StreamTaken, by),
        StreamFact::NotReady(reason, detail) => say(State::False, *reason, detail),
        StreamFact::Ready => say(State::True, Reason::Rendering, ""),
        StreamFact::Broadcasting => say(State::True, Reason::OutputsLive, ""),
    }
}

fn route(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::RoutePublished, state, reason, detail);
    match &facts.route {
        RouteFact::NotAsked => say(State::False, Reason::NoRouting, ""),
        RouteFact::NotYet => say(State::False, Reason::NotYet, ""),
        RouteFact::Written => say(State::True, Reason::RoutesWritten, ""),
        RouteFact::DefinitionsMissing => say(State::False, Reason::TraefikCRDsMissing, ""),
        RouteFact::HostConflict(with) => say(State::False, Reason::HostConflict, with),
        RouteFact::Failed(reason, detail) => say(State::False, *reason, detail),
    }
}

fn protection(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::DisruptionProtected, state, reason, detail);
    match &facts.protection {
        ProtectionFact::Off => say(State::False, Reason::ProtectionOff, ""),
        ProtectionFact::ByPolicy => say(State::False, Reason::PolicyAlways, ""),
        ProtectionFact::NotVerified(why) => say(State::False, Reason::BudgetNotVerified, why),
        ProtectionFact::Verified => say(State::True, Reason::Protected, ""),
    }
}

/// A lot can be bid on, or could be between two, and whoever should see it does.
fn live(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Live, state, reason, detail);
    match facts.show {
        Show::Unknown if facts.standing.runs() => say(State::Unknown, Reason::EngineStarting, ""),
        Show::Unknown | Show::Scheduled => say(State::False, Reason::NotYet, ""),
        Show::Completed => say(State::False, Reason::Completed, ""),
        Show::Cancelled => say(State::False, Reason::Cancelled, ""),
        Show::Paused => match facts.run_state {
            RunState::Paused => say(State::False, Reason::PausedBySpec, ""),
            RunState::Running | RunState::Cancelled => {
                say(State::False, Reason::BetweenLots, "the clerk has paused it")
            }
        },
        Show::LotOpen | Show::BetweenLots => match &facts.stream {
            StreamFact::NotAsked | StreamFact::Broadcasting => say(State::True, Reason::OnAir, ""),
            StreamFact::Missing(name) => say(State::False, Reason::StreamNotFound, name),
            StreamFact::Taken(by) => say(State::False, Reason::StreamTaken, by),
            StreamFact::NotReady(reason, detail) => say(State::False, *reason, detail),
            StreamFact::Ready => say(State::False, Reason::OutputConnecting, ""),
        },
    }
}

fn settled(facts: &AuctionFacts) -> Verdict {
    let say = |state, reason| Verdict::new(ConditionType::Settled, state, reason, "");
    match facts.show {
        Show::Completed | Show::Cancelled => say(State::True, Reason::NothingToSettle),
        Show::Unknown | Show::Scheduled | Show::LotOpen | Show::BetweenLots | Show::Paused => {
            say(State::False, Reason::NotYet)
        }
    }
}

/// It works, and something is wrong with it: only while the show is on.
fn degraded(facts: &AuctionFacts) -> Option<Verdict> {
    let is_on = match facts.show {
        Show::LotOpen | Show::BetweenLots | Show::Paused => true,
        Show::Unknown | Show::Scheduled | Show::Completed | Show::Cancelled => false,
    };
    let say = |reason, detail: &str| Some(Verdict::new(ConditionType::Degraded, State::True, reason, detail));
    match (&facts.engine, facts.troubles.first()) {
        _ if !is_on => None,
        (Engine::Silent(why), _) => say(Reason::EngineUnreachable, why),
        (_, Some(trouble)) => say(trouble.reason, &trouble.detail),
        (Engine::Refused(why), None) => say(Reason::SpecRefused, why),
        (Engine::NotWanted | Engine::Starting | Engine::Behind | Engine::Leads, None) => None,
    }
}

/// The two conditions by which tools tell work under way from work that cannot go on.
fn progress(facts: &AuctionFacts, verdicts: &[Verdict]) -> Option<Verdict> {
    let stalled = |reason, detail: &str| Some(Verdict::new(ConditionType::Stalled, State::True, reason, detail));
    if let Some(refusal) = verdicts.iter().find(|it| it.kind == ConditionType::Accepted && it.state == State::False) {
        return stalled(refusal.reason, &refusal.detail);
    }
    if let Some(conflict) = facts.conflicts.first() {
        return stalled(Reason::NameConflict, conflict);
    }
    if !facts.standing.runs() || is_provisioned(facts) && facts.engine == Engine::Leads {
        return None;
    }
    Some(Verdict::new(ConditionType::Reconciling, State::True, Reason::Provisioning, ""))
}

/// Whether the cluster is what the spec asks for right now.
fn ready(facts: &AuctionFacts, verdicts: &[Verdict]) -> Verdict {
    let say = |state, reason, detail: &str| Verdict::new(ConditionType::Ready, state, reason, detail);
    let of = |kind| verdicts.iter().find(|verdict| verdict.kind == kind);
    if facts.deletion == Deletion::Goes {
        return say(State::False, Reason::Terminating, "");
    }
    if let Some(no) = of(ConditionType::Accepted).filter(|it| it.state != State::True) {
        return say(State::False, no.reason, &no.detail);
    }
    match &facts.standing {
        Standing::Scheduled { .. } => return say(State::True, Reason::Scheduled, ""),
        Standing::Over | Standing::Serves { .. } => return say(State::True, Reason::Completed, ""),
        Standing::Called => return say(State::True, Reason::Cancelled, ""),
        Standing::Waiting(_) | Standing::Missed | Standing::Runs => {}
    }
    let needed = [ConditionType::Provisioned, ConditionType::EngineReady, ConditionType::StreamReady];
    let route = match facts.route {
        RouteFact::NotAsked => None,
        RouteFact::Written
        | RouteFact::NotYet
        | RouteFact::DefinitionsMissing
        | RouteFact::HostConflict(_)
        | RouteFact::Failed(_, _) => Some(ConditionType::RoutePublished),
    };
    let missing = needed.into_iter().chain(route).filter_map(of).find(|verdict| verdict.state != State::True);
    match missing {
        Some(missing) => say(State::False, missing.reason, &missing.detail),
        None => say(State::True, Reason::AsSpecified, ""),
    }
}

fn is_provisioned(facts: &AuctionFacts) -> bool {
    let Workloads { wanted, ready } = facts.workloads;
    facts.troubles.is_empty() && wanted > 0 && ready >= wanted
}

#[cfg(test)]
mod tests;
