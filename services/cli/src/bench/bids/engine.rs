//! Everything that the benchmark runs on: private servers, one engine with a hot and a wide auction, and their bidders.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use private_servers::Redis;
use private_servers::redis::Persistence;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::plan::{Design, Planned};
use crate::bench::measure::{Books, Run};
use crate::bench::{cpu, load, pgbench};
use crate::rig::{Bidders, Rig, Show, Worker};

/// PostgreSQL as it was set when the reference figures were taken.
const SETTINGS: [(&str, &str); 3] = [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("max_connections", "300")];
/// One for each client of the widest point.
const BIDDERS: Bidders = Bidders(1024);
const SHARD: &str = "bench";
/// Auctions of the benchmark: `lots-1` and `lots-100`.
const WIDTHS: [u32; 2] = [1, 100];
const LOT_DURATION: Duration = Duration::from_hours(12);
/// A load generator needs this long at most to connect everybody and, after its time, to end.
const LOAD_MARGIN: Duration = Duration::from_mins(1);

pub(super) struct Bench {
    rig: Rig,
    worker: Worker,
    rival: Redis,
    tokens: PathBuf,
    password: PathBuf,
    seconds: u64,
}

impl Bench {
    pub(super) async fn start(engine: &Path, seconds: u64) -> anyhow::Result<Self> {
        let rig = Rig::start(&SETTINGS).await?;
        let rival = Redis::start_with(&rig.directory().join("rival"), Persistence::AppendAlways).await?;
        let worker = rig.start_worker(engine, SHARD, "engine").await?;
        let shows = WIDTHS.map(|lots| Show { name: auction(lots), lots, duration: LOT_DURATION, handle: None });
        rig.open(&worker, &shows, BIDDERS).await?;
        let tokens = rig.directory().join("tokens");
        std::fs::write(&tokens, rig.tokens(BIDDERS)?.join("\n"))?;
        let password = rig.directory().join("rival-password");
        std::fs::write(&password, password_of(&rival.url()).context("the rival's URL has no password")?)?;
        Ok(Self { rig, worker, rival, tokens, password, seconds })
    }

    pub(super) async fn measure(&self, point: Planned) -> anyhow::Result<Run> {
        let Planned { design, lots, clients } = point;
        match design {
            Design::Sql(sql) => {
                pgbench::run(&self.rig.postgres, self.rig.directory(), sql, (lots, clients), self.seconds).await
            }
            Design::Redis => {
                let address = format!("127.0.0.1:{}", self.rival.port());
                let load = Load { protocol: "redis", address, secrets: &self.password };
                // Redis keeps no count of its own that could disagree: the script's answer is the record.
                self.load(point, load, &[("redis", self.rival.pid())]).await
            }
            Design::EngineHttp => {
                let load = Load { protocol: "http", address: self.worker.http_address(), secrets: &self.tokens };
                self.engine_load(point, load).await
            }
            Design::EngineWebSocket => {
                let address = self.worker.socket_address();
                self.engine_load(point, Load { protocol: "web-socket", address, secrets: &self.tokens }).await
            }
        }
    }

    async fn engine_load(&self, point: Planned, load: Load<'_>) -> anyhow::Result<Run> {
        let before = self.last_seq().await?;
        let watched = [("engine", self.worker.pid()), ("postgres", self.rig.postgres.pid())];
        let mut run = self.load(point, load, &watched).await?;
        // Every accepted and every refused bid has a row, and nothing else happens meanwhile.
        run.books = Books { acknowledged: run.accepted + run.refused, recorded: self.last_seq().await? - before };
        Ok(run)
    }

    async fn last_seq(&self) -> anyhow::Result<u64> {
        let shards = store::journal::shards(&self.rig.pool()?).await?;
        Ok(shards.iter().find(|shard| shard.shard == SHARD).map_or(0, |shard| shard.last_seq))
    }

    async fn load(&self, point: Planned, load: Load<'_>, watched: &[(&'static str, i32)]) -> anyhow::Result<Run> {
        let mut child = load.command(point, self.seconds)?.spawn()?;
        let pid = i32::try_from(child.id().context("the load generator ended at once")?)?;
        let watched: Vec<_> = watched.iter().copied().chain([("load", pid)]).collect();
        let deadline = Duration::from_secs(self.seconds) + LOAD_MARGIN;
        let measured = tokio::time::timeout(deadline, steer(&mut child, &watched)).await;
        let (figures, spent) = measured.context("the load generator did not end")??;
        #[expect(clippy::cast_precision_loss, reason = "a mean needs three digits")]
        let each = |micros: u64| micros as f64 / figures.accepted.max(1) as f64;
        if let Some(other) = figures.first_other.as_ref().filter(|_| figures.failed > 0) {
            eprintln!("{point}: {} requests failed, the first with: {other}", figures.failed);
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate needs three digits")]
        let per_second = figures.accepted as f64 / figures.seconds;
        Ok(Run {
            per_second,
            p50_ms: figures.p50_ms,
            p99_ms: figures.p99_ms,
            accepted: figures.accepted,
            refused: figures.refused,
            busy: figures.busy,
            failed: figures.failed,
            cpu_micros: watched.iter().map(|&(label, _)| (label, each(spent.micros(label)))).collect(),
            others_share: spent.others_share(),
            books: Books { acknowledged: figures.accepted, recorded: figures.accepted },
        })
    }
}

struct Load<'a> {
    protocol: &'static str,
    address: String,
    secrets: &'a Path,
}

impl Load<'_> {
    fn command(&self, point: Planned, seconds: u64) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "load", "--protocol", self.protocol, "--address", &self.address]);
        command.args(["--auction", &auction(point.lots), "--lots", &point.lots.to_string()]);
        command.args(["--clients", &point.clients.to_string(), "--seconds", &seconds.to_string()]);
        command.arg("--secrets").arg(self.secrets).args(["--run", &uuid::Uuid::new_v4().simple().to_string()[..12]]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Ok(command)
    }
}

/// Waits until everybody is connected, lets them bid, and reads CPU time at both ends.
async fn steer(child: &mut Child, watched: &[(&'static str, i32)]) -> anyhow::Result<(load::Figures, cpu::Spent)> {
    let mut start = child.stdin.take().context("the load generator has no input")?;
    let mut said = BufReader::new(child.stdout.take().context("the load generator has no output")?).lines();
    match said.next_line().await?.as_deref() {
        Some("ready") => {}
        other => bail!("the load generator did not get ready: {other:?}"),
    }
    let before = cpu::read(watched);
    start.write_all(b"go\n").await?;
    match said.next_line().await?.as_deref() {
        Some("done") => {}
        other => bail!("the load generator did not finish: {other:?}"),
    }
    let spent = before.until(&cpu::read(watched));
    start.write_all(b"thanks\n").await?;
    let figures = said.next_line().await?.context("the load generator printed no figures")?;
    child.wait().await?;
    Ok((serde_json::from_str(&figures)?, spent))
}

fn auction(lots: u32) -> String {
    format!("lots-{lots}")
}

fn password_of(url: &str) -> Option<&str> {
    url.split_once("//:")?.1.split_once('@').map(|(password, _)| password)
}
