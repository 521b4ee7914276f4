//! Identities of the stand-in: users, posts, rules and subscriptions, all 64-bit and all strings on the wire, because
//! an X id does not survive a JSON number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds between the Unix epoch and X's snowflake epoch.
pub const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;

/// Low bits of a snowflake that do not hold the time: ten of machine, twelve of sequence.
pub const SNOWFLAKE_LOW_BITS: u32 = 22;

/// X writes ids of up to nineteen digits.
const MOST_DIGITS: usize = 19;

/// A text is no X id: not one to nineteen digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id of one to nineteen digits")]
pub struct NotAnId(pub String);

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = !text.is_empty() && text.len() <= MOST_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
                let number = if digits { text.parse().ok() } else { None };
                number.map(Self).ok_or_else(|| NotAnId(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

identity!(
    /// A user's id.
    UserId
);
identity!(
    /// A post's id: a snowflake that holds the time of its making.
    PostId
);
identity!(
    /// The id of a rule of the filtered stream.
    RuleId
);
identity!(
    /// The id of a subscription of the activity stream.
    SubscriptionId
);

impl PostId {
    /// When the post was made, in milliseconds since the Unix epoch.
    pub fn made_at_ms(self) -> i64 {
        i64::try_from(self.0 >> SNOWFLAKE_LOW_BITS).expect("42 bits fit an i64") + SNOWFLAKE_EPOCH_MS
    }
}

/// Mints snowflakes from times that it is given. Ids are unique; they rise with time but, as X's own, are only roughly
/// ordered inside one millisecond, because several machines mint side by side.
#[derive(Debug, Clone)]
pub struct Mint {
    first_machine: u64,
    machines: u64,
    at_ms: i64,
    minted: u64,
    late: std::collections::BTreeMap<i64, u64>,
}

/// X's machines that take turns, so that ids of one millisecond do not come in order of arrival.
const MACHINES: u64 = 4;

/// The machine that mints for recorded posts: none of X's, so that no id is minted on both sides.
const CROWD_MACHINE: u64 = 9;

/// Milliseconds whose sequence is remembered, so that a clock that steps back cannot mint an id twice.
const REMEMBERED_MS: usize = 60_000;

impl Default for Mint {
    fn default() -> Self {
        Self::of_machines(0, MACHINES)
    }
}

impl Mint {
    /// A mint for recorded posts: one machine, so that ids of one millisecond rise in the order of minting.
    pub fn of_crowd() -> Self {
        Self::of_machines(CROWD_MACHINE, 1)
    }

    fn of_machines(first_machine: u64, machines: u64) -> Self {
        Self { first_machine, machines, at_ms: 0, minted: 0, late: std::collections::BTreeMap::new() }
    }

    /// Mints the next id of the millisecond. Times before X's epoch count as its first millisecond.
    pub fn mint(&mut self, at_ms: i64) -> u64 {
        let at_ms = at_ms.max(SNOWFLAKE_EPOCH_MS);
        let ordinal = self.next_ordinal(at_ms);
        let time = u64::try_from(at_ms - SNOWFLAKE_EPOCH_MS).expect("clamped to the epoch");
        let machine = self.first_machine + self.machines - 1 - ordinal % self.machines;
        (time << SNOWFLAKE_LOW_BITS) | (machine << 12) | (ordinal / self.machines)
    }

    fn next_ordinal(&mut self, at_ms: i64) -> u64 {
        if at_ms != self.at_ms {
            self.late.insert(self.at_ms, self.minted);
            if self.late.len() > REMEMBERED_MS {
                self.late.pop_first();
            }
            self.minted = self.late.remove(&at_ms).unwrap_or(0);
            self.at_ms = at_ms;
        }
        let ordinal = self.minted;
        self.minted += 1;
        ordinal
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn minted_ids_are_unique_and_hold_their_time(steps in prop::collection::vec(-3_i64..5, 1..400)) {
            let mut mint = Mint::default();
            let mut now = 1_795_500_000_000_i64;
            let mut seen = BTreeSet::new();
            for step in steps {
                now += step;
                let id = PostId(mint.mint(now));
                prop_assert_eq!(id.made_at_ms(), now);
                prop_assert!(seen.insert(id));
            }
        }
    }

    #[test]
    fn ids_of_one_millisecond_are_only_roughly_ordered() {
        let mut mint = Mint::default();
        let (first, second) = (mint.mint(1_795_500_000_000), mint.mint(1_795_500_000_000));
        assert!(second < first);
        assert!(mint.mint(1_795_500_000_001) > first);
    }

    #[test]
    fn ids_of_recorded_posts_rise_in_one_millisecond_and_meet_none_of_x() {
        let (mut crowd, mut x) = (Mint::of_crowd(), Mint::default());
        let recorded: Vec<u64> = (0..100).map(|_| crowd.mint(1_795_500_000_000)).collect();
        assert!(recorded.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((0..100).all(|_| !recorded.contains(&x.mint(1_795_500_000_000))));
    }

    #[test]
    fn ids_are_strings_in_json() {
        let id = PostId(2_080_765_813_578_191_303);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"2080765813578191303\"");
        assert_eq!(serde_json::from_str::<PostId>("\"2080765813578191303\"").unwrap(), id);
        assert!(serde_json::from_str::<PostId>("2080765813578191303").is_err());
        assert!("12a".parse::<PostId>().is_err());
    }
}
