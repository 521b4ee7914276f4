//! The social gateway: the only program that holds X's credentials.

use clap::Parser as _;
use social_gateway::args::Args;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let _telemetry = bootstrap::telemetry::init(&args.common.telemetry, "social-gateway", env!("CARGO_PKG_VERSION"))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(social_gateway::run::run(args))
}
