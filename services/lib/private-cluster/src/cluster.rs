//! A whole cluster on this machine, whose parts outlive the program that starts them: what `just cluster` runs.
//!
//! The control plane, DNS and Traefik are daemons on this machine; a node is a set of namespaces (processes, mounts, network)
//! on a bridge of the cluster's own, so that everything a node made is gone with its first process. What is started is noted
//! in a state directory and marked in its environment: [`down`] finds it even when the notes are lost.

mod answers;
mod cgroups;
mod command;
mod daemon;
mod down;
mod images;

mod network;
mod node;
mod packages;
mod parts;
mod programs;
mod services;
mod state;
mod status;
mod up;

pub use down::down;
pub use images::{PROBE, archive, build_images, import};
pub use node::hold;
pub use parts::{Part, cut, heal, kill, start, stop};
pub use programs::NodeProgram;
pub use state::{Cluster, NodeName};
pub use status::{Report, report};
pub use up::{Plan, adopt, up};
