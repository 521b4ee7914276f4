//! The auction engine's worker: the single writer of its shard, with that shard's live and history API.
//!
//! Flow: `inbox` and the routes *read*, the grammar and the token *check*, `shard` asks `auction-core` to *decide*, its
//! committer *acts* (one fenced statement a batch), and `relay` and the feeds *report*.

pub mod args;
pub mod engine;
mod inbox;
mod observe;
mod receipt_key_file;
mod registry;
mod relay;
pub mod run;
mod shard;
mod worker;
