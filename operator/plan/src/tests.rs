use operator_api::auction::RunState;
use serde_json::json;

use super::*;

const HOUR: i64 = 3_600_000;

fn auction(name: &str, starts_at: i64, isolation: &str) -> Auction {
    let starts_at = jiff::Timestamp::from_millisecond(starts_at).unwrap().to_string();
    serde_json::from_value(json!({
        "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": name},
        "spec": {
            "title": name, "house": {"xHandle": "Sothebais"}, "engine": {"isolation": isolation},
            "schedule": {"startsAt": starts_at, "warmupSeconds": 60, "settleGraceSeconds": 120},
            "lots": [{"id": "one", "title": "One", "startingPrice": "1"}]
        }
    }))
    .unwrap()
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.workloads.iter().map(|workload| workload.name.as_str()).collect()
}

#[test]
fn nothing_runs_before_the_warm_up_and_the_plan_says_when_to_ask_again() {
    let auctions = [auction("night", HOUR, "Dedicated")];
    let early = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(0));
    assert_eq!((early.workloads.len(), early.wake_at), (0, Some(Timestamp(HOUR - 60_000))));
    assert_eq!(early.standings["night"], Standing::Scheduled { from: Timestamp(HOUR - 60_000) });
    let warm = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(HOUR - 60_000));
    assert_eq!(names(&warm), ["auction-engine-night", "social-gateway-sothebais"]);
    assert_eq!(warm.wake_at, None);
}

#[test]
fn a_completed_auction_keeps_its_processes_for_the_grace_only() {
    let auctions = [auction("night", 0, "Dedicated")];
    let observed = Observed { completed: [("night".to_owned(), Timestamp(HOUR))].into(), ..Observed::default() };
    let grace = plan(&auctions, &observed, Stage::Air, Timestamp(HOUR + 1));
    assert_eq!((names(&grace).len(), grace.wake_at), (2, Some(Timestamp(HOUR + 120_000))));
    assert!(plan(&auctions, &observed, Stage::Air, Timestamp(HOUR + 120_000)).workloads.is_empty());
}

#[test]
fn a_rehearsal_has_the_emulator_before_the_gateway_and_air_never_has_it() {
    let auctions = [auction("night", 0, "Dedicated")];
    let rehearsal = plan(&auctions, &Observed::default(), Stage::Rehearsal, Timestamp(0));
    assert_eq!(names(&rehearsal), ["auction-engine-night", "x-emulator-sothebais", "social-gateway-sothebais"]);
    let air = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(0));
    assert!(air.workloads.iter().all(|workload| workload.role != Role::XEmulator));
    assert!(air.workloads.iter().all(|workload| !workload.environment.contains_key("REHEARSAL")));
}

#[test]
fn shared_auctions_meet_in_the_pool_and_only_one_worker_has_the_seeds_ports() {
    let mut auctions = [auction("b", 0, "Shared"), auction("a", 0, "Shared"), auction("c", 0, "Dedicated")];
    auctions[2].spec.house.x_handle = Some("elsewhere".to_owned());
    let plan = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(0));
    assert_eq!(plan.shards["pool"], BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    let ports: Vec<_> = plan.workloads.iter().map(|workload| (workload.role, workload.ports)).collect();
    assert_eq!(ports[0], (Role::EngineWorker, PortChoice::Seed));
    assert_eq!(ports[1], (Role::EngineWorker, PortChoice::Free));
}

#[test]
fn the_order_of_the_manifests_changes_nothing() {
    let (a, b) = (auction("a", 0, "Dedicated"), auction("b", 0, "Dedicated"));
    let forward = plan(&[a.clone(), b.clone()], &Observed::default(), Stage::Air, Timestamp(0));
    assert_eq!(forward, plan(&[b, a], &Observed::default(), Stage::Air, Timestamp(0)));
}

#[test]
fn a_cancelled_auction_is_served_until_it_has_ended_and_never_started_for_it() {
    let mut auction = auction("night", 0, "Dedicated");
    auction.spec.run_state = RunState::Cancelled;
    let fresh = plan(std::slice::from_ref(&auction), &Observed::default(), Stage::Air, Timestamp(0));
    assert_eq!((fresh.workloads.len(), &fresh.standings["night"]), (0, &Standing::Called));
    let observed = Observed { begun: ["night".to_owned()].into(), ..Observed::default() };
    assert!(!plan(&[auction], &observed, Stage::Air, Timestamp(0)).workloads.is_empty());
}

