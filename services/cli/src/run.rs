//! Hands each command to its module.

use std::process::ExitCode;

use crate::args::{Args, Command};
use crate::{bench, crd, demo, drill, migrate, parse, replay, token, up, verify};

/// Runs one command. An error means that it could not do its work; a code, that it did and found something.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match work(args).await {
        // Whoever reads our output has read enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn work(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Up(args) => up::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::ClusterDemo(args) => demo::cluster::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Parse(args) => parse::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Migrate(args) => migrate::run(args).await,
        Command::Bench(bench) => bench::run(bench).await.map(|()| ExitCode::SUCCESS),
        Command::Drill(args) => drill::run(args).await,
        Command::Token(args) => token::run(&args),
        Command::Crd(args) => crd::run(&args),
    }
}
