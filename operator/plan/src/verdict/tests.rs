use operator_api::conditions::ConditionType as Kind;

use super::*;
use crate::HandleConflict;

/// A show in the middle of a lot, with everything as it should be.
fn live() -> AuctionFacts {
    AuctionFacts {
        standing: Standing::Runs,
        run_state: RunState::Running,
        deletion: Deletion::Stays,
        invalid: None,
        troubles: Vec::new(),
        workloads: Workloads { wanted: 2, ready: 2 },
        engine: Engine::Leads,
        show: Show::LotOpen,
        stream: StreamFact::Broadcasting,
        route: RouteFact::Written,
        protection: ProtectionFact::Verified,
        conflicts: Vec::new(),
    }
}

fn said(facts: &AuctionFacts, kind: Kind) -> Option<(State, Reason, String)> {
    auction(facts).into_iter().find(|verdict| verdict.kind == kind).map(|it| (it.state, it.reason, it.detail))
}

fn states(facts: &AuctionFacts) -> String {
    let line = |it: &Verdict| format!("{}={} {}", it.kind.as_str(), it.state.as_str(), it.reason.as_str());
    auction(facts).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_live_show_with_everything_in_place_says_so_and_nothing_abnormal() {
    let facts = live();
    let verdicts = auction(&facts);
    assert!(verdicts.iter().all(|it| it.kind.is_good_when_true()), "{}", states(&facts));
    let not_true: Vec<_> = verdicts.iter().filter(|it| it.state != State::True).map(|it| it.kind).collect();
    assert_eq!((not_true, phase(&facts)), (vec![Kind::Settled], AuctionPhase::Live));
}

#[test]
fn every_condition_is_said_once() {
    let mut seen = std::collections::BTreeSet::new();
    for verdict in
        auction(&AuctionFacts { conflicts: vec!["x".to_owned()], engine: Engine::Silent("y".to_owned()), ..live() })
    {
        assert!(seen.insert(verdict.kind), "{:?} stands twice", verdict.kind);
    }
}

#[test]
fn an_auction_of_next_week_is_ready_and_nothing_of_it_runs() {
    let from = auction_core::Timestamp(5);
    let facts = AuctionFacts {
        standing: Standing::Scheduled { from },
        show: Show::Scheduled,
        engine: Engine::NotWanted,
        workloads: Workloads::default(),
        stream: StreamFact::NotAsked,
        route: RouteFact::NotYet,
        protection: ProtectionFact::Off,
        ..live()
    };
    assert_eq!(said(&facts, Kind::Ready), Some((State::True, Reason::Scheduled, String::new())));
    assert_eq!(said(&facts, Kind::Provisioned).unwrap().0, State::False);
    assert_eq!(said(&facts, Kind::Reconciling), None);
    assert_eq!(phase(&facts), AuctionPhase::Scheduled);
}

#[test]
fn a_missing_secret_is_named_where_people_look() {
    let detail = "pod a-1: secret \"sothebais-database\" not found".to_owned();
    let trouble = Trouble { reason: Reason::SecretNotFound, detail: detail.clone(), about: About::Secrets };
    let facts = AuctionFacts {
        troubles: vec![trouble],
        show: Show::Unknown,
        engine: Engine::Starting,
        workloads: Workloads { wanted: 2, ready: 0 },
        ..live()
    };
    for kind in [Kind::Ready, Kind::DependenciesReady, Kind::Provisioned] {
        assert_eq!(said(&facts, kind), Some((State::False, Reason::SecretNotFound, detail.clone())), "{kind:?}");
    }
    assert_eq!(said(&facts, Kind::Reconciling).unwrap().0, State::True);
    assert_eq!(said(&facts, Kind::Degraded), None, "nothing is on that could suffer");
}

#[test]
fn a_show_that_goes_on_without_something_is_degraded_and_live() {
    let facts = AuctionFacts { engine: Engine::Silent("no answer".to_owned()), ..live() };
    assert_eq!(said(&facts, Kind::Degraded).unwrap().1, Reason::EngineUnreachable);
    assert_eq!(said(&facts, Kind::Live).unwrap().0, State::True);
}

#[test]
fn live_means_that_the_required_outputs_take_frames() {
    let down = StreamFact::NotReady(Reason::OutputDown, "output x".to_owned());
    let facts = AuctionFacts { stream: down, ..live() };
    assert_eq!(said(&facts, Kind::Live), Some((State::False, Reason::OutputDown, "output x".to_owned())));
    let without = AuctionFacts { stream: StreamFact::NotAsked, ..live() };
    assert_eq!(said(&without, Kind::Live).unwrap().0, State::True);
}

#[test]
fn what_keeps_an_auction_from_running_stalls_it() {
    let conflict = HandleConflict { handle: "sothebais".to_owned(), auction: "first".to_owned() };
    let waiting = AuctionFacts { standing: Standing::Waiting(conflict), show: Show::Unknown, ..live() };
    assert_eq!(said(&waiting, Kind::Stalled).unwrap().1, Reason::HandleConflict);
    assert!(said(&waiting, Kind::Ready).unwrap().2.contains("auction first uses @sothebais"));
    let missed = AuctionFacts { standing: Standing::Missed, show: Show::Unknown, ..live() };
    assert_eq!((said(&missed, Kind::Ready).unwrap().1, phase(&missed)), (Reason::MissedWindow, AuctionPhase::Failed));
}

#[test]
fn routes_that_cannot_be_written_keep_nothing_else_from_being_there() {
    let facts = AuctionFacts { route: RouteFact::DefinitionsMissing, ..live() };
    assert_eq!(said(&facts, Kind::RoutePublished).unwrap().1, Reason::TraefikCRDsMissing);
    assert_eq!(said(&facts, Kind::Provisioned).unwrap().0, State::True);
    assert_eq!(said(&facts, Kind::Live).unwrap().0, State::True);
    assert_eq!(said(&facts, Kind::Ready).unwrap().0, State::False);
}
