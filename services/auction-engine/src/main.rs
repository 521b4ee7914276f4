//! The auction engine's program.

use auction_engine::args::{Args, Role};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads()).enable_all().build()?;
    runtime.block_on(run(args.role))
}

async fn run(role: Role) -> anyhow::Result<()> {
    match role {
        Role::Worker(args) => auction_engine::run::worker(*args).await,
        Role::Openapi => {
            print!("{}", auction_engine::routes::openapi_document());
            Ok(())
        }
    }
}
