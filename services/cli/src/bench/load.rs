//! `sothebais bench load`: the load generator, a process of its own so that its CPU time is its own.
//!
//! A closed loop: each client sends the next bid when the last one is answered. It connects everybody, prints `ready`,
//! waits for a line on standard input, runs, prints `done`, waits again, and prints its figures as one line of JSON. One
//! thread, prebuilt requests.

mod connection;
mod http;
mod redis;
mod websocket;

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use connection::{Connection, Reply};

/// Nothing that still works takes longer to answer; a client that waited so long counts as failed and stops.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// Connections that are opened at once: below any listen backlog.
const CONNECT_BURST: usize = 64;
/// The longest latency that is told apart, in microseconds; longer ones count as this.
const LONGEST_MICROS: u64 = 60_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// The engine's REST API over kept-alive connections.
    Http,
    /// The bidders' WebSocket.
    WebSocket,
    /// Redis Lua: compare-and-set, idempotency key and stream.
    Redis,
}

#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    #[arg(long, value_enum)]
    pub protocol: Protocol,
    /// Where to connect: `127.0.0.1:4400`.
    #[arg(long)]
    pub address: String,
    /// The auction to bid in (for Redis: the prefix of its keys).
    #[arg(long)]
    pub auction: String,
    /// Bids go to the lots 1 to this number in turn.
    #[arg(long, default_value_t = 1)]
    pub lots: u32,
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// A file with one secret a line: each client's token, or the one password of Redis.
    #[arg(long)]
    pub secrets: PathBuf,
    /// Makes this run's idempotency keys its own.
    #[arg(long)]
    pub run: String,
}

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    pub seconds: f64,
    /// Bids that were accepted, durably.
    pub accepted: u64,
    /// Bids that the rules refused.
    pub refused: u64,
    /// Bids that were turned away because of overload.
    pub busy: u64,
    /// Requests without a usable answer.
    pub failed: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub longest_ms: f64,
    /// The first answer that was not an acceptance, for the reader's eyes.
    pub first_other: Option<String>,
}

/// Runs the generator on a runtime of one thread.
pub async fn run(args: LoadArgs) -> anyhow::Result<()> {
    let on_one_thread = move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(generate(args))
    };
    tokio::task::spawn_blocking(on_one_thread).await?
}

async fn generate(args: LoadArgs) -> anyhow::Result<()> {
    let connections = connect_all(&args).await?;
    agree("ready")?;

    let begun = Instant::now();
    let until = begun + Duration::from_secs(args.seconds);
    let mut clients = JoinSet::new();
    for (number, connection) in connections.into_iter().enumerate() {
        let client = Client { number, lots: args.lots, run: args.run.clone(), connection };
        clients.spawn(client.bid_until(until));
    }
    let mut tally = Tally::new();
    while let Some(client) = clients.join_next().await {
        tally.add(client?);
    }
    let figures = tally.figures(begun.elapsed());
    agree("done")?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

/// Says a word and waits for the starter's line: meanwhile it reads everybody's CPU time.
fn agree(word: &str) -> anyhow::Result<()> {
    println!("{word}");
    std::io::stdout().flush()?;
    std::io::stdin().lock().lines().next().context("the starter of this run has gone")??;
    Ok(())
}

async fn connect_all(args: &LoadArgs) -> anyhow::Result<Vec<Connection>> {
    let text = std::fs::read_to_string(&args.secrets)
        .with_context(|| format!("the secrets file {} could not be read", args.secrets.display()))?;
    let secrets: Vec<&str> = text.lines().collect();
    anyhow::ensure!(!secrets.is_empty(), "the secrets file {} is empty", args.secrets.display());
    let numbers: Vec<usize> = (0..args.clients).collect();
    let mut connections = Vec::with_capacity(args.clients);
    for burst in numbers.chunks(CONNECT_BURST) {
        let opening = burst.iter().map(|number| Connection::open(args, secrets[number % secrets.len()]));
        connections.extend(futures_util::future::try_join_all(opening).await?);
    }
    Ok(connections)
}

/// One bidder in a closed loop.
struct Client {
    number: usize,
    lots: u32,
    run: String,
    connection: Connection,
}

impl Client {
    async fn bid_until(mut self, until: Instant) -> Tally {
        let mut tally = Tally::new();
        let start = u32::try_from(self.number).unwrap_or(0);
        for count in 0_u32.. {
            let sent = Instant::now();
            if sent >= until {
                break;
            }
            let lot = start.wrapping_add(count) % self.lots + 1;
            let key = format!("{}-{:04x}-{count:08x}", self.run, self.number);
            let answer = tokio::time::timeout(ANSWER_DEADLINE, self.connection.bid(lot, &key)).await;
            let reply = match answer {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => Reply::Failed(format!("{error:#}")),
                Err(_) => Reply::Failed(format!("no answer within {} s", ANSWER_DEADLINE.as_secs())),
            };
            let broken = matches!(reply, Reply::Failed(_));
            tally.count(reply, sent.elapsed());
            if broken {
                break;
            }
        }
        tally
    }
}

struct Tally {
    figures: Figures,
    latencies: Histogram<u64>,
}

impl Tally {
    fn new() -> Self {
        let latencies =
            Histogram::new_with_max(LONGEST_MICROS, 3).expect("three digits up to a minute are valid bounds");
        Self { figures: Figures::default(), latencies }
    }

    fn count(&mut self, reply: Reply, took: Duration) {
        let other = match reply {
            Reply::Accepted => {
                self.figures.accepted += 1;
                self.latencies.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_MICROS));
                None
            }
            Reply::Refused(text) => {
                self.figures.refused += 1;
                Some(text)
            }
            Reply::Busy(text) => {
                self.figures.busy += 1;
                Some(text)
            }
            Reply::Failed(text) => {
                self.figures.failed += 1;
                Some(text)
            }
        };
        if self.figures.first_other.is_none() {
            self.figures.first_other = other;
        }
    }

    fn add(&mut self, other: Self) {
        self.figures.accepted += other.figures.accepted;
        self.figures.refused += other.figures.refused;
        self.figures.busy += other.figures.busy;
        self.figures.failed += other.figures.failed;
        self.figures.first_other = self.figures.first_other.take().or(other.figures.first_other);
        self.latencies.add(&other.latencies).expect("both histograms have the same bounds");
    }

    fn figures(self, elapsed: Duration) -> Figures {
        #[expect(clippy::cast_precision_loss, reason = "microseconds below a minute fit an f64 exactly")]
        let ms = |micros: u64| micros as f64 / 1000.0;
        Figures {
            seconds: elapsed.as_secs_f64(),
            p50_ms: ms(self.latencies.value_at_quantile(0.5)),
            p99_ms: ms(self.latencies.value_at_quantile(0.99)),
            longest_ms: ms(self.latencies.max()),
            ..self.figures
        }
    }
}