#[test]
fn a_start_is_late_within_its_window_and_missed_after_it_unless_it_has_begun() {
    let mut auction = auction("night", 0, "Dedicated");
    auction.spec.schedule.ends_at = Some(jiff::Timestamp::from_millisecond(HOUR).unwrap());
    let auctions = [auction];
    let late = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(HOUR - 1));
    assert_eq!((&late.standings["night"], late.wake_at), (&Standing::Runs, Some(Timestamp(HOUR))));
    let missed = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(HOUR));
    assert_eq!((&missed.standings["night"], missed.workloads.len()), (&Standing::Missed, 0));
    let observed = Observed { begun: ["night".to_owned()].into(), ..Observed::default() };
    assert_eq!(plan(&auctions, &observed, Stage::Air, Timestamp(HOUR)).standings["night"], Standing::Runs);
}

#[test]
fn who_has_begun_keeps_its_handle_from_one_that_is_announced_for_an_earlier_hour() {
    let auctions = [auction("late", 1, "Dedicated"), auction("early", 0, "Dedicated")];
    let observed = Observed { begun: ["late".to_owned()].into(), ..Observed::default() };
    let plan = plan(&auctions, &observed, Stage::Air, Timestamp(HOUR));
    assert_eq!(plan.waiting().map(|(name, _)| name).collect::<Vec<_>>(), ["early"]);
}

#[test]
fn what_x_charges_is_booked_under_the_names_of_the_auctions_that_share_the_handle() {
    let show = |auctions: &[Auction]| {
        let plan = plan(auctions, &Observed::default(), Stage::Air, Timestamp(0));
        let gateway = plan.workloads.into_iter().find(|workload| workload.role == Role::SocialGateway).unwrap();
        gateway.environment["X_SHOW"].clone()
    };
    let (a, b) = (auction("a", 0, "Shared"), auction("b", 0, "Shared"));
    assert_eq!(show(std::slice::from_ref(&b)), Setting::Text("b".to_owned()));
    assert_eq!(show(&[b, a]), Setting::Text("a+b".to_owned()));
}

#[test]
fn one_handle_has_one_reader_and_the_auction_that_starts_later_waits_for_it() {
    let auctions = [auction("late", 1, "Dedicated"), auction("early", 0, "Dedicated")];
    let both = plan(&auctions, &Observed::default(), Stage::Air, Timestamp(HOUR));
    assert_eq!(names(&both), ["auction-engine-early", "social-gateway-sothebais"]);
    let conflict = HandleConflict { handle: "sothebais".to_owned(), auction: "early".to_owned() };
    assert_eq!(both.waiting().collect::<Vec<_>>(), [("late", &conflict)]);

    let observed = Observed { completed: [("early".to_owned(), Timestamp(HOUR))].into(), ..Observed::default() };
    let after = plan(&auctions, &observed, Stage::Air, Timestamp(HOUR + 1));
    assert_eq!(after.waiting().count(), 0);
    assert_eq!(after.shards.keys().collect::<Vec<_>>(), ["early", "late"]);
}

#[test]
fn an_auction_with_the_annotation_has_a_crowd_in_a_rehearsal_and_never_on_air() {
    let mut auction = auction("night", 0, "Shared");
    let people = [(rehearsal::BIDDERS.to_owned(), "40".to_owned())];
    auction.metadata.annotations = Some(people.into());
    let emulators = |auctions: &[Auction], stage| {
        let plan = plan(auctions, &Observed::default(), stage, Timestamp(0));
        plan.workloads.into_iter().find(|workload| workload.role == Role::XEmulator)
    };
    let told = emulators(std::slice::from_ref(&auction), Stage::Rehearsal).unwrap().environment;
    assert_eq!(told["CROWD_BIDDERS"], Setting::Text("40".to_owned()));
    assert_eq!(told["CROWD_WATCH"], Setting::EngineSocket { shard: "pool".to_owned() });
    assert_eq!(told["SHOW_START"], Setting::Text("1970-01-01T00:00:00Z".to_owned()));
    assert!(!told.contains_key("CROWD_SEED"), "what is not said is the emulator's default");
    assert_eq!(emulators(std::slice::from_ref(&auction), Stage::Air), None);

    auction.metadata.annotations = None;
    assert!(!emulators(&[auction], Stage::Rehearsal).unwrap().environment.contains_key("CROWD"));
}
