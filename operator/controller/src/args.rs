//! The command line.

use std::path::PathBuf;

use bootstrap::args::Common;
use clap::{Args, Parser, Subcommand};

use crate::render::{Images, Neighbours, Proxy, Secrets, Tokens};

/// Reconciles Auctions and Streams.
#[derive(Debug, Parser)]
#[command(name = "operator", version)]
pub struct Command {
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Runs until it is stopped.
    Run(Box<RunArgs>),
}

/// What a running operator takes.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub common: Common,
    /// The only namespace that is looked at; all of them when absent.
    #[arg(long, env = "WATCH_NAMESPACE")]
    pub watch_namespace: Option<String>,
    /// The operator's own namespace: its lease is there.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    pub lease_namespace: String,
    /// Unique to this process; a pod's name.
    #[arg(long, env = "POD_NAME", default_value = "operator")]
    pub identity: String,
    /// How many resources are worked on at once.
    #[arg(long, env = "CONCURRENCY", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// The RSA private key (PEM) with which it signs its tokens for workloads.
    #[arg(long, env = "MACHINE_KEY_FILE")]
    pub machine_key_file: Option<PathBuf>,
    /// A rehearsal: the emulator stands in for X, and the local issuer's tokens are believed.
    #[arg(long, env = "REHEARSAL")]
    pub rehearsal: bool,
    #[command(flatten)]
    pub images: Images,
    #[command(flatten)]
    pub secrets: Secrets,
    #[command(flatten)]
    pub tokens: Tokens,
    #[command(flatten)]
    pub proxy: Proxy,
    #[command(flatten)]
    pub neighbours: Neighbours,
}
