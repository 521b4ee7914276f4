//! `sothebais verify`: recomputes every lot's winner and hashes from the journal alone and checks every signature.
//!
//! Read rows, commits and closes (from the database or a file) → check each in [`audit`], which is pure → print the lots,
//! or the first place that does not hold. Nothing that the engine says of itself is believed.

mod anchor;
mod audit;
mod columns;
mod journal_file;
mod source;
#[cfg(test)]
mod tests;
mod trust;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alloy_primitives::{Address, hex};
use auction_core::replay::LotResult;
use serde::Serialize;

use crate::report_file;
use crate::trouble::Trouble;
pub use anchor::Anchor;
pub use audit::{Audit, Fault, Verified};
pub use journal_file::JournalFile;
pub use source::{pin_published_keys, with_data_directory};
pub use trust::Trust;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    from: From,
    /// Address of a receipt key to trust, such as 0x12…; may be given several times. No other key is trusted then.
    #[arg(long = "receipt-key", value_name = "ADDRESS")]
    receipt_keys: Vec<Address>,
    /// A row that was seen before, with the tail hash up to it as a report's `tail` has it; may be given several times.
    /// Without one, nothing shows that later rows were not cut off.
    #[arg(long, value_name = "[SHARD=]SEQ:HASH")]
    expect_last: Vec<Anchor>,
    /// An earlier `--report`: the journal must still hold the rows that it counted.
    #[arg(long, value_name = "FILE")]
    expect_report: Option<PathBuf>,
    /// Also writes the journal to this file, for `verify --journal` elsewhere.
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    export: Option<PathBuf>,
    /// Writes what was found to this file as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Where a journal is.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct From {
    /// The data directory of a machine that is not running (`up --data`).
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A file that `verify --export` has written.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub journal: Option<PathBuf>,
    /// The database that holds it; not asked when a directory or a file is named.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// What a report says.
#[derive(Debug, Serialize)]
pub struct Report {
    pub verified: bool,
    /// What the signatures were held against.
    pub trusted_keys: TrustedKeys,
    pub shards: Vec<ShardReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_break: Option<String>,
}

/// Where the trusted receipt keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustedKeys {
    /// Kept outside of the journal.
    Pinned,
    /// Named by the journal itself: whoever signs all of it anew names the new key there, too.
    Published,
}

#[derive(Debug, Serialize)]
pub struct ShardReport {
    pub shard: String,
    pub rows: u64,
    pub commits: u64,
    pub closes: u64,
    pub signers: Vec<String>,
    /// SHA-256 over the last hashes of all lots in order.
    pub hash: String,
    /// For `--expect-last` the next time: the last row's number and the tail hash up to it.
    pub tail: String,
    /// The last row that `--expect-last` or `--expect-report` held fast; null without.
    pub anchored_at: Option<u64>,
    pub lots: Vec<LotReport>,
}

