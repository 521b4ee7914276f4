//! From a workload and its pods to the instances that it should have: care → succession → unit.

use auction_core::Timestamp;
use kube::api::DynamicObject;
use operator_plan::succession::{self, Duty, Succession, Wanted};
use operator_plan::{Owner, Place, Resources, Scheduling, Unit, Workload};

use crate::object::{Id, Kind};
use crate::pod::Sight;
use crate::render::{self, Context, names};

/// What is wanted of one workload, before its template is known.
pub(crate) struct Care {
    pub owners: Vec<Owner>,
    pub resources: Resources,
    pub scheduling: Scheduling,
    /// With an empty revision: the renderer says which one a new instance would have.
    pub wanted: Wanted,
    /// The highest epoch that anybody remembers.
    pub last_epoch: u64,
}

/// A unit and how its instances follow each other.
pub(crate) struct Decided {
    pub unit: Unit,
    pub succession: Succession,
}

/// Decides which instances of `workload` there should be.
pub(crate) fn decide(
    workload: Workload,
    care: Care,
    sights: &[Sight],
    duty: impl Fn(&Sight) -> Duty,
    (context, now): (&Context, Timestamp),
) -> Decided {
    let Care { owners, resources, scheduling, mut wanted, last_epoch } = care;
    let mut unit = Unit { workload, owners, instances: Vec::new(), resources, scheduling };
    wanted.revision = render::revision(&unit, context);
    let own = of_workload(sights, &unit.workload.name);
    let instances: Vec<_> = own.iter().map(|sight| sight.instance(duty(sight))).collect();
    let succession = succession::decide(&wanted, &instances, last_epoch, now);
    let places = succession.places.iter();
    unit.instances = places.map(|(&epoch, &(protection, apart))| Place { epoch, protection, apart }).collect();
    Decided { unit, succession }
}

/// The pods of a workload.
pub(crate) fn of_workload<'a>(sights: &'a [Sight], workload: &str) -> Vec<&'a Sight> {
    let instance = names::service(workload);
    sights.iter().filter(|sight| sight.workload == instance).collect()
}

/// The pods that a succession lets go.
pub(crate) fn farewells(decided: &Decided, namespace: &str) -> Vec<Id> {
    let gone = decided.succession.farewells.keys();
    let name = |epoch: &u64| names::instance(&decided.unit.workload.name, *epoch);
    gone.map(|epoch| Id { namespace: namespace.to_owned(), kind: Kind::Pod, name: name(epoch) }).collect()
}

/// Whose an object is first: who writes it.
pub(crate) fn leader(object: &DynamicObject) -> Option<String> {
    let owners = object.metadata.owner_references.iter().flatten();
    owners.filter(|owner| owner.controller == Some(true)).map(|owner| owner.name.clone()).next()
}
