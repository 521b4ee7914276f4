//! `sothebais cluster-demo`: the show of `sothebais demo` on a real cluster, from `helm install` to `kubectl delete`.
//!
//! Set up (cluster, images, chart, receiver) → apply the auction → register bidders → live → watch, bid over HTTP and take
//! a picture side by side → settle, tally, verify → delete → report → clear away.

mod commands;
mod disturb;
mod leftovers;
mod manifest;
mod picture;
mod pulse;
mod report;
mod site;
mod tape;
mod web;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::{Handle, LotNumber, Timestamp, Wei};
use bootstrap::auth::Role;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::ports::{Service, ports};
use clap::ValueEnum as _;
use operator_api::Auction;
use private_servers::Rtmp;
use store::{Database, journal};

use super::bidders;
use super::crowd::Crowd;
use super::house::{House, Show};
use super::place::Place;
use super::{EXAMPLE, to_its_end, watch};
use crate::machine::engine::Engine;
use crate::progress::Progress;
use crate::trouble::Trouble;
use crate::verify::{self, Fault, Verified};
use crate::{manifest as file, report_file};
use disturb::{Disturbance, Survival};
use picture::{Camera, Reading};
use pulse::Pulse;
use report::ClusterReport;
use site::{ASK, Installed, Site};

/// Ten disturbances with their recoveries fit into three of these.
const DISTURBED_LOT_SECONDS: i64 = 120;
/// From `kubectl apply` to the first lot: pods start in seconds, and two hundred bidders are registered meanwhile.
const HEAD_START_MS: i64 = 45_000;
/// Pods with their images present are ready within seconds; this is for a machine that does other things too.
const READY_DEADLINE: Duration = Duration::from_mins(2);
/// Traefik takes up a new route within two seconds.
const ROUTE_DEADLINE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The first lot, and frames at the receiver.
const LIVE_DEADLINE: Duration = Duration::from_mins(3);
/// The finalizer ends the pods in order.
const DELETE_DEADLINE: Duration = Duration::from_mins(3);
/// Owners have the pods of a dead auction collected.
const LEFT_DEADLINE: Duration = Duration::from_mins(1);
/// Longer than a show.
const TOKEN_LIFETIME: Duration = Duration::from_hours(4);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Another manifest with one auction.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Limits and states of bidders, as JSON lines or CSV.
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
    /// Writes the closing table to this file as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Where the picture of the received stream goes.
    #[arg(long, value_name = "FILE", default_value = "show.png")]
    picture: PathBuf,
    /// Kills, stops and upgrades what the show stands on while it is on, and measures what people noticed; everything, or
    /// what is named. The lots are longer then.
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0..)]
    disturb: Option<Vec<Disturbance>>,
    /// Leaves the cluster and the installation as they are at the end.
    #[arg(long)]
    keep: bool,
}

/// The show's place: its database, its receiver, and the keys that were published before the first bid.
struct Studio {
    clock: Clock,
    database_url: String,
    pins: PathBuf,
    receiver: Rtmp,
}

impl Place for Studio {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn database_url(&self) -> String {
        self.database_url.clone()
    }

    fn tend(&mut self) -> anyhow::Result<()> {
        if self.receiver.is_alive() {
            return Ok(());
        }
        let remedy = "look into its log, and start the show again";
        Err(Trouble::new("ReceiverEnded", "the receiver of the stream has ended", remedy).into())
    }

    async fn verified(&self) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
        verify::with_pins_of(&self.pins, &self.database_url).await
    }
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let progress = Progress::new();
    let house = read(&args, &progress)?;
    let life = Lifecycle::new();
    let stopped = life.until_stopped();
    tokio::pin!(stopped);
    let mut site = Site::new(progress.clone(), Clock::System)?;
    let played = tokio::select! {
        // The wait is asked first: from then on a signal no longer ends the process by itself.
        biased;
        stopped = &mut stopped => stopped.map(|()| None).context("signals cannot be waited for"),
        played = play(&house, &mut site, &args) => played.map(Some),
    };
    if args.keep {
        progress.note("the cluster and the installation are left; `cluster down` takes all of it away");
    } else {
        site.clear().await?;
    }
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

