//! `kubectl auction`: what a person asks of a show on a cluster, in the words of the operator's conditions.
//!
//! Each command reads the cluster, decides in a pure function what to say or write, does it, and prints it. The operator does the
//! work: the plugin only writes what anybody could write with `kubectl`.

pub mod args;
mod bundle;
mod cluster;
mod handover;
mod logs;
pub mod run;
mod run_state;
mod status;
mod trouble;
