//! Prepares a show: the worker first, so that the crowd can watch it; then X, the gateway, the bidders, the spec.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use auction_core::{Handle, Timestamp};
use operator_api::Auction;
use operator_api::auction::BidChannel;
use operator_plan::{Observed, Plan, Role};
use serde::Deserialize;
use wire::rest::{BidderLine, ImportReport};

use super::bidders::{Limits, Purse, lines};
use super::crowd::Crowd;
use crate::machine::Machine;
use crate::machine::engine::Engine;
use crate::progress::Progress;
use crate::up;

/// Lines of one import; the engine takes 50,000.
const IMPORT_CHUNK: usize = 10_000;
/// How long the worker may take to read the registry into its journal.
const REGISTRY_DEADLINE: Duration = Duration::from_mins(1);
const REGISTRY_POLL: Duration = Duration::from_millis(100);

/// What a show is made of.
pub(super) struct House {
    pub(super) auctions: Vec<Auction>,
    pub(super) crowd: Crowd,
    pub(super) limits: Limits,
    pub(super) progress: Progress,
}

/// A show that is on.
pub(super) struct Show {
    pub(super) engines: BTreeMap<String, Engine>,
    pub(super) handles: BTreeSet<Handle>,
    pub(super) emulator: Option<String>,
    pub(super) starts_at: Timestamp,
}

/// Somebody of the crowd, as the emulator knows them.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Author {
    pub(super) id: String,
    pub(super) handle: String,
}

#[derive(Deserialize)]
struct Authors {
    data: Vec<Author>,
}

impl House {
    /// Starts everything and hands the spec over. Returns when the show's start is known to all.
    pub(super) async fn prepare(&self, machine: &mut Machine) -> anyhow::Result<Show> {
        let (generation, mut auctions) = up::admit(&machine.data, self.auctions.clone())?;
        for auction in &mut auctions {
            // Planned for now; the real start follows when everything is ready.
            auction.spec.schedule.starts_at = machine.clock.now();
        }
        let now = Timestamp(machine.clock.now_ms());
        let plan = operator_plan::plan(&auctions, &Observed::default(), machine.stage(), now);
        let workers = plan.workloads.iter().filter(|workload| workload.role == Role::EngineWorker);
        machine.apply(&Plan { workloads: workers.cloned().collect(), ..plan.clone() }).await?;
        let mut engines = BTreeMap::new();
        for shard in plan.shards.keys() {
            engines.insert(shard.clone(), machine.engine(shard).await?);
        }
        let first = engines.values().next().context("the manifest plans no worker")?;
        let watch = first.watch_url();
        machine.add_arguments(Role::XEmulator, self.crowd.arguments(&auctions[0], &watch));
        machine.apply(&plan).await?;
        let emulator = machine.emulator_url().await?;
        if let Some(emulator) = &emulator {
            self.register(&machine.postgres.url(), emulator, &engines).await?;
        }
        let starts_at = self.start(machine, generation, auctions.clone(), &plan).await?;
        if let Some(emulator) = &emulator {
            tell_start(emulator, starts_at).await?;
        }
        let of_posts = auctions.iter().filter(|auction| auction.spec.bid_channels.contains(&BidChannel::X));
        let handles = of_posts.filter_map(|auction| Handle::new(auction.spec.house.x_handle.as_deref()?).ok());
        Ok(Show { engines, handles: handles.collect(), emulator, starts_at })
    }

