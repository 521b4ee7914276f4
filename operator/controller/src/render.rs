//! A plan as Kubernetes objects. Pure: the same plan and context give the same bytes.
//!
//! Objects are minimal: only what the operator owns is in them, so that server-side apply leaves alone what others add.
//! A pod that was made from another revision than [`revision`] says now cannot be applied whole; [`protection`] is what may
//! be written to it.

mod certificate;
mod container;
mod context;
mod environment;
mod house;
pub mod labels;
mod lease;
mod limits;
mod meta;
pub mod names;
mod pod;
pub mod ports;
mod protection;
mod route;
mod service;
mod volumes;

use operator_plan::{Desired, House};

use crate::object::{Kind, Object};
use crate::traefik::rule::BadRulePart;

pub use certificate::{Certificate, CertificateSpec, IssuerKind, IssuerRef};
pub use context::{Context, Images, Neighbours, Proxy, Secrets, Tokens};
pub use house::{BUDGET, NEVER, PUBLISHER};
pub use lease::LEASE_SECONDS;
pub use pod::revision;
pub use protection::protection;

/// The objects of one resource: instances with their Services, routes, the publisher's lease. In the order in which they
/// are best written: names before those who ask for them, the way in last. A route that [`refused`] tells of is not there.
pub fn objects(desired: &Desired, context: &Context) -> Vec<Object> {
    let namespace = desired.namespace.as_str();
    let lease = desired.publisher.iter().map(|publisher| Object::new(Kind::Lease, &lease::of(publisher, namespace)));
    let services = desired.units.iter().map(|unit| Object::new(Kind::Service, &service::of(unit, namespace)));
    let pods = desired.units.iter().flat_map(|unit| pod::of(unit, namespace, context));
    let pods = pods.map(|pod| Object::new(Kind::Pod, &pod));
    let ways_in = ways_in(desired, context).filter_map(Result::ok).flatten();
    lease.chain(services).chain(pods).chain(ways_in).collect()
}

/// The hosts that no rule can be made of. The resources' schema takes none of them; objects from before a rule may have one.
pub fn refused(desired: &Desired, context: &Context) -> Vec<BadRulePart> {
    ways_in(desired, context).filter_map(Result::err).collect()
}

/// What a namespace has once: the disruption budget, network policies, accounts, Middlewares.
pub fn house(house: &House, context: &Context) -> Vec<Object> {
    house::of(house, context)
}

fn ways_in(desired: &Desired, context: &Context) -> impl Iterator<Item = Result<Vec<Object>, BadRulePart>> {
    let namespace = desired.namespace.as_str();
    let routes = desired.routes.iter().map(move |route| route::of(route, namespace, context));
    routes.chain(desired.ingests.iter().map(move |ingest| route::of_ingest(ingest, namespace, context)))
}

#[cfg(test)]
mod tests;
