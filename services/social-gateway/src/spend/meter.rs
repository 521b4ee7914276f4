//! Counts what X charges: each thing read once a day (UTC), whatever the number of readings. Pure: time comes in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use auction_core::{Span, Timestamp};
use store::social::Spent;

use super::{Item, Prices};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Things remembered a day; beyond it a second reading counts again, which errs on the dear side.
const REMEMBERED: usize = 1_000_000;
/// The forecast looks at the spending of this many minutes.
const FORECAST_MINUTES: i64 = 10;

/// The spending of one show.
#[derive(Debug, Clone)]
pub struct Meter {
    prices: Prices,
    /// The day (since the epoch) that `seen` is about.
    day: i64,
    seen: BTreeSet<u64>,
    total: u64,
    by_item: BTreeMap<Item, (u64, u64)>,
    /// Not in the database yet, by day and item: units and micros.
    unsaved: BTreeMap<(i64, Item), (u64, u64)>,
    /// Minute and micros, oldest first.
    recent: VecDeque<(i64, u64)>,
}

/// The meter's reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub total_micros: u64,
    /// Units and micros by item.
    pub items: BTreeMap<Item, (u64, u64)>,
    /// At the pace of the last minutes.
    pub micros_per_hour: u64,
}

impl Meter {
    /// A meter that goes on from what the database holds; `seen` are the posts that were paid for on the day of `now`.
    pub fn resume(prices: Prices, spent: &[Spent], seen: BTreeSet<u64>, now: Timestamp) -> Self {
        let mut by_item: BTreeMap<Item, (u64, u64)> = BTreeMap::new();
        for row in spent {
            if let Some(item) = Item::ALL.into_iter().find(|item| item.as_str() == row.kind) {
                let (units, micros) = by_item.entry(item).or_default();
                *units += row.units;
                *micros += row.micros;
            }
        }
        let total = spent.iter().map(|row| row.micros).sum();
        let day = now.0.div_euclid(DAY_MS);
        Self { prices, day, seen, total, by_item, unsaved: BTreeMap::new(), recent: VecDeque::new() }
    }

    /// Counts one unit. `resource` is the id of what was read: the same one is charged once a day. Returns the charge.
    pub fn charge(&mut self, item: Item, resource: Option<u64>, now: Timestamp) -> u64 {
        let day = now.0.div_euclid(DAY_MS);
        if day != self.day {
            self.day = day;
            self.seen.clear();
        }
        if let Some(id) = resource {
            if self.seen.contains(&id) {
                return 0;
            }
            if self.seen.len() < REMEMBERED {
                self.seen.insert(id);
            }
        }
        let price = self.prices.of(item);
        self.total += price;
        for (units, micros) in [self.by_item.entry(item).or_default(), self.unsaved.entry((day, item)).or_default()] {
            *units += 1;
            *micros += price;
        }
        let minute = now.0.div_euclid(MINUTE_MS);
        match self.recent.back_mut() {
            Some((last, micros)) if *last == minute => *micros += price,
            Some(_) | None => self.recent.push_back((minute, price)),
        }
        while self.recent.front().is_some_and(|(oldest, _)| *oldest <= minute - FORECAST_MINUTES) {
            self.recent.pop_front();
        }
        price
    }

    /// The sum so far, in micros.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What to show.
    pub fn read(&self, now: Timestamp) -> Reading {
        let minute = now.0.div_euclid(MINUTE_MS);
        let since = minute - FORECAST_MINUTES;
        let recent = || self.recent.iter().filter(|(at, _)| *at > since);
        let oldest = recent().next().map_or(minute, |(at, _)| *at);
        let minutes = u64::try_from(minute - oldest + 1).unwrap_or(1).max(1);
        let sum: u64 = recent().map(|(_, micros)| micros).sum();
        Reading { total_micros: self.total, items: self.by_item.clone(), micros_per_hour: sum * 60 / minutes }
    }

