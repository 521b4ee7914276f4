//! The auction engine's program.

use auction_engine::args::{Args, Role};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Args::parse().role {
        Role::Worker(args) => auction_engine::run::worker(*args).await,
        Role::Openapi => {
            print!("{}", auction_engine::routes::openapi_document());
            Ok(())
        }
    }
}
