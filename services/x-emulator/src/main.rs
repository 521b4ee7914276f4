//! The `x-emulator` program.

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    x_emulator::run::run(x_emulator::args::Arguments::parse()).await
}
