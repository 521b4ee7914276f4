//! The compositor's program.

use clap::Parser;
use compositor::args::{Args, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let Args { command, serve } = Args::parse();
    match command {
        Some(Command::Openapi) => print!("{}", compositor::routes::openapi_document()),
        None => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(compositor::run::run(*serve))?;
        }
    }
    Ok(())
}
