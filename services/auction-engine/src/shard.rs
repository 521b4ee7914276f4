//! The single writer of one shard: an actor that decides on arrival, and a committer that makes batches durable.

pub(crate) mod actor;
pub(crate) mod ingress;
