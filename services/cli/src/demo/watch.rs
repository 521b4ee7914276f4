//! Watches a show: what happens, as lines for a person, until every lot has ended and no post is in flight.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auction_core::replay::{Replay, Row};
use auction_core::{Span, Timestamp};
use operator_api::Auction;
use serde::Deserialize;
use store::social::Audit;
use store::{Database, PgPool, journal, social};
use wire::rest::{AuctionState, AuctionStatus, LotStatus};
use wire::socket::LotState;

use super::house::{House, Show};
use super::place::Place;
use crate::trouble::Trouble;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Without a terminal a line this often shows that the show goes on.
const PLAIN_LINE_EVERY: Duration = Duration::from_secs(5);
/// Beyond the longest that the manifest allows; then something hangs.
const SLACK: Duration = Duration::from_mins(2);
/// How long the crowd's last posts are waited for after the last hammer.
const CROWD_GRACE: Duration = Duration::from_secs(20);
/// How long the gateway's last comparison and the engine's last rows may take.
const SETTLE_DEADLINE: Duration = Duration::from_secs(30);
/// The emulator lists every post by then.
const LISTED_BY: Span = Span(2_000);
/// Rows read at once.
const PAGE: u32 = 5_000;

/// The emulator's count of its crowd, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
struct XState {
    posts_naming_house: u64,
    crowd: Option<CrowdState>,
}

#[derive(Debug, Deserialize)]
struct CrowdState {
    done: bool,
}