#[derive(Debug, Serialize)]
pub struct LotReport {
    pub auction: String,
    pub lot: u32,
    pub id: String,
    pub round: u32,
    pub state: &'static str,
    pub winner_paddle: Option<u32>,
    pub winner_x_id: Option<String>,
    pub price_wei: Option<String>,
    pub bids_accepted: u64,
    pub rows: u64,
    pub hash: String,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    for path in args.report.iter().chain(&args.export) {
        report_file::check(path)?;
    }
    let pinned = pinned(&args)?;
    let trusted_keys = if pinned.is_some() { TrustedKeys::Pinned } else { TrustedKeys::Published };
    let checked = check(&args, pinned).await?;
    let report = match &checked {
        Ok(verified) => {
            let shards = verified.iter().map(shard_report).collect();
            Report { verified: true, trusted_keys, shards, first_break: None }
        }
        Err(fault) => {
            let first_break = Some(fault.to_string());
            Report { verified: false, trusted_keys, shards: Vec::new(), first_break }
        }
    };
    if let Some(path) = &args.report {
        report_file::write(path, &report)?;
    }
    match checked {
        Ok(_) => {
            print!("{}{}", table(&report.shards), limits(&report));
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            eprintln!("NOT VERIFIED: {fault}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What a journal is held against from outside.
struct Asked<'a> {
    pinned: Option<Trust>,
    anchors: &'a [Anchor],
}

/// The keys that are kept outside of the journal, if any.
fn pinned(args: &Args) -> anyhow::Result<Option<Trust>> {
    match (Trust::pinned(&args.receipt_keys), &args.from.journal, &args.from.data) {
        (None, None, Some(directory)) => Trust::of_data_directory(directory),
        (pinned, _, _) => Ok(pinned),
    }
}

/// Reads and checks; the inner error is a journal that does not hold, the outer one that it could not be read.
async fn check(args: &Args, pinned: Option<Trust>) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
    let From { database_url, data, journal } = &args.from;
    let mut anchors = args.expect_last.clone();
    if let Some(path) = &args.expect_report {
        anchors.extend(anchor::of_report(path)?);
    }
    let asked = Asked { pinned, anchors: &anchors };
    if let Some(path) = journal {
        return journal_file::check(path, asked);
    }
    let Some(directory) = data else {
        let url = database_url.as_ref().expect("clap asks for one of the three");
        return source::check(url, asked, args.export.as_deref()).await;
    };
    source::with_data_directory(directory, async |url| source::check(url, asked, args.export.as_deref()).await).await
}

/// A journal without a row proves nothing, so it does not hold.
fn at_least_one_row(verified: Vec<Verified>) -> Result<Vec<Verified>, Fault> {
    if verified.iter().any(|shard| shard.rows > 0) {
        Ok(verified)
    } else {
        Err(Fault::of_journal("there is nothing to verify: no shard has a row"))
    }
}

/// Verifies the journals of a running database against the keys that are pinned in a directory.
pub async fn with_pins_of(directory: &Path, url: &str) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
    let trust = Trust::of_data_directory(directory)?;
    source::check(url, Asked { pinned: trust, anchors: &[] }, None).await
}

fn shard_report(verified: &Verified) -> ShardReport {
    let Verified { shard, rows, commits, closes, signers, hash, tail, anchored, lots } = verified;
    ShardReport {
        shard: shard.clone(),
        rows: *rows,
        commits: *commits,
        closes: *closes,
        signers: signers.iter().map(Address::to_string).collect(),
        hash: hex::encode(hash.0),
        tail: format!("{rows}:{}", hex::encode(tail.0)),
        anchored_at: *anchored,
        lots: lots.iter().map(lot_report).collect(),
    }
}

fn lot_report(result: &LotResult) -> LotReport {
    let LotResult { auction, lot, id, round, state, winner, bids_accepted, refusals: _, rows, hash } = result;
    LotReport {
        auction: auction.to_string(),
        lot: lot.0,
        id: id.to_string(),
        round: round.0,
        state,
        winner_paddle: winner.map(|winner| winner.paddle.0),
        winner_x_id: winner.map(|winner| winner.bidder.to_string()),
        price_wei: winner.map(|winner| winner.price.to_string()),
        bids_accepted: *bids_accepted,
        rows: *rows,
        hash: hex::encode(hash.0),
    }
}

/// The lots, a line each.
fn table(shards: &[ShardReport]) -> String {
    let mut text = String::new();
    for shard in shards {
        let ShardReport { shard, rows, commits, closes, signers, hash, lots, tail: _, anchored_at: _ } = shard;
        let write = |text: &mut String| -> std::fmt::Result {
            writeln!(text, "shard {shard}: {rows} rows, {commits} signed commits, {closes} signed closes")?;
            for lot in lots {
                let LotReport { auction, lot: number, id, state, winner_paddle, price_wei, rows, hash, .. } = lot;
                let price = price_wei.as_ref().and_then(|wei| wei.parse::<auction_core::Wei>().ok());
                let winner = match (winner_paddle, price) {
                    (Some(paddle), Some(price)) => format!("paddle {paddle} for {} ETH", price.main_units()),
                    (Some(_) | None, _) => "no winner".to_owned(),
                };
                writeln!(text, "  {auction} lot {number} {id}: {state}, {winner}, {rows} rows, hash {hash}")?;
            }
            writeln!(text, "  signed by {}", signers.join(", "))?;
            writeln!(text, "  verified {hash}")
        };
        write(&mut text).expect("writing to a string never fails");
    }
    text
}

/// What is not proved, and what would prove it.
fn limits(report: &Report) -> String {
    let mut text = String::new();
    if report.trusted_keys == TrustedKeys::Published {
        text.push_str(
            "not proved: whose keys these are. Only the journal names them, so somebody who signed all of it anew would \
             pass; name the key that you know with --receipt-key\n",
        );
    }
    for ShardReport { shard, rows, tail, anchored_at, .. } in report.shards.iter().filter(|shard| shard.rows > 0) {
        let known = match anchored_at {
            Some(row) if row == rows => continue,
            Some(row) => format!("after row {row}"),
            None => "at the end".to_owned(),
        };
        let line = format!(
            "not proved: that no row of {shard} was cut off {known}. Keep this, and name it the next time: \
             --expect-last {shard}={tail}\n"
        );
        text.push_str(&line);
    }
    text
}

/// A journal that cannot be read at all.
fn unreadable(what: impl Into<String>, error: impl Into<anyhow::Error>) -> Trouble {
    Trouble::new("JournalUnreadable", what, "check the address, the path and the permissions").because(error)
}
