//! The designs that let PostgreSQL do everything, through `pgbench`: one transaction a bid, prepared, every bid valid.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use private_servers::Postgres;
use tokio::process::Command;

use super::cpu;
use super::measure::{Books, Run, quantile_ms};

const SCHEMA: &str = include_str!("baselines/schema.sql");
const NAIVE: &str = include_str!("baselines/naive.sql");
const SINGLE_STATEMENT: &str = include_str!("baselines/cte.sql");
const BOOKS: &str = include_str!("baselines/books.sql");

/// A design that is all SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Lock the auction's row, insert the bid, update the row, commit.
    Naive,
    /// One CTE that updates the row and inserts the bid.
    SingleStatement,
}

impl Design {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive row lock",
            Self::SingleStatement => "single statement",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Naive => NAIVE,
            Self::SingleStatement => SINGLE_STATEMENT,
        }
    }
}

/// Runs one point on a fresh schema in the database `baselines`, which is made when it is missing.
pub async fn run(
    postgres: &Postgres,
    directory: &Path,
    design: Design,
    (lots, clients): (u32, u32),
    seconds: u64,
) -> anyhow::Result<Run> {
    let url = postgres.url_of("baselines");
    let missing = psql(&postgres.url(), "select count(*) from pg_database where datname = 'baselines'").await?;
    if missing.trim() == "0" {
        psql(&postgres.url(), "create database baselines").await?;
    }
    psql(&url, SCHEMA).await?;

    let script = directory.join("bid.sql");
    fs::write(&script, design.script())?;
    let log = directory.join("pgbench_log");
    remove_logs(directory)?;
    let mut command = Command::new(Postgres::program("pgbench")?);
    command.args(["-n", "-M", "prepared", "-j", "2", "-l", "-D", &format!("n={lots}")]);
    command.args(["-c", &clients.to_string(), "-T", &seconds.to_string()]);
    command.arg("--log-prefix").arg(&log).arg("-f").arg(&script).arg(&url);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let watched = [("postgres", postgres.pid())];
    let (before, reaped_before) = (cpu::read(&watched), cpu::reaped()?);
    let output = child.wait_with_output().await?;
    // Nobody else of ours ends meanwhile, so what was reaped is pgbench.
    let spent = before.until(&cpu::read(&watched)).with("load", cpu::reaped()? - reaped_before);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let per_second = tps(&text).with_context(|| format!("pgbench printed no rate: {text}"))?;
    let latencies = latencies(directory)?;
    let accepted = u64::try_from(latencies.len())?;
    let books = books(&psql(&url, BOOKS).await?, accepted)?;
    #[expect(clippy::cast_precision_loss, reason = "a mean needs three digits")]
    let each = |label| (label, spent.micros(label) as f64 / accepted.max(1) as f64);
    Ok(Run {
        per_second,
        p50_ms: quantile_ms(&latencies, 0.5),
        p99_ms: quantile_ms(&latencies, 0.99),
        accepted,
        refused: 0,
        busy: 0,
        failed: 0,
        cpu_micros: vec![each("postgres"), each("load")],
        others_share: spent.others_share(),
        books,
    })
}

async fn psql(url: &str, sql: &str) -> anyhow::Result<String> {
    let mut command = Command::new(Postgres::program("psql")?);
    command
        .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        .env("PGOPTIONS", "-c client_min_messages=warning");
    let output = command.output().await?;
    anyhow::ensure!(output.status.success(), "psql failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tps(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
}

fn logs(directory: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(directory)?.flatten();
    Ok(entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("pgbench_log"))
        .map(|entry| entry.path())
        .collect())
}

fn remove_logs(directory: &Path) -> anyhow::Result<()> {
    logs(directory)?.into_iter().try_for_each(|path| fs::remove_file(path).map_err(Into::into))
}

/// Each transaction's microseconds, sorted: the third field of the log's lines.
fn latencies(directory: &Path) -> anyhow::Result<Vec<u64>> {
    let mut micros = Vec::new();
    for path in logs(directory)? {
        let text = fs::read_to_string(path)?;
        micros.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
    }
    micros.sort_unstable();
    Ok(micros)
}

/// Reads `rows|sum of prices`: with a step of one both are the number of bids.
fn books(answer: &str, acknowledged: u64) -> anyhow::Result<Books> {
    let (rows, prices) = answer.trim().split_once('|').context("the books are not two numbers")?;
    let (rows, prices): (u64, u64) = (rows.parse()?, prices.parse()?);
    anyhow::ensure!(rows == prices, "{rows} bids came to {prices} steps");
    Ok(Books { acknowledged, recorded: rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn both_designs_run_and_their_books_balance() {
        let directory = tempfile::tempdir().unwrap();
        let postgres = Postgres::start(&directory.path().join("postgres")).await.unwrap();
        for design in [Design::Naive, Design::SingleStatement] {
            let run = run(&postgres, directory.path(), design, (2, 4), 1).await.unwrap();
            assert!(run.accepted > 0 && run.books.balance(), "{run:?}");
            assert!(run.p50_ms > 0.0 && run.p99_ms >= run.p50_ms, "{run:?}");
            assert!(run.cpu_micros.iter().all(|&(_, micros)| micros > 0.0), "{run:?}");
        }
    }
}
