//! The operator against a real API server. Nodes are played: pods are given addresses of this machine, and what answers
//! there are small stand-ins for the engine and the compositor, which remember what they were told.

mod engine;
mod fault;
mod flows;
mod kubelet;
mod leading;
mod steady;
mod studio;
mod world;
