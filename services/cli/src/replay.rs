//! `sothebais replay`: folds a journal and prints its story, a sentence for each row that matters.

mod sentence;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use auction_core::replay::{Replay, Row};
use store::journal;

use crate::trouble::Trouble;
use crate::verify;

/// Rows read at once.
const PAGE: u32 = 5_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    from: From,
    /// Tells of this shard only.
    #[arg(long)]
    shard: Option<String>,
    /// Tells of refused bids too.
    #[arg(long)]
    refusals: bool,
}

/// Where the journal is.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
struct From {
    /// The data directory of a machine that is not running (`up --data`).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The database that holds it; not asked when a directory is named.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match (&args.from.data, &args.from.database_url) {
        (Some(directory), _) => verify::with_data_directory(directory, async |url| tell(url, &args).await).await?,
        (None, Some(url)) => tell(url, &args).await?,
        (None, None) => unreachable!("clap asks for one of the two"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the story of every shard that is asked for.
async fn tell(url: &str, args: &Args) -> anyhow::Result<()> {
    let unreadable = |error: store::Error| {
        Trouble::new("JournalUnreadable", "the journal cannot be read", "check the database's URL").because(error)
    };
    let database = store::Database::new(url, "sothebais replay");
    let pool = database.map_err(unreadable)?.pool();
    let shards = journal::shards(&pool).await.map_err(unreadable)?;
    if let Some(wanted) = args.shard.as_ref().filter(|wanted| shards.iter().all(|shard| shard.shard != **wanted)) {
        let known: Vec<_> = shards.iter().map(|shard| shard.shard.as_str()).collect();
        let remedy = format!("name one of: {}", if known.is_empty() { "(none)".to_owned() } else { known.join(", ") });
        return Err(Trouble::new("ShardUnknown", format!("there is no journal of shard \"{wanted}\""), remedy).into());
    }
    let mut out = std::io::stdout().lock();
    for shard in shards {
        if args.shard.as_ref().is_some_and(|wanted| *wanted != shard.shard) {
            continue;
        }
        writeln!(out, "shard {}", shard.shard)?;
        let mut replay = Replay::new();
        loop {
            let page = journal::page(&pool, &shard.shard, replay.seq(), PAGE).await.map_err(unreadable)?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let folded = replay.fold(Row { seq: row.seq, entry: &row.entry, hash: row.hash });
                let entry = folded.with_context(|| format!("the story of {} breaks off", shard.shard))?;
                for line in sentence::of(&entry, args.refusals) {
                    writeln!(out, "{:>8}  {}  {line}", row.seq, wire::Time(entry.now))?;
                }
            }
        }
        writeln!(
            out,
            "{:>8}  rows folded; state {}",
            replay.seq(),
            alloy_primitives::hex::encode(replay.shard().digest())
        )?;
    }
    pool.close().await;
    Ok(())
}