/// Reads and checks what was given, before anything is started.
fn read(args: &Args, progress: &Progress) -> anyhow::Result<House> {
    let manifests = match &args.file {
        Some(path) => file::read(path)?,
        None => file::read_text(EXAMPLE)?,
    };
    args.report.as_deref().map_or(Ok(()), report_file::check)?;
    report_file::check(&args.picture)?;
    if manifests.auctions.len() != 1 {
        let remedy = "name a manifest with one auction";
        return Err(Trouble::new("OneAuctionOnly", "this demo plays one auction", remedy).into());
    }
    let limits = args.bidders.as_deref().map(bidders::read).transpose()?.unwrap_or_default();
    let crowd = Crowd::new(None, args.seed, args.people, args.crowd_posts)?;
    Ok(House { auctions: manifests.auctions, crowd, limits, progress: progress.clone() })
}

/// A show that is on the air, and all who take part in it.
struct OnAir {
    name: String,
    studio: Studio,
    show: Show,
    /// The owner's way in, and those of the people who bid over HTTP.
    engine: Engine,
    web_bidders: Vec<web::Bidder>,
    apply_to_ready_ms: u64,
}

async fn play(house: &House, site: &mut Site, args: &Args) -> anyhow::Result<ClusterReport> {
    let installed = site.set_up().await?;
    let lot_seconds = args.disturb.as_ref().map(|_| DISTURBED_LOT_SECONDS);
    let OnAir { name, mut studio, show, engine, web_bidders, apply_to_ready_ms } =
        go_on_air(house, site, installed, lot_seconds).await?;
    let (clock, play_url) = (site.clock.clone(), format!("{}/{name}", studio.receiver.url()));
    let camera = Camera { engine: &engine, auction: &name, url: &play_url, path: &args.picture, clock: &clock };
    let pulse = Pulse::new(web_bidders[0].engine(), &name, studio.receiver.tapes_directory());
    let (show, web, picture, survived) = tokio::try_join!(
        to_its_end(house, &show, &mut studio),
        web::bid(&web_bidders, &name),
        camera.take(),
        disturbed(args.disturb.as_deref(), site, &pulse),
    )?;
    let journal_price_wei = match &picture {
        Some(reading) => price_at(&studio.database_url, reading).await?.map(|price| price.to_string()),
        None => None,
    };
    let (delete_ms, left) = delete(site, &name).await?;
    let received = tape::of(&studio.receiver.tapes()?).await?;
    Ok(ClusterReport { show, apply_to_ready_ms, web, picture, journal_price_wei, received, survived, delete_ms, left })
}

/// Applies the auction, registers the bidders and waits until it is live.
async fn go_on_air(
    house: &House,
    site: &Site,
    installed: Installed,
    lot_seconds: Option<i64>,
) -> anyhow::Result<OnAir> {
    let Installed { proxy, database_url, receiver } = installed;
    let auction = &house.auctions[0];
    let name = auction.metadata.name.clone().context("a checked manifest has a name")?;
    let starts_at = Timestamp(site.clock.now_ms() + HEAD_START_MS);
    let wish = manifest::Wish { starts_at, lot_seconds, crowd: &house.crowd, receiver: &receiver.url() };
    let applied = manifest::for_cluster(auction, wish)?;
    let begun = Instant::now();
    site.kubectl.feed(&["apply", "-f", "-"], &applied.to_string(), ASK).await?;
    wait(site, &name, "EngineReady", READY_DEADLINE).await?;
    let apply_to_ready_ms = millis(begun.elapsed());
    house.progress.done(&format!("kubectl apply: {name} has its pods after {apply_to_ready_ms} ms"));

    let owner = site.issuer.token("local", None, &[Role::Owner], TOKEN_LIFETIME)?;
    let engine = Engine::behind(proxy, &manifest::host(&applied)?, owner)?;
    until_routed(&engine).await?;
    let studio = Studio { clock: site.clock.clone(), database_url, pins: site.directory().to_owned(), receiver };
    verify::pin_published_keys(&studio.pins, &studio.database_url).await?;
    let emulator = emulator(site, auction).await?;
    let web_bidders = web::introduce(&emulator, &engine, &site.issuer).await?;
    let engines = BTreeMap::from([(name.clone(), engine.clone())]);
    house.register(&studio.database_url, &emulator, &engines).await?;
    wait(site, &name, "Live", LIVE_DEADLINE).await?;
    house.progress.done(&format!("kubectl wait --for=condition=Live auction/{name}: on the air"));

    let handle = auction.spec.house.x_handle.as_deref();
    let handles = handle.and_then(|handle| Handle::new(handle).ok()).into_iter().collect();
    let show = Show { engines, handles, emulator: Some(emulator), starts_at };
    Ok(OnAir { name, studio, show, engine, web_bidders, apply_to_ready_ms })
}

