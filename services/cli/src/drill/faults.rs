//! `sothebais drill faults`: what a drill is worth that has never caught anything.
//!
//! Each fault is a real build of the engine with one wrong thing in it, behind a cargo feature. It goes through the same
//! rounds as the real engine, until a check notices. The builds are unoptimised: what is tried here is the judge.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, bail};
use serde::Serialize;
use tokio::process::Command;

use super::check::Check;
use super::round;
use crate::rig::Rig;

/// Each fault must be caught within so many rounds.
const ROUNDS: u32 = 5;
/// The features of `auction-engine` that plant a fault begin so.
const PREFIX: &str = "fault-";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Only the faults whose name contains this word.
    #[arg(long)]
    only: Option<String>,
    /// Draws the blows and the bids.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The cargo to build with.
    #[arg(long, default_value = "cargo")]
    cargo: PathBuf,
    /// Also writes the table here, as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
}

/// What became of one fault.
#[derive(Debug, Clone, Serialize)]
struct Line {
    fault: String,
    /// Rounds it took, 1 to 5; `None` when it got away.
    caught_in_round: Option<u32>,
    /// The checks that noticed.
    checks: Vec<Check>,
    /// The first violation.
    evidence: Option<String>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let faults = faults(&args.cargo, args.only.as_deref()).await?;
    anyhow::ensure!(!faults.is_empty(), "auction-engine has no such fault");
    let mut lines = Vec::new();
    println!("{:<32} {:>6}  by", "fault", "round");
    for fault in faults {
        let directory = tempfile::tempdir()?;
        let engine = build(&args.cargo, &fault, directory.path()).await?;
        let line = hunt(&engine, fault, args.seed).await?;
        let round = line.caught_in_round.map_or_else(|| "NEVER".to_owned(), |round| round.to_string());
        let checks: Vec<&str> = line.checks.iter().map(|check| check.name()).collect();
        println!("{:<32} {round:>6}  {}", line.fault, checks.join(", "));
        if let Some(evidence) = &line.evidence {
            println!("    {evidence}");
        }
        lines.push(line);
    }
    if let Some(path) = &args.report {
        std::fs::write(path, serde_json::to_string_pretty(&lines)?)
            .with_context(|| format!("the report could not be written to {}", path.display()))?;
    }
    let caught = lines.iter().filter(|line| line.caught_in_round.is_some()).count();
    println!("{caught} of {} planted faults caught within {ROUNDS} rounds", lines.len());
    Ok(if caught == lines.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Drills the faulty engine until a check notices.
async fn hunt(engine: &Path, fault: String, seed: u64) -> anyhow::Result<Line> {
    let mut rig = Rig::start(&[]).await.context("the servers did not start")?;
    for round in 0..ROUNDS {
        let outcome =
            round::run(&mut rig, engine, seed, round).await.with_context(|| format!("{fault}, round {round}"))?;
        if let Some(first) = outcome.violations.first() {
            let mut checks: Vec<Check> = outcome.violations.iter().map(|violation| violation.check).collect();
            checks.sort_unstable();
            checks.dedup();
            let evidence = Some(first.evidence.clone());
            return Ok(Line { fault, caught_in_round: Some(round + 1), checks, evidence });
        }
    }
    Ok(Line { fault, caught_in_round: None, checks: Vec::new(), evidence: None })
}

/// The faults that the engine can be built with, by name.
async fn faults(cargo: &Path, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let output = Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps"]).output().await?;
    anyhow::ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let engine = packages.iter().find(|package| package["name"] == "auction-engine");
    let features =
        engine.and_then(|engine| engine["features"].as_object()).context("auction-engine has no features")?;
    let faults = features.keys().filter(|name| name.starts_with(PREFIX));
    Ok(faults.filter(|name| only.is_none_or(|word| name.contains(word))).cloned().collect())
}

/// Builds one faulty engine and puts it aside: the next build overwrites it.
async fn build(cargo: &Path, fault: &str, directory: &Path) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo);
    command.args(["build", "-q", "-p", "auction-engine", "--features", fault, "--message-format", "json"]);
    let output = command.stderr(Stdio::inherit()).output().await?;
    anyhow::ensure!(output.status.success(), "the engine with {fault} does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = text.lines().rev().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let built = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    let Some(built) = built else { bail!("cargo named no executable for {fault}") };
    let engine = directory.join("auction-engine");
    std::fs::copy(&built, &engine).with_context(|| format!("copying {}", built.display()))?;
    Ok(engine)
}
