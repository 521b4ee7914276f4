//! Who of a workload's instances stays, who comes and who goes: make before break, one on air, nobody live replaced unless
//! the policy says so.
//!
//! Stateless: everything is decided from what is seen now, so a controller may die between any two acts and begin again
//! here. What is asked for twice is the same thing.

use std::collections::{BTreeMap, BTreeSet};

use auction_core::Timestamp;

use crate::{Apart, Protection};

mod wanted;

pub use wanted::{Airing, Demand, Exclusion, Lease, Moment, Policy, Rollout, Spare, Wanted};

/// One instance as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    pub epoch: u64,
    /// The template that it was made from.
    pub revision: String,
    pub presence: Presence,
    pub duty: Duty,
    pub seat: Seat,
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// It is there and does not answer yet.
    Starting,
    /// It can do its work.
    Ready,
    /// It will never work again: evicted, failed, or its node is lost.
    Broken,
    /// It was asked to go and is not gone.
    Going,
}

/// What an instance said last that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// It did not answer.
    Unknown,
    /// It interrupts nothing when it goes: a compositor that publishes nowhere, a worker that holds no lease.
    Dark,
    OnAir,
}

/// Whether an instance may stay where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    Kept,
    /// Its node wants to be empty.
    Leaving,
}

/// Why an instance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Farewell {
    /// Nothing of the workload should run.
    NotWanted,
    Broken,
    /// Another one does its work now.
    HandedOver,
    /// It is not needed: nobody waits for it.
    Spare,
}

/// What should be done. Every part may be done again, or alone, without harm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Succession {
    /// Who should be there, those that do not exist yet included.
    pub places: BTreeMap<u64, (Protection, Apart)>,
    /// Who goes, and why.
    pub farewells: BTreeMap<u64, Farewell>,
    /// Who may publish. Told to the instances that are ready; all others stay, or go, dark.
    pub on_air: Option<u64>,
    /// Whom the publisher's lease should name from now on.
    pub appoint: Option<u64>,
    /// Who does the work now.
    pub incumbent: Option<u64>,
    pub turnover: Turnover,
    /// When to look again although nothing happened.
    pub wake_at: Option<Timestamp>,
}

/// How far a replacement is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Turnover {
    /// Nothing is to be replaced.
    #[default]
    None,
    /// It should be replaced, and the policy does not let it now.
    Held,
    /// The successor starts.
    Preparing,
    /// The elder is leaving the air, or has left it.
    Switching,
}

/// One that works, one that follows it, and one that is being let go.
const MOST: usize = 3;

/// Decides from what is seen. `last_epoch` is the highest that was ever given out, as far as anybody remembers.
pub fn decide(wanted: &Wanted, instances: &[Instance], last_epoch: u64, now: Timestamp) -> Succession {
    match wanted.demand {
        Demand::Stop => stop(instances),
        Demand::Run => run(wanted, instances, last_epoch, now),
    }
}

fn stop(instances: &[Instance]) -> Succession {
    let stay = instances.iter().filter(|instance| instance.presence != Presence::Going);
    let farewells = stay.map(|instance| (instance.epoch, Farewell::NotWanted)).collect();
    Succession { farewells, ..Succession::default() }
}

fn run(wanted: &Wanted, instances: &[Instance], last_epoch: u64, now: Timestamp) -> Succession {
    let mut next = Succession::default();
    let next_epoch = instances.iter().map(|instance| instance.epoch).max().unwrap_or(0).max(last_epoch) + 1;
    for instance in instances.iter().filter(|instance| instance.presence == Presence::Broken) {
        next.farewells.insert(instance.epoch, Farewell::Broken);
    }
    let usable: Vec<&Instance> = instances.iter().filter(|instance| instance.is_usable()).collect();
    let Some(incumbent) = incumbent(wanted, &usable, now) else {
        next.places.insert(next_epoch, (wanted.protection(), Apart::No));
        next.incumbent = Some(next_epoch);
        return next;
    };
    next.incumbent = Some(incumbent.epoch);
    next.places.insert(incumbent.epoch, (wanted.protection(), Apart::No));
    let successor = successor(wanted, incumbent, &usable);
    next.turnover = turnover(wanted, incumbent, successor);
    match (next.turnover, wanted.spare, successor) {
        (Turnover::None | Turnover::Held, Spare::None, _) => {}
        (_, _, Some(successor)) => {
            next.places.insert(successor.epoch, (wanted.protection(), Apart::FromElders));
        }
        // A younger one that does not fit goes before another is made: there are never more than three.
        (_, _, None) if usable.len() < MOST && usable.iter().all(|it| it.epoch <= incumbent.epoch) => {
            next.places.insert(next_epoch, (wanted.protection(), Apart::FromElders));
        }
        (_, _, None) => {}
    }
    match wanted.exclusion {
        Exclusion::Journal => {
            if next.turnover == Turnover::Switching {
                next.places.remove(&incumbent.epoch);
                next.farewells.insert(incumbent.epoch, Farewell::HandedOver);
            }
        }
        Exclusion::Publisher(lease) => publish(&mut next, wanted, lease, (incumbent, successor), (instances, now)),
    }
    dismiss(&mut next, wanted, incumbent, &usable);
    next
}

