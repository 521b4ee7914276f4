use super::*;

mod explore;

pub(super) const OLD: &str = "old";
pub(super) const NEW: &str = "new";
const NOW: Timestamp = Timestamp(1_000);

fn instance(epoch: u64) -> Instance {
    Instance { epoch, revision: NEW.to_owned(), presence: Presence::Ready, duty: Duty::OnAir, seat: Seat::Kept }
}

fn live(exclusion: Exclusion) -> Wanted {
    Wanted {
        demand: Demand::Run,
        revision: NEW.to_owned(),
        moment: Moment::Lot,
        policy: Policy::BetweenLots,
        rollout: Rollout::OnNextSession,
        spare: Spare::None,
        exclusion,
        airing: Airing::OnAir,
        protection: Protection::Protected,
    }
}

fn named(epoch: u64) -> Exclusion {
    Exclusion::Publisher(Lease { holder: Some(epoch), until: Timestamp(2_000) })
}

#[test]
fn a_workload_without_instances_gets_one_that_never_bore_its_epoch_before() {
    let next = decide(&live(Exclusion::Journal), &[], 6, NOW);
    assert_eq!(next.places, [(7, (Protection::Protected, Apart::No))].into());
    assert_eq!(next.farewells, BTreeMap::new());
}

#[test]
fn a_new_template_touches_no_live_instance() {
    let old = Instance { revision: OLD.to_owned(), ..instance(1) };
    let next = decide(&live(Exclusion::Journal), std::slice::from_ref(&old), 1, NOW);
    assert_eq!((next.turnover, next.epochs()), (Turnover::Held, [1].into()));
    let idle = Wanted { moment: Moment::Idle, ..live(Exclusion::Journal) };
    assert_eq!(decide(&idle, &[old], 1, NOW).epochs(), [1, 2].into());
}

#[test]
fn the_elder_goes_only_when_its_successor_is_ready() {
    let wanted = Wanted { moment: Moment::Between, ..live(Exclusion::Journal) };
    let elder = Instance { seat: Seat::Leaving, ..instance(1) };
    let starting = Instance { presence: Presence::Starting, duty: Duty::Unknown, ..instance(2) };
    let next = decide(&wanted, &[elder.clone(), starting.clone()], 2, NOW);
    assert_eq!((next.turnover, next.farewells.len()), (Turnover::Preparing, 0));
    let ready = Instance { presence: Presence::Ready, duty: Duty::Dark, ..starting };
    let next = decide(&wanted, &[elder, ready], 2, NOW);
    assert_eq!(next.farewells, [(1, Farewell::HandedOver)].into());
}

#[test]
fn another_publisher_is_named_when_the_elder_went_dark_or_its_lease_is_over() {
    let wanted = Wanted { policy: Policy::Handover, ..live(named(1)) };
    let elder = Instance { seat: Seat::Leaving, ..instance(1) };
    let heir = Instance { duty: Duty::Dark, ..instance(2) };
    let switching = decide(&wanted, &[elder.clone(), heir.clone()], 2, NOW);
    assert_eq!((switching.on_air, switching.appoint), (None, None), "the elder is to go dark first");
    assert_eq!(switching.wake_at, Some(Timestamp(2_000)));
    let dark = Instance { duty: Duty::Dark, ..elder.clone() };
    assert_eq!(decide(&wanted, &[dark, heir.clone()], 2, NOW).appoint, Some(2));
    let mute = Instance { duty: Duty::Unknown, ..elder };
    assert_eq!(decide(&wanted, &[mute, heir], 2, Timestamp(2_000)).appoint, Some(2));
}

#[test]
fn the_elder_waits_until_its_heir_is_on_air() {
    let wanted = Wanted { policy: Policy::Handover, ..live(named(2)) };
    let elder = Instance { seat: Seat::Leaving, duty: Duty::Dark, ..instance(1) };
    let heir = Instance { duty: Duty::Dark, ..instance(2) };
    let connecting = decide(&wanted, &[elder.clone(), heir], 2, NOW);
    assert_eq!((connecting.on_air, connecting.farewells.len()), (Some(2), 0));
    assert_eq!(connecting.places[&1].0, Protection::Open);
    assert_eq!(decide(&wanted, &[elder, instance(2)], 2, NOW).farewells, [(1, Farewell::HandedOver)].into());
}

#[test]
fn a_spare_takes_over_from_a_publisher_that_fell_silent_and_not_from_one_that_still_sends() {
    let wanted = Wanted { spare: Spare::One, ..live(named(1)) };
    let spare = Instance { duty: Duty::Dark, ..instance(2) };
    let sending = decide(&wanted, &[instance(1), spare.clone()], 2, Timestamp(2_000));
    assert_eq!((sending.incumbent, sending.appoint), (Some(1), None));
    let silent = Instance { presence: Presence::Starting, duty: Duty::Unknown, ..instance(1) };
    let early = decide(&wanted, &[silent.clone(), spare.clone()], 2, NOW);
    assert_eq!((early.incumbent, early.appoint), (Some(1), None), "its lease is not over");
    let late = decide(&wanted, &[silent, spare], 2, Timestamp(2_000));
    assert_eq!((late.incumbent, late.appoint), (Some(2), Some(2)));
}

#[test]
fn whoever_is_not_wanted_goes_and_is_told_once() {
    let wanted = Wanted { demand: Demand::Stop, ..live(Exclusion::Journal) };
    let going = Instance { presence: Presence::Going, ..instance(1) };
    let next = decide(&wanted, &[going, instance(2)], 2, NOW);
    assert_eq!(next.farewells, [(2, Farewell::NotWanted)].into());
}
