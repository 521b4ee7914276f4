//! Every state of a small world that can be reached in a dozen steps: a controller that may die between any two acts,
//! instances that fail, nodes that empty, answers that get lost, templates and policies of every kind.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const DEPTH: usize = 12;
/// Rounds of a friendly world within which everything must come to rest.
const PATIENCE: usize = 24;
const STALE: Timestamp = Timestamp(10);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct World {
    /// As they are: `duty` is never `Unknown` here, unless the instance starts.
    instances: Vec<Instance>,
    holder: Option<u64>,
    lease: Freshness,
    moment: Moment,
    template: &'static str,
    answers: Answers,
    last_epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Freshness {
    Fresh,
    Stale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Answers {
    Heard,
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Rules {
    policy: Policy,
    rollout: Rollout,
    spare: Spare,
    publisher: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Create(u64),
    Delete(u64),
    Appoint(u64),
    OnAir(u64),
    Dark(u64),
}

impl World {
    fn empty() -> Self {
        Self {
            instances: Vec::new(),
            holder: None,
            lease: Freshness::Stale,
            moment: Moment::Idle,
            template: OLD,
            answers: Answers::Heard,
            last_epoch: 0,
        }
    }

    fn wanted(&self, rules: Rules) -> Wanted {
        let until = match self.lease {
            Freshness::Fresh => Timestamp(100),
            Freshness::Stale => STALE,
        };
        let exclusion = if rules.publisher {
            Exclusion::Publisher(Lease { holder: self.holder, until })
        } else {
            Exclusion::Journal
        };
        let (airing, protection) = match self.moment {
            Moment::Idle => (Airing::Dark, Protection::Open),
            Moment::Between | Moment::Lot => (Airing::OnAir, Protection::Protected),
        };
        Wanted {
            demand: Demand::Run,
            revision: self.template.to_owned(),
            moment: self.moment,
            policy: rules.policy,
            rollout: rules.rollout,
            spare: rules.spare,
            exclusion,
            airing,
            protection,
        }
    }

    fn decide(&self, rules: Rules) -> Succession {
        let mut seen = self.instances.clone();
        if self.answers == Answers::Lost {
            for instance in &mut seen {
                instance.duty = Duty::Unknown;
            }
        }
        decide(&self.wanted(rules), &seen, self.last_epoch, STALE)
    }

    fn find(&self, epoch: u64) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.epoch == epoch)
    }

    fn edit(&self, epoch: u64, change: impl FnOnce(&mut Instance)) -> Self {
        let mut next = self.clone();
        if let Some(instance) = next.instances.iter_mut().find(|it| it.epoch == epoch) {
            change(instance);
        }
        next
    }

    /// What a succession asks for that is not so yet.
    fn acts(&self, rules: Rules) -> Vec<Act> {
        let next = self.decide(rules);
        let create = next.places.keys().filter(|epoch| self.find(**epoch).is_none()).map(|epoch| Act::Create(*epoch));
        let is_there = |epoch: &&u64| self.find(**epoch).is_some_and(|it| it.presence != Presence::Going);
        let delete = next.farewells.keys().filter(is_there).map(|epoch| Act::Delete(*epoch));
        let appoint = next.appoint.filter(|epoch| self.holder != Some(*epoch)).map(Act::Appoint);
        let tell = self.instances.iter().filter(|it| rules.publisher && it.presence == Presence::Ready);
        let tell = tell.filter_map(|it| match (next.on_air == Some(it.epoch), it.duty) {
            (true, Duty::Dark | Duty::Unknown) => Some(Act::OnAir(it.epoch)),
            (false, Duty::OnAir | Duty::Unknown) => Some(Act::Dark(it.epoch)),
            (true, Duty::OnAir) | (false, Duty::Dark) => None,
        });
        create.chain(delete).chain(appoint).chain(tell).collect()
    }

    /// Applies one act, and holds it against what must never be done.
    fn apply(&self, rules: Rules, act: Act) -> Self {
        let mut next = self.clone();
        match act {
            Act::Create(epoch) => {
                assert!(epoch > self.last_epoch, "an epoch is given out once: {self:?}");
                let running = self.instances.iter().filter(|it| it.is_usable()).count();
                assert!(running < 3, "three at once are never needed: {self:?}");
                next.last_epoch = epoch;
                next.instances.push(Instance {
                    epoch,
                    revision: self.template.to_owned(),
                    presence: Presence::Starting,
                    duty: Duty::Unknown,
                    seat: Seat::Kept,
                });
            }
            Act::Delete(epoch) => {
                self.may_delete(rules, self.find(epoch).expect("only what exists is deleted"));
                next = next.edit(epoch, |it| it.presence = Presence::Going);
            }
            Act::Appoint(epoch) => {
                let named = self.holder.and_then(|holder| self.find(holder));
                let may_connect = named.is_some_and(|it| it.duty == Duty::OnAir) && self.lease == Freshness::Fresh;
                assert!(!may_connect, "two publishers: {self:?}");
                next.holder = Some(epoch);
                next.lease = Freshness::Fresh;
            }
            Act::OnAir(epoch) => {
                assert_eq!(self.holder, Some(epoch), "only the named one is put on air: {self:?}");
                next = next.edit(epoch, |it| it.duty = Duty::OnAir);
            }
            Act::Dark(epoch) => {
                let keeps = self.moment != Moment::Idle && self.holder == Some(epoch);
                assert!(!keeps || self.may_replace(rules, epoch), "a live publisher is taken off the air: {self:?}");
                next = next.edit(epoch, |it| it.duty = Duty::Dark);
            }
        }
        next
    }

    fn may_replace(&self, rules: Rules, epoch: u64) -> bool {
        let wanted = self.wanted(rules);
        let instance = self.find(epoch).expect("it exists");
        let outdated = instance.revision != self.template && wanted.may_renew();
        let leaving = instance.seat == Seat::Leaving && wanted.may_move();
        (outdated || leaving) && self.instances.iter().any(|it| it.epoch > epoch && it.presence == Presence::Ready)
    }

    fn may_delete(&self, rules: Rules, instance: &Instance) {
        let live = self.moment != Moment::Idle
            && instance.presence == Presence::Ready
            && match instance.duty {
                Duty::OnAir => true,
                Duty::Dark | Duty::Unknown => false,
            };
        let replaced = self.holder.is_some_and(|holder| holder != instance.epoch) && rules.publisher;
        let allowed = !live || replaced || self.may_replace(rules, instance.epoch);
        assert!(allowed, "a live instance is deleted: {:?} in {self:?}", instance.epoch);
    }

    /// What may happen without the controller.
    fn events(&self, rules: Rules) -> Vec<Self> {
        let mut after = self.friendly(rules);
        for it in self.instances.iter().filter(|it| it.is_usable()) {
            after.push(self.edit(it.epoch, |it| it.presence = Presence::Broken));
            after.push(self.edit(it.epoch, |it| it.seat = Seat::Leaving));
            after.push(self.edit(it.epoch, |it| {
                it.presence = Presence::Starting;
                it.duty = Duty::Unknown;
            }));
        }
        after.push(Self { template: NEW, ..self.clone() });
        after.push(Self { answers: Answers::Lost, ..self.clone() });
        after.push(Self { lease: Freshness::Stale, ..self.clone() });
        let moment = match self.moment {
            Moment::Idle | Moment::Between => Moment::Lot,
            Moment::Lot => Moment::Between,
        };
        after.push(Self { moment, ..self.clone() });
        after
    }

    /// What happens in a world that wants everything to end well.
    fn friendly(&self, rules: Rules) -> Vec<Self> {
        let mut after = vec![Self { answers: Answers::Heard, ..self.clone() }];
        for it in &self.instances {
            match it.presence {
                Presence::Starting => {
                    let other = self.instances.iter().any(|other| other.is_usable() && other.duty == Duty::OnAir);
                    // A worker takes the shard's lease when nobody has it; a compositor waits to be told.
                    let duty = if rules.publisher || other { Duty::Dark } else { Duty::OnAir };
                    after.push(self.edit(it.epoch, |it| {
                        it.presence = Presence::Ready;
                        it.duty = duty;
                    }));
                }
                Presence::Going => {
                    let mut next = self.clone();
                    next.instances.retain(|other| other.epoch != it.epoch);
                    after.push(next.worker_takes_lease(rules));
                }
                Presence::Ready | Presence::Broken => {}
            }
        }
        let renews = self.holder.and_then(|holder| self.find(holder)).is_some_and(|it| it.presence == Presence::Ready);
        let lease = if renews { Freshness::Fresh } else { Freshness::Stale };
        after.push(Self { lease, ..self.clone() });
        after
    }

    fn worker_takes_lease(self, rules: Rules) -> Self {
        let taken = self.instances.iter().any(|it| it.is_usable() && it.duty == Duty::OnAir);
        let waiting = self.instances.iter().find(|it| it.presence == Presence::Ready).map(|it| it.epoch);
        match waiting {
            Some(epoch) if !taken && !rules.publisher => self.edit(epoch, |it| it.duty = Duty::OnAir),
            Some(_) | None => self,
        }
    }

    /// Epochs by rank: what was counted higher is the same state.
    fn normal(mut self) -> Self {
        let used: BTreeSet<u64> = self.instances.iter().map(|it| it.epoch).chain(self.holder).collect();
        let ranks: BTreeMap<u64, u64> = used.into_iter().zip(1..).collect();
        self.instances.iter_mut().for_each(|it| it.epoch = ranks[&it.epoch]);
        self.holder = self.holder.map(|holder| ranks[&holder]);
        self.last_epoch = ranks.len() as u64;
        self.instances.sort();
        self
    }

    /// Ends in a world without trouble where it should.
    fn converges(&self, rules: Rules) {
        let mut world = self.clone();
        for _ in 0..PATIENCE {
            for act in world.acts(rules) {
                if world.acts(rules).contains(&act) {
                    world = world.apply(rules, act);
                }
            }
            let before = world.clone();
            for index in 0.. {
                let Some(next) = world.friendly(rules).into_iter().nth(index) else { break };
                world = next;
            }
            if world == before && world.acts(rules).is_empty() {
                let many = if rules.spare == Spare::One { 2 } else { 1 };
                let usable = world.instances.iter().filter(|it| it.is_usable()).count();
                let held = world.decide(rules).turnover == Turnover::Held;
                assert!(usable == many || held && usable == 1, "{usable} are left: {world:?} from {self:?}");
                if rules.publisher && world.moment != Moment::Idle {
                    let airs = world.instances.iter().filter(|it| it.duty == Duty::OnAir).count();
                    assert_eq!(airs, 1, "one is on air: {world:?}");
                }
                return;
            }
        }
        panic!("no rest from {self:?}: {world:?}, which wants {:?}", world.acts(rules));
    }
}

/// What a moment allows to move, and what to renew, is a matter of two functions: these pairs have every answer of both.
const CARE: [(Policy, Rollout); 3] = [
    (Policy::Never, Rollout::OnNextSession),
    (Policy::BetweenLots, Rollout::BetweenLots),
    (Policy::Handover, Rollout::Immediate),
];

fn explore(rules: Rules) -> usize {
    let mut seen: BTreeSet<World> = BTreeSet::from([World::empty()]);
    let mut edge = vec![World::empty()];
    for _ in 0..DEPTH {
        let mut further = Vec::new();
        for world in &edge {
            let acted = world.acts(rules).into_iter().map(|act| world.apply(rules, act));
            for next in acted.chain(world.events(rules)).map(World::normal) {
                // More than three at once never come about by the controller's doing; more gone ones are the same.
                if next.instances.len() <= 3 && !seen.contains(&next) {
                    seen.insert(next.clone());
                    further.push(next);
                }
            }
        }
        edge = further;
    }
    for world in &seen {
        world.converges(rules);
    }
    seen.len()
}

#[test]
fn no_reachable_state_loses_a_live_instance_and_all_come_to_rest() {
    let mut states = 0;
    for publisher in [false, true] {
        for spare in [Spare::None, Spare::One] {
            for (policy, rollout) in CARE {
                states += explore(Rules { policy, rollout, spare, publisher });
            }
        }
    }
    println!("{states} states explored to depth {DEPTH}");
}
