//! `sothebais demo`: a whole show as a rehearsal. A crowd posts to the X emulator, the gateway takes the posts in, the
//! engine judges them, the lots close, and the journal is verified.
//!
//! Prepare (machine, bidders) → start the show → watch until every lot has ended → settle (no post in flight) → tally
//! the journal → verify → report. Nothing here feeds the engine: posts reach it from X alone.

mod bidders;
pub mod cluster;
mod crowd;
mod house;
mod place;
mod report;
mod tally;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use operator_plan::Stage;

use crate::machine::data_dir::holds_a_show;
use crate::machine::{Logs, Machine, Options};
use crate::progress::Progress;
use crate::trouble::Trouble;
use crate::{manifest, report_file, up};
use house::{House, Show};
use place::Place;
pub use report::Report;

/// The manifest of a show without `-f`.
const EXAMPLE: &str = include_str!("../../../examples/auction.yaml");

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Another manifest. The show starts when everything is ready; a `startsAt` within the next two minutes is kept.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Replays recorded posts (JSON lines) instead of a made-up crowd.
    #[arg(long, value_name = "FILE")]
    posts: Option<PathBuf>,
    /// Limits and states of bidders, as JSON lines or CSV. Authors that it does not name bid without limit, but for the
    /// made-up crowd, whose purses hold 10 to 100 ETH.
    #[arg(long, value_name = "FILE")]
    bidders: Option<PathBuf>,
    /// Where the made-up crowd comes from: the same number gives the same people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People of the made-up crowd.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    people: u32,
    /// Posts of the made-up crowd.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=200_000))]
    crowd_posts: u64,
    /// Posts naming the house that X keeps from its streams, in parts of a thousand; the comparison with the mentions
    /// timeline must find each.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    withhold_permille: u32,
    /// Writes the closing table to this file as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Keeps everything in this directory, which must hold no show yet; without it, a temporary one that is removed at the
    /// end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Shows the services' logs.
    #[arg(short, long)]
    verbose: bool,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let manifests = match &args.file {
        Some(path) => manifest::read(path)?,
        None => manifest::read_text(EXAMPLE)?,
    };
    args.data.as_deref().map_or(Ok(()), check_is_new)?;
    args.report.as_deref().map_or(Ok(()), report_file::check)?;
    let limits = args.bidders.as_deref().map(bidders::read).transpose()?.unwrap_or_default();
    let crowd = crowd::Crowd::new(args.posts.as_deref(), args.seed, args.people, args.crowd_posts)?;
    let options = Options {
        data: args.data,
        stage: Stage::Rehearsal,
        programs: up::programs()?,
        logs: if args.verbose { Logs::Shown } else { Logs::InFilesOnly },
        arguments: crowd.habits(args.withhold_permille),
        // The closing table measures until a bid is durable, and only the server knows when that was.
        postgres: vec![("track_commit_timestamp".to_owned(), "on".to_owned())],
    };
    let (life, progress) = (Lifecycle::new(), Progress::new());
    // One wait for all stages: a signal that comes between two of them is not lost.
    let stopped = life.until_stopped();
    tokio::pin!(stopped);
    let mut machine = tokio::select! {
        // The wait is asked first: from then on a signal no longer ends the process by itself.
        biased;
        stopped = &mut stopped => { stopped?; return Ok(ExitCode::FAILURE) }
        started = Machine::start(options, progress.clone(), Clock::System) => started?,
    };
    let house = House { auctions: manifests.auctions, crowd, limits, progress: progress.clone() };
    let played = tokio::select! {
        played = play(house, &mut machine) => played.map(Some),
        stopped = &mut stopped => stopped.map(|()| None).context("signals cannot be waited for"),
    };
    machine.stop().await;
    let Some(report) = played? else {
        progress.note("the show was stopped before its end");
        return Ok(ExitCode::FAILURE);
    };
    print!("{}", report.table());
    if let Some(path) = &args.report {
        report_file::write(path, &report)?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A show is played once: its journal would refuse to begin again.
fn check_is_new(data: &Path) -> Result<(), Trouble> {
    if !holds_a_show(data) {
        return Ok(());
    }
    let root = data.display();
    let remedy = format!(
        "name another --data directory or remove this one; `sothebais verify --data {root}` and `sothebais replay \
         --data {root}` tell of the show that it holds"
    );
    Err(Trouble::new("ShowExists", format!("{root} holds a show already"), remedy))
}

async fn play(house: House, machine: &mut Machine) -> anyhow::Result<Report> {
    let show = house.prepare(machine).await?;
    to_its_end(&house, &show, machine).await
}

/// Watches a show that is on to its end, counts and verifies.
async fn to_its_end(house: &House, show: &Show, place: &mut impl Place) -> anyhow::Result<Report> {
    watch::until_over(place, show, house).await?;
    let posts_in = watch::settle(place, show, house).await?;
    let tally = tally::of(&place.database_url()).await?;
    let verified = place.verified().await?;
    Ok(report::make(&tally, posts_in, verified, &house.auctions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_serves_one_show() {
        let directory = tempfile::tempdir().unwrap();
        assert!(check_is_new(&directory.path().join("to-be-made")).is_ok());
        assert!(check_is_new(directory.path()).is_ok());
        std::fs::write(directory.path().join("state.json"), "{}").unwrap();
        assert_eq!(check_is_new(directory.path()).unwrap_err().code, "ShowExists");
    }
}
