//! The command line of SothebAIs: one machine, one command.
//!
//! One module a command. [`machine`] runs the services as child processes; [`manifest`] reads what should run.

pub mod args;
pub mod bench;
pub mod crd;
pub mod demo;
pub mod drill;
pub mod machine;
pub mod manifest;
pub mod migrate;
pub mod parse;
pub mod progress;
pub mod replay;
pub mod report_file;
pub mod rig;
pub mod run;
pub mod token;
pub mod trouble;
pub mod up;
pub mod verify;
