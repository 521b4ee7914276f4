//! The commands. What a command takes stands in its own module.

use clap::{Parser, Subcommand};

use crate::{bench, crd, demo, drill, migrate, parse, replay, token, up, verify};

/// Live auctions on X, on one machine.
#[derive(Debug, Parser)]
#[command(name = "sothebais", version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the auctions of a manifest on this machine until they are over or you press Ctrl-C.
    Up(up::Args),
    /// Plays a whole show as a rehearsal and prints its closing table.
    Demo(demo::Args),
    /// Plays the same show on a real cluster, from `helm install` to `kubectl delete`; run it as `./just cluster demo`.
    ClusterDemo(demo::cluster::Args),
    /// Recomputes winners and hashes from a journal and checks its signatures.
    Verify(verify::Args),
    /// Folds a journal and prints its story.
    Replay(replay::Args),
    /// Shows what the bid grammar reads in posts, as JSON lines.
    Parse(parse::ParseArgs),
    /// Brings a database's schema up to date.
    Migrate(migrate::Args),
    /// Measures this machine: bids, replay, viewers.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Kills, pauses and flushes what bids pass through, under load, and judges what is left.
    Drill(drill::Args),
    /// Prints a token of a machine's local issuer, for curl.
    Token(token::Args),
    /// Prints the resource definitions (CRDs) of `Auction` and `Stream`.
    Crd(crd::Args),
}
