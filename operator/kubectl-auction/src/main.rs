//! `kubectl auction`: arguments in, one command, an exit code out.

use std::process::ExitCode;

use clap::Parser as _;
use kubectl_auction::args::Args;
use kubectl_auction::run;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    bootstrap::install_crypto();
    match run::run(Args::parse(), &mut std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
