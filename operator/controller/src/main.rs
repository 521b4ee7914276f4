//! The operator.

use clap::Parser as _;
use operator_controller::args::{Command, RunArgs, Task};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    match Command::parse().task {
        Task::Run(args) => run(*args),
    }
}

fn run(args: RunArgs) -> anyhow::Result<()> {
    let _telemetry = bootstrap::telemetry::init(&args.common.telemetry, "operator", env!("CARGO_PKG_VERSION"))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(operator_controller::run::run(args))
}
