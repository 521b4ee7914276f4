//! The operator: reconciles `Auction` and `Stream` resources into pods, routes and protection.
//!
//! Every reconcile is dereference → validate → plan → apply → `update_status`, which this house calls read → check → decide →
//! act → report, one file a verb. What is decided is pure; what is written is compared first, so that nothing is written when
//! nothing changed.

pub mod act;
pub mod args;
pub mod ask;
mod auction;
pub mod backoff;
mod budget;
pub mod cache;
pub mod client;
pub mod definitions;
pub mod events;
mod gauges;
mod house;
mod instances;
pub mod key;
pub mod leader;
pub mod object;
pub mod observe;
pub mod operator;
mod pod;
pub mod queue;
pub mod rbac;
pub mod render;
pub mod run;
mod status;
mod stream;
pub mod traefik;
pub mod watch;

#[cfg(test)]
mod tests;
