//! The pulse of a show: when the engine answered and when the receiver got frames. Gaps in it are outages.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use auction_core::Wei;
use wire::Amount;
use wire::rest::BidRequest;
use wire::socket::BidKind;

use crate::machine::engine::Engine;

/// How often the engine is asked and the recordings are looked at.
const BEAT: Duration = Duration::from_millis(100);
/// Longer than a healthy answer by far; an unanswered question must not hide the next answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Instants at which something came.
#[derive(Debug, Default)]
struct Beats(Mutex<Vec<Instant>>);

impl Beats {
    fn now(&self) {
        self.0.lock().expect("nobody panics with the list in hand").push(Instant::now());
    }

    fn since(&self, since: Instant) -> Vec<Instant> {
        let all = self.0.lock().expect("nobody panics with the list in hand");
        // The last one before it, too: a gap may have begun then.
        let first = all.partition_point(|at| *at < since).saturating_sub(1);
        all[first..].to_vec()
    }
}

/// What is felt, and where.
#[derive(Debug)]
pub(super) struct Pulse {
    engine: Engine,
    auction: String,
    tapes: PathBuf,
    answers: Beats,
    frames: Beats,
}

impl Pulse {
    /// `engine` is a bidder's way in; `tapes` is the receiver's folder.
    pub(super) fn new(engine: Engine, auction: &str, tapes: PathBuf) -> Self {
        let (answers, frames) = (Beats::default(), Beats::default());
        Self { engine, auction: auction.to_owned(), tapes, answers, frames }
    }

    /// Feels both until it is dropped.
    pub(super) async fn feel(&self) -> ! {
        tokio::join!(self.ask(), self.look());
        unreachable!("both go on for ever")
    }

    /// A bid that is too low is judged and made durable like any other, and moves no price.
    async fn ask(&self) {
        let bid = BidRequest { lot: None, kind: BidKind::Bid, amount_wei: Some(Amount(Wei::from(1))) };
        for number in 0_u64.. {
            let key = format!("pulse-{number}");
            match tokio::time::timeout(PATIENCE, self.engine.bid(&self.auction, &bid, &key)).await {
                Ok(Ok(_)) => self.answers.now(),
                Ok(Err(error)) if Engine::is_judged(&error) => self.answers.now(),
                Ok(Err(_)) | Err(_) => {}
            }
            tokio::time::sleep(BEAT).await;
        }
    }

    /// The recordings grow with every frame.
    async fn look(&self) {
        let mut before = 0;
        loop {
            let size = size_of(&self.tapes);
            if size > before {
                self.frames.now();
            }
            before = size;
            tokio::time::sleep(BEAT).await;
        }
    }

    /// The longest time without an answer since then, up to now.
    pub(super) fn longest_silence(&self, since: Instant) -> Duration {
        longest(&self.answers.since(since), Instant::now())
    }

    /// The longest time without a frame since then, up to now.
    pub(super) fn longest_darkness(&self, since: Instant) -> Duration {
        longest(&self.frames.since(since), Instant::now())
    }

    /// Whether there was an answer and a frame within the last `within`.
    pub(super) fn is_well(&self, within: Duration) -> bool {
        let fresh = |beats: &Beats| beats.since(Instant::now()).last().is_some_and(|last| last.elapsed() <= within);
        fresh(&self.answers) && fresh(&self.frames)
    }
}

fn size_of(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}

fn longest(beats: &[Instant], end: Instant) -> Duration {
    let ends = beats.iter().skip(1).copied().chain([end]);
    beats.iter().zip(ends).map(|(from, to)| to.duration_since(*from)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_counts_from_the_beat_before_and_up_to_now() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let beats = Beats(Mutex::new(vec![at(0), at(100), at(700), at(800)]));
        assert_eq!(longest(&beats.since(at(150)), at(900)), Duration::from_millis(600));
        assert_eq!(longest(&beats.since(at(750)), at(2_000)), Duration::from_millis(1_200));
    }
}