/// Does what is to be done to the cluster, with a hand on the show's pulse.
async fn disturbed(wanted: Option<&[Disturbance]>, site: &Site, pulse: &Pulse) -> anyhow::Result<Vec<Survival>> {
    let wanted = match wanted {
        None => return Ok(Vec::new()),
        Some([]) => Disturbance::value_variants(),
        Some(named) => named,
    };
    tokio::select! {
        never = pulse.feel() => never,
        survived = disturb::all(wanted, site, pulse) => survived,
    }
}

async fn wait(site: &Site, name: &str, condition: &str, deadline: Duration) -> anyhow::Result<()> {
    let (condition, timeout) = (format!("--for=condition={condition}"), format!("--timeout={}s", deadline.as_secs()));
    let arguments = ["wait", &condition, &format!("auction/{name}"), &timeout];
    site.kubectl.run(&arguments, deadline + ASK).await?;
    Ok(())
}

/// Waits until Traefik has taken up the route: it collects changes for a moment.
async fn until_routed(engine: &Engine) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        match engine.status().await {
            Ok(_) => return Ok(()),
            Err(error) if begun.elapsed() >= ROUTE_DEADLINE => return Err(error),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Where the pod that stands in for X answers.
async fn emulator(site: &Site, auction: &Auction) -> anyhow::Result<String> {
    let handle = auction.spec.house.x_handle.as_deref().context("the demo's auction takes bids on X")?;
    let label = format!("app.kubernetes.io/instance=x-emulator-{}", handle.to_ascii_lowercase());
    let arguments = ["get", "pods", "-l", &label, "-o", "jsonpath={.items[0].status.podIP}"];
    let ip = site.kubectl.run(&arguments, ASK).await?;
    let ports = ports(Service::XEmulator, |_| None).context("a service has a port of its own")?;
    Ok(format!("http://{}:{}", ip.trim(), ports.api))
}

/// The price of the picture's lot after the picture's row, folded from the journal.
async fn price_at(url: &str, reading: &Reading) -> anyhow::Result<Option<Wei>> {
    let pool = Database::new(url, "sothebais demo")?.pool();
    let mut prices = Vec::new();
    for shard in journal::shards(&pool).await.context("the journal cannot be read")? {
        let replay = watch::folded(&pool, &shard.shard, reading.seq).await?;
        prices.extend(replay.shard().auctions().filter_map(|auction| standing(auction, reading.lot)));
    }
    pool.close().await;
    Ok(prices.first().copied())
}

fn standing(auction: &auction_core::Auction, lot: LotNumber) -> Option<Wei> {
    Some(auction.lot(lot)?.standing()?.price)
}

/// Deletes the auction; how long it took, and what of it is left.
async fn delete(site: &Site, name: &str) -> anyhow::Result<(u64, Vec<String>)> {
    let begun = Instant::now();
    let timeout = format!("--timeout={}s", DELETE_DEADLINE.as_secs());
    site.kubectl.run(&["delete", "auction", name, &timeout], DELETE_DEADLINE + ASK).await?;
    let left = leftovers::until_none(&site.kubectl, LEFT_DEADLINE).await?;
    Ok((millis(begun.elapsed()), left))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
