//! The gateway against a real PostgreSQL, a real Redis and the X emulator: the inbox's statement, and the whole program
//! through everything that X does to a stream.

#![expect(clippy::unwrap_used, reason = "a rig that cannot be set up fails its test")]

mod gateway;
mod hostile;
mod inbox;
mod refused;
mod replies;
mod rig;
mod tracing;
