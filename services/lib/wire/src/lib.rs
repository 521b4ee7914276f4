//! What goes over the wire between the house and everybody else: WebSocket frames, REST bodies, problems.
//!
//! Pure data: nothing here decides or waits. Every text and list from outside has a bound, unknown fields are refused, an
//! unknown frame type is a coded error. Money is a decimal string of wei, an X id a string, a time RFC 3339 in UTC with
//! milliseconds.

pub mod bounded;
pub mod command_key;
pub mod compositor;
pub mod json;
pub mod problem;
pub mod rest;
pub mod scalar;
pub mod socket;

pub use bounded::{List, Text};
pub use command_key::{CommandKey, MAX_KEY};
pub use problem::Problem;
pub use scalar::{Amount, Time, XId};
