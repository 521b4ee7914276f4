//! A real Kubernetes on this machine, from programs built of Go modules: for tests and for `just cluster`.
//!
//! [`ControlPlane`] is etcd, API server and controller manager as child processes: what an operator is tested on. The program
//! `cluster` adds the nodes that run pods; its parts outlive it. Both are made of the same invocations and certificates.

pub mod access;
pub mod audit;
pub mod cluster;
mod control_plane;
pub mod crds;
mod error;
mod files;
mod foundation;
mod invocation;
mod pki;
pub mod tools;

pub use access::{Access, Grant, Scope};
pub use control_plane::{ControlPlane, Part};
pub use error::Error;
