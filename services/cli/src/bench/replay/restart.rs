//! A lot of a million bids serves again: after an orderly stop, and after kill -9.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::rig::{Bidders, Rig, Show, Worker};

const SHARD: &str = "long";
const SETTINGS: [(&str, &str); 2] = [("shared_buffers", "1GB"), ("max_wal_size", "8GB")];
const BIDDERS: Bidders = Bidders(256);
/// Bids are written in runs of so many seconds until there are enough.
const FILL_SECONDS: u64 = 5;
/// A lease of two seconds and a little; its expiry is not what is measured.
const LEASE_GONE: Duration = Duration::from_millis(2_200);
const SERVES_DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Serialize)]
pub(super) struct Figures {
    rows: u64,
    /// From the start of the process to its first accepted bid.
    after_stop_ms: f64,
    after_kill_ms: f64,
    bar_ms: f64,
}

impl Figures {
    pub(super) fn print(&self) {
        for (what, value) in [("an orderly stop", self.after_stop_ms), ("kill -9, lease run out", self.after_kill_ms)] {
            let mark = if value <= self.bar_ms { "reached" } else { "NOT reached" };
            let what = format!("first bid after {what}, {} rows", self.rows);
            println!("{what:<52} {value:>7.0} ms  bar {:>5.0}  {mark}", self.bar_ms);
        }
    }
}

pub(super) async fn run(engine: &Path, bids: u64) -> anyhow::Result<Figures> {
    let rig = Rig::start(&SETTINGS).await?;
    let show = Show { name: "long".to_owned(), lots: 1, duration: Duration::from_hours(12), handle: None };
    let mut worker = rig.start_worker(engine, SHARD, "first").await?;
    rig.open(&worker, std::slice::from_ref(&show), BIDDERS).await?;
    let tokens = rig.tokens(BIDDERS)?;
    let secrets = rig.directory().join("tokens");
    std::fs::write(&secrets, tokens.join("\n"))?;
    let mut rows = rows(&rig).await?;
    while rows < bids {
        fill(&worker, &show, &secrets).await?;
        rows = self::rows(&rig).await?;
        eprintln!("{rows} rows");
    }
    worker.stop().await;
    let (mut worker, after_stop) = serves_again(&rig, engine, "second", &tokens).await?;
    fill(&worker, &show, &secrets).await?;
    worker.kill9();
    tokio::time::sleep(LEASE_GONE).await;
    let (_worker, after_kill) = serves_again(&rig, engine, "third", &tokens).await?;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(Figures {
        rows: self::rows(&rig).await?,
        after_stop_ms: ms(after_stop),
        after_kill_ms: ms(after_kill),
        bar_ms: 1000.0,
    })
}

async fn rows(rig: &Rig) -> anyhow::Result<u64> {
    let shards = store::journal::shards(&rig.pool()?).await?;
    Ok(shards.iter().find(|shard| shard.shard == SHARD).map_or(0, |shard| shard.last_seq))
}

async fn fill(worker: &Worker, show: &Show, secrets: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "load", "--protocol", "web-socket", "--address", &worker.socket_address()]);
    command.args(["--auction", &show.name, "--clients", &BIDDERS.0.to_string()]);
    command.args(["--seconds", &FILL_SECONDS.to_string(), "--run", &uuid::Uuid::new_v4().simple().to_string()[..12]]);
    command.arg("--secrets").arg(secrets);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut agree = child.stdin.take().context("the load generator has no input")?;
    let mut said = BufReader::new(child.stdout.take().context("the load generator has no output")?).lines();
    while let Some(line) = said.next_line().await? {
        if line == "ready" || line == "done" {
            agree.write_all(b"go on\n").await?;
        }
    }
    anyhow::ensure!(child.wait().await?.success(), "the load generator failed");
    Ok(())
}

/// Starts a worker and bids until a bid is accepted; returns how long that took from the start of the process.
async fn serves_again(rig: &Rig, engine: &Path, name: &str, tokens: &[String]) -> anyhow::Result<(Worker, Duration)> {
    let begun = Instant::now();
    let worker = rig.start_worker(engine, SHARD, name).await?;
    let url = format!("{}/v1/auctions/long/bids", worker.api());
    for attempt in 0_usize.. {
        // Two bidders in turn: one of them leads already.
        let token = &tokens[attempt % 2];
        let request = rig.http.post(&url).bearer_auth(token).header("idempotency-key", format!("{name}-{attempt}"));
        let answer = request.json(&serde_json::json!({"lot": 1, "kind": "next_bid"})).send().await;
        if answer.is_ok_and(|answer| answer.status() == reqwest::StatusCode::OK) {
            break;
        }
        if begun.elapsed() > SERVES_DEADLINE {
            bail!("no bid was accepted within {} s after the restart", SERVES_DEADLINE.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
    Ok((worker, begun.elapsed()))
}
