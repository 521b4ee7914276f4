//! The command line of SothebAIs: one machine, one command.

pub mod bench;
pub mod drill;
pub mod parse;
pub mod rig;
