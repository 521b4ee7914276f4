//! The single writer of one shard: an actor that decides on arrival, and a committer that makes batches durable.

pub(crate) mod actor;
pub(crate) mod alarm;
pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod committer;
mod decide;
pub(crate) mod house;
pub(crate) mod ingress;
mod keys;
pub(crate) mod recovery;
mod repeat;
mod retrace;
pub(crate) mod signer;
pub(crate) mod snapshot;
pub(crate) mod views;