    /// Registers every author as a bidder, with the limits that were given.
    pub(super) async fn register(
        &self,
        database_url: &str,
        emulator: &str,
        engines: &BTreeMap<String, Engine>,
    ) -> anyhow::Result<()> {
        let authors = authors(emulator).await?;
        let known: BTreeSet<String> = authors.iter().map(|author| author.handle.to_ascii_lowercase()).collect();
        let mut strangers = Vec::new();
        for handle in self.limits.handles().filter(|handle| !known.contains(handle.as_str())) {
            strangers.push(introduce(emulator, handle.as_str()).await?);
        }
        let purse = match self.crowd {
            Crowd::Recorded { .. } => Purse::Unlimited,
            Crowd::MadeUp { .. } => Purse::ById,
        };
        let bidders = lines(&authors, &strangers, &self.limits, purse)?;
        for engine in engines.values().take(1) {
            for chunk in bidders.chunks(IMPORT_CHUNK) {
                let report: ImportReport = engine.import(chunk).await?;
                self.progress.passing(&format!("{} bidders registered", report.imported));
            }
        }
        until_registered(database_url, engines.len(), &bidders).await?;
        self.progress.done(&format!("{} bidders registered", bidders.len()));
        Ok(())
    }

    /// Decides when the show starts and hands the spec over.
    async fn start(
        &self,
        machine: &Machine,
        generation: i64,
        mut auctions: Vec<Auction>,
        plan: &Plan,
    ) -> anyhow::Result<Timestamp> {
        let now_ms = machine.clock.now_ms();
        let wanted = self.auctions.iter().map(|auction| auction.spec.schedule.starts_at.as_millisecond()).min();
        let starts_at_ms = up::rehearsal_start(now_ms, wanted.unwrap_or(0), self.crowd.head_start_ms());
        for auction in &mut auctions {
            auction.spec.schedule.starts_at =
                jiff::Timestamp::from_millisecond(starts_at_ms).context("the show's start is no time")?;
        }
        up::hand_over(machine, plan, generation, &auctions, &self.progress).await?;
        let seconds = (starts_at_ms - now_ms) / 1000;
        self.progress.done(&format!("the show starts in {seconds} s, at {}", wire::Time(Timestamp(starts_at_ms))));
        Ok(Timestamp(starts_at_ms))
    }
}

/// Waits until every worker's journal has grown by every bidder: before that their bids would be refused.
async fn until_registered(url: &str, shards: usize, bidders: &[BidderLine]) -> anyhow::Result<()> {
    let pool = store::Database::new(url, "sothebais demo")?.pool();
    let wait = async {
        loop {
            let rows = store::journal::shards(&pool).await?;
            let done = rows.iter().filter(|shard| shard.last_seq >= bidders.len() as u64).count();
            if done >= shards {
                return anyhow::Ok(());
            }
            tokio::time::sleep(REGISTRY_POLL).await;
        }
    };
    let waited = tokio::time::timeout(REGISTRY_DEADLINE, wait).await;
    pool.close().await;
    waited.context("the engine did not take the bidders in time")?
}

async fn authors(emulator: &str) -> anyhow::Result<Vec<Author>> {
    let answer =
        reqwest::get(format!("{emulator}/_emulator/authors")).await.and_then(reqwest::Response::error_for_status);
    let authors: Authors = answer.context("the emulator does not name its crowd")?.json().await?;
    Ok(authors.data)
}

/// Makes an account for somebody who is named in the limits but never posts.
pub(super) async fn introduce(emulator: &str, handle: &str) -> anyhow::Result<Author> {
    let body = serde_json::json!({"handle": handle});
    let request = reqwest::Client::new().post(format!("{emulator}/_emulator/users")).json(&body);
    let answer = request.send().await.and_then(reqwest::Response::error_for_status);
    Ok(answer.with_context(|| format!("the emulator makes no account @{handle}"))?.json().await?)
}

pub(super) async fn tell_start(emulator: &str, starts_at: Timestamp) -> anyhow::Result<()> {
    let body = serde_json::json!({"starts_at": wire::Time(starts_at)});
    let request = reqwest::Client::new().post(format!("{emulator}/_emulator/show")).json(&body);
    let answer = request.send().await.and_then(reqwest::Response::error_for_status);
    answer.context("the emulator does not take the show's start")?;
    Ok(())
}
