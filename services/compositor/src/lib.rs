//! The compositor: one per Stream; renders, encodes once and pushes to every output.
//!
//! A frame: `source` folds the engine's messages into a view → `stage` composes and encodes it on the beat → each output's
//! queue → its own thread → socket. A spec: `PUT /v1/spec` → `program` reads and checks it → `director` carries the
//! difference out. Whether anything may be sent is `permit`'s to say, by the spec and the publisher's lease.

pub mod args;
mod board;
mod director;
mod lease;
mod observe;
mod output;
mod permit;
mod program;
pub mod routes;
pub mod run;
mod source;
mod stage;
