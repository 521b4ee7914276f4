//! The operator against a real API server. Nodes are played: pods are given addresses of this machine, and what answers
//! there are small stand-ins for the engine and the compositor, which remember what they were told.

mod call;
mod engine;
mod eye;
mod fault;
mod flips;
mod flows;
mod kubelet;
mod leading;
mod ledger;
mod picture;
mod play;
mod scripts;
mod steady;
mod studio;
mod telling;
mod weather;
mod world;