/// Returns when every auction is over.
pub(super) async fn until_over(place: &mut impl Place, show: &Show, house: &House) -> anyhow::Result<()> {
    let deadline = Instant::now() + longest(&house.auctions, show, place);
    let mut seen: BTreeMap<(String, u32), LotState> = BTreeMap::new();
    let mut last_line = Instant::now();
    loop {
        let mut over = true;
        let mut standing = Vec::new();
        for engine in show.engines.values() {
            // A worker that is being started again does not answer; it is asked at the next look.
            let Ok(status) = engine.status().await else {
                over = false;
                continue;
            };
            over &= !status.auctions.is_empty() && status.auctions.iter().all(is_over);
            for auction in &status.auctions {
                tell(auction, &mut seen, house);
                standing.extend(auction.lots.iter().filter_map(current));
            }
        }
        if over {
            return Ok(());
        }
        let posts = x_state(show).await.posts_naming_house;
        let line = format!("{} | {posts} posts to the house", standing.join(", "));
        house.progress.passing(&line);
        if !house.progress.is_terminal() && last_line.elapsed() >= PLAIN_LINE_EVERY && !standing.is_empty() {
            house.progress.note(&line);
            last_line = Instant::now();
        }
        if Instant::now() >= deadline {
            let remedy = "look into the logs with -v, and whether a lot is held";
            return Err(Trouble::new("ShowHangs", "the show did not end in its time", remedy).into());
        }
        place.tend()?;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until the crowd is done and everything that was taken in has been judged; returns the posts taken in.
pub(super) async fn settle(place: &mut impl Place, show: &Show, house: &House) -> anyhow::Result<PostsIn> {
    let begun = Instant::now();
    while begun.elapsed() < CROWD_GRACE && x_state(show).await.crowd.is_some_and(|crowd| !crowd.done) {
        house.progress.passing("the last posts are on their way");
        place.tend()?;
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let pool = Database::new(&place.database_url(), "sothebais demo")?.pool();
    compare_once_more(place, &pool, show).await?;
    let begun = Instant::now();
    loop {
        let mut counts = PostsIn { written: x_state(show).await.posts_naming_house, ..PostsIn::default() };
        let shards = journal::shards(&pool).await.context("the journal cannot be read")?;
        let mut replays = Vec::new();
        for shard in shards {
            replays.push(folded(&pool, &shard.shard, u64::MAX).await?);
        }
        for handle in &show.handles {
            counts.taken_in += social::last_seq(&pool, handle).await.context("the inbox cannot be read")?;
            counts.read += replays.iter().map(|replay| replay.shard().inbox(handle).seq).max().unwrap_or(0);
        }
        if counts.read >= counts.taken_in || begun.elapsed() >= SETTLE_DEADLINE {
            pool.close().await;
            return Ok(counts);
        }
        place.tend()?;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Asks for the inbox to be compared with X's mentions through now, as before a hammer: posts that were withheld after
/// the last one's end are found too.
async fn compare_once_more(place: &mut impl Place, pool: &PgPool, show: &Show) -> anyhow::Result<()> {
    let through = Timestamp(place.clock().now_ms());
    let wish = Audit { through, not_before: Some(through + LISTED_BY) };
    for handle in &show.handles {
        social::request_audit(pool, handle, wish).await.context("the last comparison cannot be asked for")?;
    }
    let begun = Instant::now();
    for handle in &show.handles {
        while begun.elapsed() < SETTLE_DEADLINE && social::pending_audit(pool, handle).await?.is_some() {
            place.tend()?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Ok(())
}

/// Posts of a show on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PostsIn {
    /// Posts on X that name the house.
    pub(super) written: u64,
    /// Posts in the gateway's inboxes.
    pub(super) taken_in: u64,
    /// How far the engine has read those inboxes.
    pub(super) read: u64,
}

/// A shard's journal up to a row, folded.
pub(super) async fn folded(pool: &store::PgPool, shard: &str, last: u64) -> anyhow::Result<Replay> {
    let mut replay = Replay::new();
    loop {
        let page = journal::page(pool, shard, replay.seq(), PAGE).await.context("the journal cannot be read")?;
        let wanted = page.iter().take_while(|row| row.seq <= last).count();
        for row in &page[..wanted] {
            replay.fold(Row { seq: row.seq, entry: &row.entry, hash: row.hash })?;
        }
        if page.is_empty() || wanted < page.len() {
            return Ok(replay);
        }
    }
}

fn is_over(auction: &AuctionStatus) -> bool {
    match auction.state {
        AuctionState::Completed | AuctionState::Cancelled => true,
        AuctionState::Scheduled | AuctionState::Live | AuctionState::Paused => false,
    }
}

/// Prints what has changed in an auction's lots.
fn tell(auction: &AuctionStatus, seen: &mut BTreeMap<(String, u32), LotState>, house: &House) {
    for lot in &auction.lots {
        let before = seen.insert((auction.name.to_string(), lot.number.0), lot.state);
        if before == Some(lot.state) {
            continue;
        }
        let LotStatus { number, id, price_wei, leader_paddle, bids, .. } = lot;
        let price = price_wei.map_or("no bid".to_owned(), |price| format!("{} ETH", price.0.main_units()));
        let what = match lot.state {
            LotState::Upcoming | LotState::Held if before.is_none() => continue,
            LotState::Upcoming => "is upcoming again".to_owned(),
            LotState::Open => "is open".to_owned(),
            LotState::Draining => format!("time is up at {price}; late posts are counted"),
            LotState::Held => "is held".to_owned(),
            LotState::Sold => {
                let paddle = leader_paddle.map(|paddle| format!(" to paddle {paddle}")).unwrap_or_default();
                format!("sold{paddle} for {price} after {bids} bids")
            }
            LotState::Passed => format!("passed at {price} after {bids} bids"),
            LotState::Skipped => "is passed over".to_owned(),
            LotState::Withdrawn => "is withdrawn".to_owned(),
        };
        house.progress.done(&format!("lot {number} {id}: {what}"));
    }
}

/// A running lot in a few words.
fn current(lot: &LotStatus) -> Option<String> {
    match lot.state {
        LotState::Open | LotState::Draining | LotState::Held => {
            let price = lot.price_wei.map_or("no bid".to_owned(), |price| format!("{} ETH", price.0.main_units()));
            Some(format!("lot {} at {price}, {} bids", lot.number, lot.bids))
        }
        LotState::Upcoming | LotState::Sold | LotState::Passed | LotState::Skipped | LotState::Withdrawn => None,
    }
}

async fn x_state(show: &Show) -> XState {
    let Some(emulator) = &show.emulator else { return XState::default() };
    // A look that fails shows nothing new; the next one does.
    let Ok(answer) = reqwest::get(format!("{emulator}/_emulator/state")).await else { return XState::default() };
    answer.json().await.unwrap_or_default()
}

/// How long a show can last by its manifests: every lot with all its extensions, drains, audits and pauses.
fn longest(auctions: &[Auction], show: &Show, place: &impl Place) -> Duration {
    let of_auction = |auction: &Auction| -> i64 {
        let spec = &auction.spec;
        let around = spec.closing.drain_seconds + spec.closing.gap_audit_deadline_seconds + spec.lot_pause_seconds;
        let lots = spec.lots.iter().map(|lot| {
            let soft_close = lot.soft_close.as_ref().unwrap_or(&spec.lot_defaults.soft_close);
            lot.duration_seconds.unwrap_or(spec.lot_defaults.duration_seconds) + soft_close.cap_seconds + around
        });
        lots.sum()
    };
    let seconds = auctions.iter().map(of_auction).max().unwrap_or(0);
    let until_start = (show.starts_at.0 - place.clock().now_ms()).max(0);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        + Duration::from_millis(u64::try_from(until_start).unwrap_or(0))
        + SLACK
}
