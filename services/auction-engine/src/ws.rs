//! The WebSocket: viewers follow prices, bidders send commands. One protocol (`wire::socket`) for both.

mod commands;
mod connection;
mod frame;
mod hub;
mod output;
mod press;
mod talk;
mod upgrade;

#[cfg(test)]
mod tests;

pub(crate) use commands::{intent, key_of};
pub(crate) use hub::{Entrance, Hub};
pub(crate) use upgrade::upgrade;
