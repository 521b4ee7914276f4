//! `sothebais replay`: folds a journal and prints its story, a sentence for each row that matters.

mod sentence;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use auction_core::replay::{Replay, Row};
use bootstrap::args::Database;
use bootstrap::secret::ExposeSecret as _;
use store::journal;

use crate::trouble::Trouble;

/// Rows read at once.
const PAGE: u32 = 5_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: Database,
    /// Tells of this shard only.
    #[arg(long)]
    shard: Option<String>,
    /// Tells of refused bids too.
    #[arg(long)]
    refusals: bool,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let unreadable = |error: store::Error| {
        Trouble::new("JournalUnreadable", "the journal cannot be read", "check the database's URL").because(error)
    };
    let database = store::Database::new(args.database.database_url.expose_secret(), "sothebais replay");
    let pool = database.map_err(unreadable)?.pool();
    let mut out = std::io::stdout().lock();
    for shard in journal::shards(&pool).await.map_err(unreadable)? {
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
    Ok(ExitCode::SUCCESS)
}
