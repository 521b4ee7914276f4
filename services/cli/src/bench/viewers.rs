//! `sothebais bench viewers`: the engine's user memory a viewer, and how soon all viewers have seen a price.
//!
//! Two bidders raise one lot at a fixed rate while everybody watches. A viewer skips prices that a newer one has replaced,
//! so what counts is the time from sending a bid to each frame that shows its price or a later one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use futures_util::{SinkExt as _, StreamExt as _};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::cpu;
use crate::rig::{Bidders, Rig, Show, Worker};

const SHARD: &str = "viewers";
const AUCTION: &str = "watched";
const BIDDERS: Bidders = Bidders(2);
/// Connections that are opened at once: below any listen backlog.
const CONNECT_BURST: usize = 64;
const READ_BUFFER: usize = 512;
/// After the last viewer has come the engine's memory comes to rest within this.
const REST: Duration = Duration::from_secs(2);
/// The last prices reach everybody within this.
const LAST_FRAMES: Duration = Duration::from_secs(1);
const LONGEST_MICROS: u64 = 60_000_000;

#[derive(Debug, Clone, Args)]
pub struct ViewersArgs {
    #[arg(long, default_value_t = 2_000)]
    pub viewers: usize,
    /// Prices a second.
    #[arg(long, default_value_t = 20)]
    pub rate: u32,
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// The engine to measure; the one beside this program by default.
    #[arg(long)]
    pub engine: Option<PathBuf>,
    /// Also writes the figures here, as JSON.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize)]
struct Figures {
    viewers: usize,
    user_bytes_a_viewer: f64,
    prices: u64,
    deliveries: u64,
    deliveries_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    engine_cpu_micros_a_delivery: f64,
    others_share: f64,
}

/// Runs the benchmark and prints its figures.
pub async fn run(args: ViewersArgs) -> anyhow::Result<()> {
    let engine = args.engine.clone().map_or_else(crate::rig::engine_beside_us, Ok)?;
    let rig = Rig::start(&[]).await?;
    let worker = rig.start_worker(&engine, SHARD, "engine").await?;
    let show = Show { name: AUCTION.to_owned(), lots: 1, duration: Duration::from_hours(1), handle: None };
    rig.open(&worker, std::slice::from_ref(&show), BIDDERS).await?;
    let before = user_memory(worker.pid())?;
    let sockets = connect(&worker, args.viewers).await?;
    tokio::time::sleep(REST).await;
    let grown = user_memory(worker.pid())?.saturating_sub(before);
    let figures = show_prices(&rig, &worker, sockets, &args, grown).await?;
    print(&figures);
    super::write_report(args.report.as_deref(), &figures)
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(worker: &Worker, viewers: usize) -> anyhow::Result<Vec<Socket>> {
    let address = worker.socket_address();
    let mut sockets = Vec::with_capacity(viewers);
    while sockets.len() < viewers {
        let burst = CONNECT_BURST.min(viewers - sockets.len());
        let opening = (0..burst).map(|_| connect_one(&address));
        sockets.extend(futures_util::future::try_join_all(opening).await?);
    }
    Ok(sockets)
}

async fn connect_one(address: &str) -> anyhow::Result<Socket> {
    let tcp = TcpStream::connect(address).await?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
    let url = format!("ws://{address}/v1/ws");
    let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, tcp, Some(config)).await?;
    socket.send(Message::text(format!(r#"{{"type":"subscribe","auction":"{AUCTION}"}}"#))).await?;
    // The snapshot ends the joining.
    while let Some(message) = socket.next().await {
        if message?.to_text().is_ok_and(|text| text.contains(r#""type":"snapshot""#)) {
            return Ok(socket);
        }
    }
    anyhow::bail!("the engine closed a viewer's connection")
}

/// Resident memory of the process that is its own: not files, not shared.
fn user_memory(pid: i32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}

/// When each accepted price was sent for, by the number of the bid; zero while it was not.
type Sent = Arc<Vec<AtomicU64>>;

async fn show_prices(
    rig: &Rig,
    worker: &Worker,
    sockets: Vec<Socket>,
    args: &ViewersArgs,
    grown: u64,
) -> anyhow::Result<Figures> {
    let prices = u64::from(args.rate) * args.seconds;
    let sent: Sent = Arc::new((0..=prices).map(|_| AtomicU64::new(0)).collect());
    let (since, (over, ends)) = (Instant::now(), watch::channel(false));
    let mut viewers = JoinSet::new();
    for socket in sockets {
        viewers.spawn(watch_prices(socket, sent.clone(), since, ends.clone()));
    }
    let watched = [("engine", worker.pid()), ("load", i32::try_from(std::process::id())?)];
    let (began, before) = (Instant::now(), cpu::read(&watched));
    bid_at_rate(rig, worker, args, &sent, since).await?;
    let bidding = began.elapsed();
    tokio::time::sleep(LAST_FRAMES).await;
    let used = before.until(&cpu::read(&watched));
    over.send_replace(true);
    let mut all = histogram();
    while let Some(one) = viewers.join_next().await {
        all.add(one??).context("histograms of equal bounds")?;
    }
    #[expect(clippy::cast_precision_loss, reason = "means and rates need three digits")]
    let (each, ms) =
        (|total: u64, count: u64| total as f64 / count.max(1) as f64, |micros: u64| micros as f64 / 1000.0);
    #[expect(clippy::cast_precision_loss, reason = "means and rates need three digits")]
    let per_second = all.len() as f64 / bidding.as_secs_f64();
    Ok(Figures {
        viewers: args.viewers,
        user_bytes_a_viewer: each(grown, args.viewers as u64),
        prices,
        deliveries: all.len(),
        deliveries_per_second: per_second,
        p50_ms: ms(all.value_at_quantile(0.5)),
        p99_ms: ms(all.value_at_quantile(0.99)),
        engine_cpu_micros_a_delivery: each(used.micros("engine"), all.len()),
        others_share: used.others_share(),
    })
}

async fn bid_at_rate(
    rig: &Rig,
    worker: &Worker,
    args: &ViewersArgs,
    sent: &Sent,
    since: Instant,
) -> anyhow::Result<()> {
    let tokens = rig.tokens(BIDDERS)?;
    let url = format!("{}/v1/auctions/{AUCTION}/bids", worker.api());
    let mut beat = tokio::time::interval(Duration::from_secs(1) / args.rate.max(1));
    for (number, slot) in sent.iter().enumerate().skip(1) {
        beat.tick().await;
        slot.store(micros(since), Ordering::Release);
        let request = rig.http.post(&url).bearer_auth(&tokens[number % tokens.len()]);
        let request = request.header("idempotency-key", format!("bench-{number}"));
        let answer = request.json(&serde_json::json!({"lot": 1, "kind": "next_bid"})).send().await?;
        anyhow::ensure!(answer.status().is_success(), "a bid was not accepted: {}", answer.text().await?);
    }
    Ok(())
}

async fn watch_prices(
    mut socket: Socket,
    sent: Sent,
    since: Instant,
    mut over: watch::Receiver<bool>,
) -> anyhow::Result<Histogram<u64>> {
    let mut seen = histogram();
    loop {
        let message = tokio::select! {
            message = socket.next() => message.context("the engine closed a viewer's connection")??,
            _over = over.wait_for(|over| *over) => return Ok(seen),
        };
        let Message::Text(text) = message else { continue };
        // The number of accepted bids names the price: each bid of this run is accepted.
        let Some(number) = text.split_once(r#""bids":"#).and_then(|(_, rest)| rest.split([',', '}']).next()) else {
            continue;
        };
        let slot = number.parse::<usize>().ok().and_then(|number| sent.get(number));
        let at = slot.map_or(0, |slot| slot.load(Ordering::Acquire));
        if at > 0 {
            seen.saturating_record(micros(since).saturating_sub(at));
        }
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(LONGEST_MICROS, 2).expect("two digits up to a minute are valid bounds")
}

fn print(figures: &Figures) {
    let Figures { viewers, user_bytes_a_viewer, prices, deliveries, deliveries_per_second, .. } = figures;
    let mark = if *user_bytes_a_viewer <= 6.0 * 1024.0 { "reached" } else { "NOT reached" };
    println!("{viewers} viewers: {user_bytes_a_viewer:.0} bytes of user memory each, bar 6144 (aim 4096)  {mark}");
    println!("{prices} prices, {deliveries} deliveries, {deliveries_per_second:.0}/s");
    println!("from sending a bid to a viewer's frame: p50 {:.1} ms, p99 {:.1} ms", figures.p50_ms, figures.p99_ms);
    let (engine, others) = (figures.engine_cpu_micros_a_delivery, figures.others_share * 100.0);
    println!("engine's CPU {engine:.1} µs a delivery; others used {others:.0} % of the machine");
}
