//! `sothebais`: arguments in, one command, an exit code out.

use std::process::ExitCode;

use clap::Parser as _;
use sothebais::args::Args;
use sothebais::{run, trouble};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    bootstrap::install_crypto();
    match run::run(Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", trouble::describe(&error));
            ExitCode::FAILURE
        }
    }
}
