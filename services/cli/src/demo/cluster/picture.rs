//! A picture of the received stream, read by eyes that are not ours: ffmpeg takes it from the server that received it,
//! tesseract reads it. The price in it must be the journal's at that moment.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use auction_core::{LotNumber, Wei};
use bootstrap::clock::Clock;
use serde::Serialize;
use wire::rest::{AuctionState, AuctionView};
use wire::socket::LotState;

use super::commands::Program;
use crate::machine::engine::Engine;

/// How often the price is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A price that has stood for this long is in the picture: encoding, sending and a keyframe's wait lie behind it.
const SETTLED: Duration = Duration::from_millis(1_500);
/// A keyframe comes every two seconds.
const TAKE_DEADLINE: Duration = Duration::from_secs(10);
const READ_DEADLINE: Duration = Duration::from_secs(20);
/// Places of an amount in main units: a wei is the eighteenth.
const DECIMALS: usize = 18;

/// A picture, and what stood in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reading {
    pub(super) path: PathBuf,
    pub(super) lot: LotNumber,
    /// The last row of the journal when it was taken.
    pub(super) seq: u64,
    pub(super) taken_at: String,
    /// What the engine told before and after it was taken.
    pub(super) told_wei: Wei,
    /// What tesseract read, in main units.
    pub(super) read: Option<String>,
}

impl Reading {
    /// Whether the picture says what the engine said.
    pub(super) fn agrees(&self) -> bool {
        let read = self.read.as_ref().and_then(|read| Wei::from_main_units(read, DECIMALS).ok());
        read == Some(self.told_wei)
    }
}

/// What is looked at, and where.
pub(super) struct Camera<'a> {
    pub(super) engine: &'a Engine,
    pub(super) auction: &'a str,
    /// Where the receiver plays the stream.
    pub(super) url: &'a str,
    pub(super) path: &'a Path,
    pub(super) clock: &'a Clock,
}

/// A running lot's price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    lot: LotNumber,
    seq: u64,
    price: Wei,
}

impl Camera<'_> {
    /// Takes pictures while the show lasts until one shows a price that stood still meanwhile. The last one is returned
    /// when none does, or nothing if no price ever stood.
    pub(super) async fn take(&self) -> anyhow::Result<Option<Reading>> {
        let mut last = None;
        let mut standing: Option<(Shown, Instant)> = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // A worker that is being replaced does not answer; it is asked at the next look.
            let Ok(view) = self.look().await else { continue };
            if matches!(view.state, AuctionState::Completed | AuctionState::Cancelled) {
                return Ok(last);
            }
            let Some(shown) = shown(&view) else { continue };
            let since = match standing {
                Some((before, since)) if (before.lot, before.price) == (shown.lot, shown.price) => since,
                Some(_) | None => Instant::now(),
            };
            standing = Some((shown, since));
            if since.elapsed() < SETTLED {
                continue;
            }
            if let Some(reading) = self.try_once(shown).await? {
                if reading.agrees() {
                    return Ok(Some(reading));
                }
                last = Some(reading);
            }
        }
    }

    /// Takes one picture; nothing if the price moved meanwhile.
    async fn try_once(&self, before: Shown) -> anyhow::Result<Option<Reading>> {
        let path = self.path.display().to_string();
        let take = ["-v", "error", "-nostdin", "-i", self.url, "-frames:v", "1", "-update", "1", "-y", &path];
        let taken_at = wire::Time(auction_core::Timestamp(self.clock.now_ms())).to_string();
        // While the stream is away there is nothing to take.
        if Program::new("ffmpeg").run(&take, TAKE_DEADLINE).await.is_err() {
            return Ok(None);
        }
        let after = self.look().await.ok().and_then(|view| shown(&view));
        if after.is_none_or(|after| (after.lot, after.price) != (before.lot, before.price)) {
            return Ok(None);
        }
        // A fault of the eyes is no fault of the show's, and is told.
        let words = Program::new("tesseract").run(&[&path, "-", "--psm", "11", "tsv"], READ_DEADLINE).await?;
        let Shown { lot, seq, price } = before;
        Ok(Some(Reading { path: self.path.to_owned(), lot, seq, taken_at, told_wei: price, read: price_in(&words) }))
    }

    async fn look(&self) -> anyhow::Result<AuctionView> {
        self.engine.get(&format!("/v1/auctions/{}", self.auction)).await
    }
}

/// The price of the lot that is on, once somebody has bid.
fn shown(view: &AuctionView) -> Option<Shown> {
    let running = view.lots.iter().find(|price| matches!(price.state, LotState::Open | LotState::Draining))?;
    Some(Shown { lot: running.lot, seq: view.seq, price: running.price_wei?.0 })
}

/// The number before the tallest word "ETH" of tesseract's table: the price is the largest writing of the picture.
fn price_in(table: &str) -> Option<String> {
    let words: Vec<(u32, &str)> = table
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let text = columns.get(11)?.trim();
            (!text.is_empty()).then_some((columns.get(9)?.parse().ok()?, text))
        })
        .collect();
    let pairs = words.windows(2).filter(|pair| pair[1].1.starts_with("ETH"));
    let tallest = pairs.max_by_key(|pair| pair[1].0)?;
    let number = tallest[0].1;
    number.chars().all(|char| char.is_ascii_digit() || char == '.').then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(height: u32, text: &str) -> String {
        format!("5\t1\t1\t1\t1\t1\t62\t371\t146\t{height}\t91.6\t{text}\n")
    }

    #[test]
    fn the_tallest_amount_of_a_picture_is_its_price() {
        let table = row(13, "LOT") + &row(88, "0.125") + &row(85, "ETH") + &row(18, "0.13") + &row(18, "ETH\u{201d}");
        assert_eq!(price_in(&table).as_deref(), Some("0.125"));
        assert_eq!(price_in(&(row(18, "bid") + &row(18, "ETH"))), None);
        assert_eq!(price_in(""), None);
    }

    #[test]
    fn a_reading_agrees_with_the_price_and_with_no_other() {
        let told_wei = Wei::from_main_units("0.125", DECIMALS).unwrap();
        let read = |text: Option<&str>| Reading {
            path: PathBuf::from("show.png"),
            lot: LotNumber(1),
            seq: 9,
            taken_at: String::new(),
            told_wei,
            read: text.map(str::to_owned),
        };
        assert!(read(Some("0.125")).agrees() && read(Some("0.1250")).agrees());
        assert!(!read(Some("0.126")).agrees() && !read(Some("1.2.5")).agrees() && !read(None).agrees());
    }
}
