//! What a namespace has once, whatever number of auctions is in it: protection, network policies, the publishers' account,
//! the Middlewares. Nothing of it has to be made when a show goes live.

mod account;
mod budget;
mod network;

use operator_plan::House;

use super::context::Context;
use super::limits;
use crate::object::{Kind, Object};

pub use account::PUBLISHER;
pub use budget::{BUDGET, NEVER};

/// The objects of a namespace with at least one auction or stream in it.
pub(super) fn of(house: &House, context: &Context) -> Vec<Object> {
    let namespace = house.namespace.as_str();
    let middlewares = limits::of(&house.limits, namespace, &context.proxy);
    let mut objects = vec![Object::new(Kind::PodDisruptionBudget, &budget::of(namespace))];
    objects.extend(account::of(house));
    objects.extend(network::of(house, context).iter().map(|policy| Object::new(Kind::NetworkPolicy, policy)));
    objects.extend(middlewares.iter().map(|middleware| Object::new(Kind::Middleware, middleware)));
    objects
}