    /// When the ceiling is reached at the present pace; `None` if never.
    pub fn reaches(&self, ceiling: u64, now: Timestamp) -> Option<Timestamp> {
        let pace = self.read(now).micros_per_hour;
        let left = ceiling.checked_sub(self.total)?;
        let ms = left.checked_mul(3_600_000)?.checked_div(pace)?;
        Some(now + Span(i64::try_from(ms).ok()?))
    }

    /// Takes what the database does not hold yet; give it back by [`Self::put_back`] if it could not be stored.
    pub fn take_unsaved(&mut self) -> Vec<Spent> {
        std::mem::take(&mut self.unsaved)
            .into_iter()
            .map(|((day, item), (units, micros))| Spent { day: date(day), kind: item.as_str().into(), units, micros })
            .collect()
    }

    /// Undoes [`Self::take_unsaved`].
    pub fn put_back(&mut self, spent: &[Spent]) {
        for row in spent {
            let item = Item::ALL.into_iter().find(|item| item.as_str() == row.kind);
            let day = row.day.parse::<jiff::civil::Date>().map(days);
            if let (Some(item), Ok(day)) = (item, day) {
                let (units, micros) = self.unsaved.entry((day, item)).or_default();
                *units += row.units;
                *micros += row.micros;
            }
        }
    }
}

fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(day.saturating_mul(DAY_MS)).unwrap_or_default();
    at.strftime("%F").to_string()
}

fn days(date: jiff::civil::Date) -> i64 {
    date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 07:00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_503_600_000);

    fn meter() -> Meter {
        Meter::resume(Prices::current(), &[], BTreeSet::new(), NOW)
    }

    #[test]
    fn the_same_post_costs_once_a_day_whoever_brings_it() {
        let mut meter = meter();
        let charges = [Item::PostRead, Item::OwnedRead, Item::PostRead].map(|item| meter.charge(item, Some(9), NOW));
        assert_eq!(charges, [5000, 0, 0]);
        assert_eq!(meter.charge(Item::PostRead, Some(9), NOW + Span(DAY_MS)), 5000);
        assert_eq!(meter.total(), 10_000);
    }

    #[test]
    fn a_restart_goes_on_from_the_database_and_forgets_no_post() {
        let spent = [Spent { day: "2026-11-24".into(), kind: "post_read".into(), units: 2, micros: 10_000 }];
        let mut meter = Meter::resume(Prices::current(), &spent, BTreeSet::from([9]), NOW);
        assert_eq!(meter.charge(Item::PostRead, Some(9), NOW), 0);
        assert_eq!(meter.charge(Item::PostRead, Some(10), NOW), 5000);
        assert_eq!(meter.read(NOW).items[&Item::PostRead], (3, 15_000));
        assert_eq!(meter.total(), 15_000);
    }

    #[test]
    fn what_could_not_be_stored_is_stored_later_and_once() {
        let mut meter = meter();
        meter.charge(Item::Reply, None, NOW);
        let taken = meter.take_unsaved();
        assert_eq!(taken, [Spent { day: "2026-11-24".into(), kind: "reply".into(), units: 1, micros: 10_000 }]);
        assert!(meter.take_unsaved().is_empty());
        meter.put_back(&taken);
        meter.charge(Item::Reply, None, NOW);
        assert_eq!(meter.take_unsaved(), [Spent { units: 2, micros: 20_000, ..taken[0].clone() }]);
    }

    #[test]
    fn the_forecast_follows_the_pace_of_the_last_minutes() {
        let mut meter = meter();
        for id in 0..100 {
            meter.charge(Item::PostRead, Some(id), NOW);
        }
        assert_eq!(meter.read(NOW).micros_per_hour, 100 * 5000 * 60);
        assert_eq!(meter.reaches(500_000 + 30_000_000, NOW), Some(NOW + Span(3_600_000)));
        assert_eq!(meter.read(NOW + Span(3_600_000)).micros_per_hour, 0);
        assert_eq!(meter.reaches(500_001, NOW + Span(3_600_000)), None);
    }
}