/// Lets go whoever has no place. An elder stays until the one that follows it is on air: it may be wanted again.
fn dismiss(next: &mut Succession, wanted: &Wanted, incumbent: &Instance, usable: &[&Instance]) {
    let elders_wait = wanted.has_publisher() && wanted.airing == Airing::OnAir && incumbent.duty != Duty::OnAir;
    for other in usable {
        if next.places.contains_key(&other.epoch) || next.farewells.contains_key(&other.epoch) {
            continue;
        }
        // Of those that a database keeps apart, one that says nothing may be the one that works.
        let unsure = !wanted.has_publisher() && other.duty == Duty::Unknown && other.presence == Presence::Ready;
        if unsure && wanted.moment != Moment::Idle {
            next.places.insert(other.epoch, (wanted.protection(), Apart::No));
            continue;
        }
        match (other.epoch < incumbent.epoch, elders_wait) {
            (true, true) => {
                next.places.insert(other.epoch, (Protection::Open, Apart::No));
            }
            (true, false) => {
                next.farewells.insert(other.epoch, Farewell::HandedOver);
            }
            (false, true | false) => {
                next.farewells.insert(other.epoch, Farewell::Spare);
            }
        }
    }
}

/// Who does the work: the one that the lease names, else the one that says so, else the eldest that can, else the eldest.
fn incumbent<'a>(wanted: &Wanted, usable: &[&'a Instance], now: Timestamp) -> Option<&'a Instance> {
    let named = match wanted.exclusion {
        Exclusion::Publisher(lease) => {
            let named = usable.iter().find(|it| lease.holder == Some(it.epoch)).copied();
            named.map(|named| (named, has_fallen_silent(wanted, lease, named, now)))
        }
        Exclusion::Journal => None,
    };
    // Only who answers may be preferred: if nobody does, it is we who hear nothing.
    let answers = |it: &&&Instance| it.presence == Presence::Ready && it.duty != Duty::Unknown;
    let spare = |of: &Instance| usable.iter().filter(answers).find(|it| it.epoch != of.epoch).copied();
    match named {
        Some((named, true)) => return spare(named).or(Some(named)),
        Some((named, false)) => return Some(named),
        None => {}
    }
    let on_air = || usable.iter().filter(|it| it.duty == Duty::OnAir).min_by_key(|it| it.epoch);
    let ready = || usable.iter().filter(|it| it.presence == Presence::Ready).min_by_key(|it| it.epoch);
    let any = || usable.iter().min_by_key(|it| it.epoch);
    on_air().or_else(ready).or_else(any).copied()
}

/// Whether the publisher neither renews its lease nor says that it is on air, though it should be: who is ready to take
/// over does so. One that cannot renew and still sends is left alone.
fn has_fallen_silent(wanted: &Wanted, lease: Lease, named: &Instance, now: Timestamp) -> bool {
    let on_air = named.duty == Duty::OnAir;
    wanted.airing == Airing::OnAir && now >= lease.until && !on_air
}

/// The younger one that could take over: of the wanted template, on a node that keeps it, the furthest first.
fn successor<'a>(wanted: &Wanted, incumbent: &Instance, usable: &[&'a Instance]) -> Option<&'a Instance> {
    let fits = usable
        .iter()
        .filter(|it| it.epoch > incumbent.epoch && it.revision == wanted.revision && it.seat == Seat::Kept);
    fits.max_by_key(|it| (it.presence == Presence::Ready, it.epoch)).copied()
}

fn turnover(wanted: &Wanted, incumbent: &Instance, successor: Option<&Instance>) -> Turnover {
    let outdated = incumbent.revision != wanted.revision;
    let leaving = incumbent.seat == Seat::Leaving;
    if !outdated && !leaving {
        return Turnover::None;
    }
    if !(outdated && wanted.may_renew() || leaving && wanted.may_move()) {
        return Turnover::Held;
    }
    match successor.map(|it| it.presence) {
        Some(Presence::Ready) => Turnover::Switching,
        Some(Presence::Starting | Presence::Broken | Presence::Going) | None => Turnover::Preparing,
    }
}

/// Names the publisher: another one only when the one that is named went dark, or can no longer connect.
fn publish(
    next: &mut Succession,
    wanted: &Wanted,
    lease: Lease,
    (incumbent, successor): (&Instance, Option<&Instance>),
    (instances, now): (&[Instance], Timestamp),
) {
    let heir = match (next.turnover, successor) {
        (Turnover::Switching, Some(successor)) => successor,
        (Turnover::None | Turnover::Held | Turnover::Preparing | Turnover::Switching, _) => incumbent,
    };
    let Some(holder) = lease.holder else {
        if heir.presence == Presence::Ready {
            next.appoint = Some(heir.epoch);
        }
        return;
    };
    if holder == heir.epoch {
        next.on_air = (wanted.airing == Airing::OnAir).then_some(holder);
        return;
    }
    // The named one is not told to be on air any more: it goes dark, and then another one is named.
    let said_dark = instances.iter().any(|it| it.epoch == holder && it.duty == Duty::Dark);
    if heir.presence != Presence::Ready {
        return;
    }
    if said_dark || now >= lease.until {
        next.appoint = Some(heir.epoch);
    } else {
        next.wake_at = Some(lease.until);
    }
}

impl Instance {
    fn is_usable(&self) -> bool {
        match self.presence {
            Presence::Starting | Presence::Ready => true,
            Presence::Broken | Presence::Going => false,
        }
    }
}

/// The epochs that exist or should.
impl Succession {
    pub fn epochs(&self) -> BTreeSet<u64> {
        self.places.keys().chain(self.farewells.keys()).copied().collect()
    }
}

#[cfg(test)]
mod tests;
