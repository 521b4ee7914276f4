//! A process's birth and death: arguments, telemetry, health, ports, tokens, clock, orderly stop.
//!
//! Every service is `args → telemetry → run`, and `run` wires the parts of this crate: a [`lifecycle::Lifecycle`] that
//! owns every task, a [`health::Health`] that says what is missing, a [`metrics::Registry`] made from the one catalogue.
//! Reading the clock and the environment happens here and nowhere else.

pub mod args;
pub mod auth;
mod chain;
pub mod clock;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod log;
pub mod metrics;
pub mod operations;
pub mod ports;
pub mod secret;
pub mod telemetry;
pub mod trace;

pub use chain::chain;

/// Installs the process's one TLS provider; the first call wins, later ones change nothing.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is what this asks for.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
