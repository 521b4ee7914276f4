//! A bidder of the drill, who writes down what it asked and what it was told.
//!
//! Every bid has a key of its own and is sent again with it, to whichever worker answers, until it is answered. Now and
//! then an answered bid is sent once more: the answer must be the same.

mod link;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use auction_core::{BidderId, LotNumber, Wei};
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::cluster::Address;
use super::evidence::{Answer, Ask, Call, Micros, Said};
use crate::rig::STEP_WEI;
pub(super) use link::Channel;
use link::Link;

/// An attempt that takes longer is given up; the writer may be paused.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(1);
/// Between two attempts, at most; the real pause is drawn.
const RETRY_PAUSE_AT_MOST: Duration = Duration::from_millis(40);
/// Between two bids, at most: a round has thousands of bids, not hundreds of thousands, so that it is checked in time.
const THINKING_AT_MOST: Duration = Duration::from_millis(12);

/// The highest price of each lot that anybody has heard of, in steps.
#[derive(Debug, Clone)]
pub(super) struct Heard(Arc<Vec<AtomicU64>>);

impl Heard {
    pub(super) fn new(lots: u32) -> Self {
        Self(Arc::new((0..lots).map(|_| AtomicU64::new(0)).collect()))
    }

    pub(super) fn steps(&self, lot: LotNumber) -> u64 {
        self.of(lot).map_or(0, |steps| steps.load(Ordering::Relaxed))
    }

    fn hear(&self, lot: LotNumber, price: Wei) {
        let steps = price.0 / Wei::from(STEP_WEI).0;
        if let (Some(highest), Ok(steps)) = (self.of(lot), u64::try_from(steps)) {
            highest.fetch_max(steps, Ordering::Relaxed);
        }
    }

    fn of(&self, lot: LotNumber) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(lot.0.saturating_sub(1)).ok()?)
    }
}

/// Whether the round still takes new bids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Bidding,
    /// Whatever was asked is asked again until it is answered; nothing new.
    Settling,
    /// Nobody waits any more.
    Over,
}

/// What a bidder brings to a round.
pub(super) struct Bidder {
    pub(super) id: BidderId,
    pub(super) token: String,
    pub(super) channel: Channel,
    pub(super) auction: String,
    pub(super) lots: u32,
    pub(super) addresses: watch::Receiver<Vec<Address>>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) heard: Heard,
    /// Zero of the round's clock.
    pub(super) since: Instant,
    pub(super) dice: StdRng,
}

impl Bidder {
    /// Bids until the round is over and returns what it wrote down.
    pub(super) async fn run(mut self) -> Vec<Call> {
        let mut link = Link::new(self.channel, self.token.clone(), self.auction.clone());
        let mut calls = Vec::new();
        for number in 0_u32.. {
            if *self.phase.borrow() != Phase::Bidding {
                break;
            }
            let mut call = self.next_call(number);
            self.ask_until_answered(&mut link, &mut call).await;
            if !call.answers.is_empty() && self.dice.random_ratio(1, 20) {
                self.ask_until_answered(&mut link, &mut call).await;
            }
            calls.push(call);
            let thinking = self.dice.random_range(Duration::ZERO..=THINKING_AT_MOST);
            tokio::time::sleep(thinking).await;
        }
        calls
    }

    fn next_call(&mut self, number: u32) -> Call {
        let lot = LotNumber(self.dice.random_range(1..=self.lots));
        let ask = if self.dice.random_ratio(1, 2) {
            Ask::NextBid
        } else {
            // Mostly above what was heard, sometimes not: refusals are answers too.
            let steps = self.heard.steps(lot) + self.dice.random_range(0..=3);
            Ask::Amount(Wei::from(u128::from(steps.max(1)) * STEP_WEI))
        };
        let key = format!("{}-{}-{number}", self.auction, self.id);
        Call { bidder: self.id, key, lot, ask, invoked: self.now(), answers: Vec::new() }
    }

    async fn ask_until_answered(&mut self, link: &mut Link, call: &mut Call) {
        let mut turn: usize = self.dice.random_range(0..2);
        while *self.phase.borrow() != Phase::Over {
            let addresses = self.addresses.borrow().clone();
            if let Some(address) = addresses.get(turn % addresses.len().max(1)) {
                let attempt = tokio::time::timeout(ATTEMPT_DEADLINE, link.ask(address, call)).await;
                if let Ok(Ok((place, verdict))) = attempt {
                    if let Said::Accepted { price } = verdict {
                        self.heard.hear(call.lot, price);
                    }
                    call.answers.push(Answer { returned: self.now(), place, verdict });
                    return;
                }
            }
            link.break_off();
            turn += 1;
            let pause = self.dice.random_range(Duration::ZERO..=RETRY_PAUSE_AT_MOST);
            tokio::time::sleep(pause).await;
        }
    }

    fn now(&self) -> Micros {
        Micros::from(self.since.elapsed())
    }
}
