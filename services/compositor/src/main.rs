//! The compositor's program.

use clap::Parser;
use compositor::args::Serve;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    // Not a subcommand of clap's: what serving needs would be asked for beside it.
    if std::env::args().nth(1).is_some_and(|word| word == "openapi") {
        print!("{}", compositor::routes::openapi_document());
        return Ok(());
    }
    let args = Serve::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(compositor::run::run(args))
}
