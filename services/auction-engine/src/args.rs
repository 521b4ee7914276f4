//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bootstrap::args::{Auth, Common, Database, Redis};
use clap::{Parser, Subcommand};

/// Runs auctions: one process is the single writer of one shard.
#[derive(Debug, Parser)]
#[command(name = "auction-engine", version)]
pub struct Args {
    /// Threads for connections and decisions; half of the cores by default, for the database and Redis need the others
    /// where they share the machine, and one writer gains little from more.
    #[arg(long, env = "AUCTION_ENGINE_THREADS", global = true)]
    threads: Option<NonZeroUsize>,
    #[command(subcommand)]
    pub role: Role,
}

impl Args {
    /// How many threads the runtime is given, at least one.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(half_of_the_cores, NonZeroUsize::get)
    }
}

fn half_of_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).div_ceil(2)
}

#[derive(Debug, Subcommand)]
pub enum Role {
    /// Serves one shard: decides its bids, makes them durable, answers and shows them.
    Worker(Box<WorkerArgs>),
    /// Prints the description of the REST API (OpenAPI).
    Openapi,
}

#[derive(Debug, Clone, clap::Args)]
pub struct WorkerArgs {
    /// The shard to serve. Any number of workers may ask for the same one; one holds its lease.
    #[arg(long, env = "SHARD")]
    pub shard: String,
    /// Where others reach this worker's API; by default the address and port that it listens on.
    #[arg(long, env = "ADVERTISE_ADDRESS")]
    pub advertise: Option<String>,
    /// The key that signs receipts: a file of 64 hexadecimal digits.
    #[arg(long, env = "RECEIPT_KEY_FILE")]
    pub receipt_key: PathBuf,
    /// Makes the receipt key if its file is not there.
    #[arg(long, env = "CREATE_RECEIPT_KEY")]
    pub create_receipt_key: bool,
    /// Pages that may open sockets from a browser, separated by commas, such as `https://sothebais.io`.
    #[arg(long, env = "ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub redis: Redis,
    #[command(flatten)]
    pub auth: Auth,
}
