//! The rules as sentences: given events, when a command comes at a time, then events or a refusal.

mod bidding;
mod clerk;
mod closing;
mod funds;
mod golden;
mod half_cut;
mod manifest;
mod model;
pub(crate) mod properties;
