//! `sothebais`: one command for a house on one machine.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "sothebais", version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Parse(sothebais::parse::ParseArgs),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Parse(args) => sothebais::parse::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
