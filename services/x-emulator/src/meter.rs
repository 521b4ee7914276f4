//! What X would bill: reads and writes by X's price list of 2026, in millionths of a dollar. Reading the same thing
//! again on the same UTC day costs nothing. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::id::{PostId, UserId};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days of usage that are kept.
const MOST_DAYS: usize = 90;

/// Things remembered a day at most; beyond it everything is billed again, as X's deduplication is no promise.
const MOST_REMEMBERED: usize = 1_000_000;

/// Posts a month that pay-per-use projects may read.
pub const MONTHLY_CAP: u64 = 3_000_000;

/// What is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A post of somebody, read or delivered on a stream.
    PostRead,
    /// A post out of one's own lists, the mentions among them.
    OwnedRead,
    /// A user's profile.
    UserRead,
    /// A post made.
    PostCreate,
    /// A post made with an address in it.
    PostCreateWithUrl,
    /// A reply to who called the account.
    SummonedReply,
    /// A post deleted.
    PostDelete,
}

impl Item {
    /// Millionths of a dollar.
    pub fn price_micros(self) -> u64 {
        match self {
            Self::OwnedRead => 1_000,
            Self::PostRead => 5_000,
            Self::UserRead | Self::SummonedReply | Self::PostDelete => 10_000,
            Self::PostCreate => 15_000,
            Self::PostCreateWithUrl => 200_000,
        }
    }
}

/// Counts and prices.
#[derive(Debug, Default)]
pub struct Meter {
    counts: BTreeMap<Item, u64>,
    posts_by_day: BTreeMap<i64, u64>,
    today: i64,
    read_today: BTreeSet<PostId>,
    users_today: BTreeSet<UserId>,
}

impl Meter {
    /// Bills a post that was read, once a day.
    pub fn read_post(&mut self, id: PostId, item: Item, now_ms: i64) {
        self.turn_to(now_ms);
        if self.read_today.len() >= MOST_REMEMBERED {
            self.read_today.clear();
        }
        if self.read_today.insert(id) {
            *self.posts_by_day.entry(self.today).or_default() += 1;
            self.add(item);
        }
    }

    /// Bills a profile that was read, once a day.
    pub fn read_user(&mut self, id: UserId, now_ms: i64) {
        self.turn_to(now_ms);
        if self.users_today.insert(id) {
            self.add(Item::UserRead);
        }
    }

    /// Bills something that is no read.
    pub fn add(&mut self, item: Item) {
        *self.counts.entry(item).or_default() += 1;
    }

    /// How often each thing was billed.
    pub fn counts(&self) -> &BTreeMap<Item, u64> {
        &self.counts
    }

    /// The bill in millionths of a dollar.
    pub fn total_micros(&self) -> u64 {
        self.counts.iter().map(|(item, count)| item.price_micros() * count).sum()
    }

    /// Posts read on each of the last days, as (start of the day in milliseconds, posts), oldest first.
    pub fn posts_by_day(&self, days: usize, now_ms: i64) -> Vec<(i64, u64)> {
        let today = now_ms.div_euclid(DAY_MS);
        let count = i64::try_from(days).unwrap_or(i64::MAX);
        self.posts_by_day.range(today.saturating_sub(count - 1)..).map(|(day, posts)| (day * DAY_MS, *posts)).collect()
    }

    /// Posts read in all the days that are kept.
    pub fn posts_read(&self) -> u64 {
        self.posts_by_day.values().sum()
    }

    fn turn_to(&mut self, now_ms: i64) {
        let day = now_ms.div_euclid(DAY_MS);
        if day != self.today {
            self.today = day;
            self.read_today.clear();
            self.users_today.clear();
            while self.posts_by_day.len() > MOST_DAYS {
                self.posts_by_day.pop_first();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_post_is_billed_once_a_day() {
        let mut meter = Meter::default();
        meter.read_post(PostId(1), Item::OwnedRead, 0);
        meter.read_post(PostId(1), Item::PostRead, 1000);
        assert_eq!(meter.total_micros(), 1_000);
        meter.read_post(PostId(1), Item::PostRead, DAY_MS);
        assert_eq!(meter.total_micros(), 6_000);
        assert_eq!(meter.posts_by_day(7, DAY_MS), vec![(0, 1), (DAY_MS, 1)]);
        assert_eq!(meter.posts_by_day(1, DAY_MS), vec![(DAY_MS, 1)]);
    }
}
