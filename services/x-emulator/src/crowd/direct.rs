//! Directs a made-up crowd: who writes what, and when. Pure: the view of the show and the time come in, steps go out,
//! all chance comes from the seed. Posts gather towards each lot's end, a few come early and a few too late.

mod choose;
mod mood;

use std::collections::{BTreeMap, VecDeque};

use auction_core::terms::Ladder;

use super::Person;
use super::watch::{LotView, Planned};
use crate::chance::Chance;
use crate::id::PostId;
use mood::Mood;

/// Posts come from so long before a lot opens.
const EARLY_MS: i64 = 2_000;

/// Posts come until so long after a lot's end.
const LATE_MS: i64 = 4_000;

/// Steps of one look at the clock, so that a late start does not become a flood.
const MOST_AT_ONCE: u64 = 50;

/// Posts that somebody may answer, quote, edit or delete.
const REMEMBERED: usize = 64;

/// Shares of a lot's posts in millionths: before it opens, and while it is open.
const EARLY_SHARE: u64 = 40_000;
const OPEN_SHARE: u64 = 900_000;
const WHOLE: u64 = 1_000_000;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Posts.
    Post,
    /// Posts by mistake. It is not written again: a slip that is repeated is a confirmed bid.
    Slip,
    /// Answers a post.
    Reply(PostId),
    /// Quotes a post.
    Quote(PostId),
    /// Repeats a post.
    Repost(PostId),
    /// Changes an own post.
    Edit(PostId),
    /// Deletes an own post.
    Delete(PostId),
}

/// One thing that one person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who.
    pub author: Person,
    /// What is written.
    pub text: String,
    /// What is done.
    pub act: Act,
}

/// Where the show stands for somebody who wants to write about a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Early,
    Open,
    Late,
}

#[derive(Debug, Clone)]
struct Memory {
    id: PostId,
    author: Person,
    text: String,
    editable: bool,
}

/// Directs the crowd of one show.
#[derive(Debug)]
pub struct Director {
    chance: Chance,
    house: String,
    people: Vec<Person>,
    posts_a_lot: u64,
    moods: BTreeMap<u32, Mood>,
    /// The house's published steps, which people know.
    ladder: Ladder,
    recent: VecDeque<Memory>,
    lots: usize,
    now_ms: i64,
}

impl Director {
    /// A crowd of these people that writes about `posts` posts over the planned lots.
    pub fn new(seed: u64, house: &str, people: Vec<Person>, posts: u64, planned: &[Planned]) -> Self {
        let mut chance = Chance::new(seed, 5);
        let mut mood = |lot: &Planned| Mood::new(lot, 20 + chance.below(40));
        let moods = (1..).zip(planned.iter().map(&mut mood)).collect();
        Self {
            chance,
            house: house.to_owned(),
            people,
            posts_a_lot: posts.div_ceil(planned.len().max(1) as u64),
            moods,
            ladder: Ladder::default_v1(),
            recent: VecDeque::new(),
            lots: planned.len(),
            now_ms: 0,
        }
    }

    /// The people.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Whether every lot is over and everything about it is written.
    pub fn is_done(&self) -> bool {
        self.moods.values().filter(|m| m.complete).count() >= self.lots
    }

    /// The steps that are due now.
    pub fn due(&mut self, lots: &[LotView], now_ms: i64) -> Vec<Step> {
        let mut steps = Vec::new();
        self.now_ms = now_ms;
        for lot in lots {
            let budget = self.posts_a_lot;
            let Some(mood) = self.moods.get_mut(&lot.number) else { continue };
            mood.see(lot, now_ms);
            let share = share(lot, now_ms);
            let wanted = (budget * share / WHOLE).saturating_sub(mood.written).min(MOST_AT_ONCE);
            mood.written += wanted;
            mood.complete = share >= WHOLE && mood.written >= budget;
            let phase = phase(lot, now_ms);
            for _ in 0..wanted {
                steps.push(self.choose(lot.number, phase));
            }
        }
        steps
    }

    /// Remembers what came of a step.
    pub fn learn(&mut self, step: &Step, made: Option<PostId>) {
        match step.act {
            Act::Delete(gone) => self.recent.retain(|m| m.id != gone),
            Act::Edit(before) => self.recent.retain(|m| m.id != before),
            Act::Post | Act::Slip | Act::Reply(_) | Act::Quote(_) | Act::Repost(_) => {}
        }
        let Some(id) = made else { return };
        let editable = match step.act {
            Act::Post | Act::Quote(_) => true,
            Act::Reply(_) | Act::Edit(_) => false,
            Act::Slip | Act::Repost(_) | Act::Delete(_) => return,
        };
        self.recent.push_back(Memory { id, author: step.author.clone(), text: step.text.clone(), editable });
        while self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }
}

fn phase(lot: &LotView, now_ms: i64) -> Phase {
    if now_ms < lot.opens_ms {
        Phase::Early
    } else if now_ms < lot.ends_ms {
        Phase::Open
    } else {
        Phase::Late
    }
}

/// The share of a lot's posts that should be written by now, in millionths. While the lot is open it is
/// 0.35 u + 0.65 u⁵ of the open share, u being the elapsed part of its time.
fn share(lot: &LotView, now_ms: i64) -> u64 {
    match phase(lot, now_ms) {
        Phase::Early => elapsed(lot.opens_ms - EARLY_MS, lot.opens_ms, now_ms) * EARLY_SHARE / WHOLE,
        Phase::Open => {
            let u = elapsed(lot.opens_ms, lot.ends_ms, now_ms);
            let squared = u * u / WHOLE;
            let fifth = squared * squared / WHOLE * u / WHOLE;
            EARLY_SHARE + OPEN_SHARE * (35 * u + 65 * fifth) / 100 / WHOLE
        }
        Phase::Late => {
            let late = elapsed(lot.ends_ms, lot.ends_ms + LATE_MS, now_ms);
            EARLY_SHARE + OPEN_SHARE + (WHOLE - EARLY_SHARE - OPEN_SHARE) * late / WHOLE
        }
    }
}

/// How much of a time has passed, in millionths.
fn elapsed(from_ms: i64, to_ms: i64, now_ms: i64) -> u64 {
    let whole = (to_ms - from_ms).max(1).unsigned_abs();
    let passed = (now_ms - from_ms).max(0).unsigned_abs();
    (passed.saturating_mul(WHOLE) / whole).min(WHOLE)
}

#[cfg(test)]
mod tests;
