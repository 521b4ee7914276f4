//! X's price list as data: one file a version, named by the day it was read.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The price list in force, as X published it.
const CURRENT: &str = include_str!("../../prices/2026-08-22.json");

/// What X charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A post from a stream, a search or a look-up.
    PostRead,
    /// A post from the house's own mentions.
    OwnedRead,
    UserRead,
    /// A deletion told by the activity stream. X's pages contradict each other; this is the dearer reading.
    DeleteEvent,
    ProfileEvent,
    /// A reply to somebody who called the house.
    Reply,
    Post,
    PostWithUrl,
}

impl Item {
    /// Every item.
    pub const ALL: [Self; 8] = [
        Self::PostRead,
        Self::OwnedRead,
        Self::UserRead,
        Self::DeleteEvent,
        Self::ProfileEvent,
        Self::Reply,
        Self::Post,
        Self::PostWithUrl,
    ];

    /// The name in the price list, the database and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostRead => "post_read",
            Self::OwnedRead => "owned_read",
            Self::UserRead => "user_read",
            Self::DeleteEvent => "delete_event",
            Self::ProfileEvent => "profile_event",
            Self::Reply => "reply",
            Self::Post => "post",
            Self::PostWithUrl => "post_with_url",
        }
    }
}

/// A price list, in millionths of a dollar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Prices {
    pub version: String,
    pub source: String,
    micros: BTreeMap<Item, u64>,
}

impl Prices {
    /// The list in force.
    pub fn current() -> Self {
        serde_json::from_str(CURRENT).expect("the price list in the program is checked by a test")
    }

    /// What one unit costs.
    pub fn of(&self, item: Item) -> u64 {
        self.micros.get(&item).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_a_price_and_a_name() {
        let prices = Prices::current();
        for item in Item::ALL {
            assert!(prices.of(item) > 0, "{item:?}");
            assert_eq!(serde_json::from_value::<Item>(item.as_str().into()).unwrap(), item);
        }
    }

    #[test]
    fn a_two_hour_show_costs_what_the_cost_model_says() {
        let prices = Prices::current();
        let reads = (600 + 5000) * prices.of(Item::PostRead);
        let replies = 600 * prices.of(Item::Reply);
        let linked_replies = 600 * prices.of(Item::PostWithUrl);
        assert_eq!((reads, replies, linked_replies), (28_000_000, 6_000_000, 120_000_000));
    }
}
