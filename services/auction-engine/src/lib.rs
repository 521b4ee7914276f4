//! The auction engine's worker: the single writer of its shard, with that shard's live and history API.
//!
//! Flow: `inbox` and the routes *read*, the grammar and the token *check*, `shard` asks `auction-core` to *decide*, its
//! committer *acts* (one fenced statement a batch), and `relay` and the feeds *report*.

mod answer;
pub mod args;
mod auth;
pub mod engine;
mod history;
mod inbox;
mod names;
mod observe;
mod public;
mod receipt_key_file;
mod receipts;
mod registry;
mod relay;
mod roster;
pub mod routes;
pub mod run;
mod serve;
mod shard;
mod spec;
#[cfg(test)]
mod testing;
mod worker;
mod ws;
