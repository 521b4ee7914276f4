//! The social gateway: the only program that holds X's credentials.

use social_gateway::args::{Args, Task};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Serve(args) => serve(*args),
        Task::Openapi => {
            print!("{}", social_gateway::http::openapi_document());
            Ok(())
        }
    }
}

fn serve(args: Args) -> anyhow::Result<()> {
    let _telemetry = bootstrap::telemetry::init(&args.common.telemetry, "social-gateway", env!("CARGO_PKG_VERSION"))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(social_gateway::run::run(args))
}
