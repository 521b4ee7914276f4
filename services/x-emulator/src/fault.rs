//! Faults on demand: what a rehearsal asks the stand-in to do wrong, and the decisions that follow. Pure.

use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::limits::Endpoint;
use crate::stream::Stream;
use crate::world::Parcel;

/// Answers that may be queued to go wrong.
const MOST_QUEUED: usize = 100;

/// The longest time that a fault may add.
const LONGEST_MS: i64 = 10 * 60 * 1000;

/// A fault that is asked for, by the control API and by `--fault`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Streams end now; `abrupt` cuts the connection in the middle.
    Disconnect {
        /// Which stream; both if not said.
        stream: Option<Stream>,
        /// Without the last line that tells why.
        #[serde(default)]
        abrupt: bool,
    },
    /// Streams say nothing, not even keep-alives, for a time: a dead connection that looks open.
    Silence {
        /// Which stream; both if not said.
        stream: Option<Stream>,
        /// How long, in milliseconds.
        ms: i64,
    },
    /// Lines come twice, a share in parts of a thousand.
    Duplicate {
        /// The share.
        permille: u32,
    },
    /// Every line comes later.
    Delay {
        /// By how many milliseconds.
        ms: i64,
    },
    /// Lines change places: a share in parts of a thousand comes up to `ms` later.
    Reorder {
        /// The share.
        permille: u32,
        /// The most that a line is held back, in milliseconds.
        ms: i64,
    },
    /// The next answers are 429.
    #[serde(rename = "429")]
    TooManyRequests {
        /// Which endpoint by its name, such as `mentions`; all if not said.
        endpoint: Option<String>,
        /// How many answers.
        times: u32,
        /// In the older form with code 88.
        #[serde(default)]
        legacy: bool,
    },
    /// The next answers are 503.
    #[serde(rename = "503")]
    Unavailable {
        /// Which endpoint by its name; all if not said.
        endpoint: Option<String>,
        /// How many answers.
        times: u32,
    },
    /// The next answers say that the month's cap of posts is used up.
    UsageCapped {
        /// Which endpoint by its name; all if not said.
        endpoint: Option<String>,
        /// How many answers.
        times: u32,
    },
    /// The next good answers lack one thing of their list and say so in `errors`.
    PartialErrors {
        /// Which endpoint by its name; all if not said.
        endpoint: Option<String>,
        /// How many answers.
        times: u32,
    },
    /// Posts that name the house never reach a stream: a share in parts of a thousand, chosen by the seed.
    Withhold {
        /// The share.
        permille: u32,
    },
    /// No fault any more; the withheld share stays.
    Clear,
}

/// How a queued answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// 429.
    TooManyRequests {
        /// In the older form.
        legacy: bool,
    },
    /// 503.
    Unavailable,
    /// 429 of the kind that waiting does not help.
    UsageCapped,
    /// 200 with `errors`.
    Partial,
}

/// What cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No endpoint has this name.
    #[error("no endpoint is called {0:?}")]
    Endpoint(String),
    /// Not 0 to 1000.
    #[error("{0} is not a share of 0 to 1000 in parts of a thousand")]
    Share(u32),
    /// Negative or over ten minutes.
    #[error("{0} ms is not between 0 and 600000")]
    Time(i64),
    /// Too many queued answers.
    #[error("{MOST_QUEUED} faulty answers are queued already")]
    Queue,
}

#[derive(Debug, Clone)]
struct Queued {
    endpoint: Option<Endpoint>,
    wrong: Wrong,
    times: u32,
}

/// The faults that are on.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    duplicate_permille: u32,
    delay_ms: i64,
    reorder_permille: u32,
    reorder_ms: i64,
    queued: Vec<Queued>,
}

impl Faults {
    /// Takes a fault that lasts. [`Fault::Disconnect`], [`Fault::Silence`] and [`Fault::Withhold`] are acts on streams
    /// and world, so nothing of them stays here.
    pub fn set(&mut self, fault: &Fault) -> Result<(), Unusable> {
        match fault {
            Fault::Disconnect { .. } => {}
            Fault::Silence { ms, .. } => drop(time(*ms)?),
            Fault::Withhold { permille } => drop(share(*permille)?),
            Fault::Duplicate { permille } => self.duplicate_permille = share(*permille)?,
            Fault::Delay { ms } => self.delay_ms = time(*ms)?,
            Fault::Reorder { permille, ms } => {
                (self.reorder_permille, self.reorder_ms) = (share(*permille)?, time(*ms)?);
            }
            Fault::TooManyRequests { endpoint, times, legacy } => {
                self.queue(endpoint.as_deref(), Wrong::TooManyRequests { legacy: *legacy }, *times)?;
            }
            Fault::Unavailable { endpoint, times } => {
                self.queue(endpoint.as_deref(), Wrong::Unavailable, *times)?;
            }
            Fault::UsageCapped { endpoint, times } => self.queue(endpoint.as_deref(), Wrong::UsageCapped, *times)?,
            Fault::PartialErrors { endpoint, times } => self.queue(endpoint.as_deref(), Wrong::Partial, *times)?,
            Fault::Clear => *self = Self::default(),
        }
        Ok(())
    }

    fn queue(&mut self, endpoint: Option<&str>, wrong: Wrong, times: u32) -> Result<(), Unusable> {
        let of_name = |name: &str| Endpoint::of_name(name).ok_or_else(|| Unusable::Endpoint(name.to_owned()));
        let endpoint = endpoint.map(of_name).transpose()?;
        if self.queued.len() >= MOST_QUEUED {
            return Err(Unusable::Queue);
        }
        self.queued.push(Queued { endpoint, wrong, times });
        Ok(())
    }

    /// Takes the next fault of an answer of this endpoint that `of` accepts, if one is queued.
    pub fn take(&mut self, endpoint: Endpoint, of: impl Fn(Wrong) -> bool) -> Option<Wrong> {
        self.queued.retain(|q| q.times > 0);
        let concerns = |q: &&mut Queued| q.endpoint.is_none_or(|e| e == endpoint) && of(q.wrong);
        let queued = self.queued.iter_mut().find(concerns)?;
        queued.times -= 1;
        Some(queued.wrong)
    }

    /// What becomes of a parcel: it may come late, out of order, twice.
    pub fn spoil(&self, parcel: Parcel, chance: &mut Chance) -> Vec<Parcel> {
        let held = if chance.permille(self.reorder_permille) { chance.between(0, self.reorder_ms) } else { 0 };
        let first = Parcel { due_ms: parcel.due_ms + self.delay_ms + held, ..parcel };
        if !chance.permille(self.duplicate_permille) {
            return vec![first];
        }
        let second = Parcel { due_ms: first.due_ms + chance.between(0, 1000), ..first.clone() };
        vec![first, second]
    }
}

fn share(permille: u32) -> Result<u32, Unusable> {
    if permille <= 1000 { Ok(permille) } else { Err(Unusable::Share(permille)) }
}

fn time(ms: i64) -> Result<i64, Unusable> {
    if (0..=LONGEST_MS).contains(&ms) { Ok(ms) } else { Err(Unusable::Time(ms)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PostId;
    use crate::world::Event;

    fn parcel() -> Parcel {
        Parcel { due_ms: 100, subscription: None, event: Event::Matched(PostId(1), Vec::new()) }
    }

    #[test]
    fn faults_read_from_json_and_reject_what_they_do_not_know() {
        let fault: Fault = serde_json::from_str(r#"{"kind":"429","endpoint":"mentions","times":2}"#).unwrap();
        assert_eq!(fault, Fault::TooManyRequests { endpoint: Some("mentions".into()), times: 2, legacy: false });
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"429","time":2}"#).is_err());
        let unknown = Fault::Unavailable { endpoint: Some("x".into()), times: 1 };
        assert_eq!(Faults::default().set(&unknown), Err(Unusable::Endpoint("x".into())));
    }

    #[test]
    fn queued_answers_go_wrong_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.set(&Fault::Unavailable { endpoint: Some("mentions".into()), times: 2 }).unwrap();
        assert_eq!(faults.take(Endpoint::Me, |_| true), None);
        assert_eq!(faults.take(Endpoint::Mentions, |_| true), Some(Wrong::Unavailable));
        assert_eq!(faults.take(Endpoint::Mentions, |_| true), Some(Wrong::Unavailable));
        assert_eq!(faults.take(Endpoint::Mentions, |_| true), None);
    }

    #[test]
    fn parcels_come_twice_late_and_out_of_order() {
        let mut chance = Chance::new(1, 1);
        let mut faults = Faults::default();
        assert_eq!(faults.spoil(parcel(), &mut chance), vec![parcel()]);
        faults.set(&Fault::Delay { ms: 50 }).unwrap();
        faults.set(&Fault::Duplicate { permille: 1000 }).unwrap();
        let spoiled = faults.spoil(parcel(), &mut chance);
        assert_eq!(spoiled[0].due_ms, 150);
        assert!(spoiled.len() == 2 && spoiled[1].due_ms >= 150);
        faults.set(&Fault::Clear).unwrap();
        faults.set(&Fault::Reorder { permille: 1000, ms: 500 }).unwrap();
        let held: Vec<i64> = (0..20).map(|_| faults.spoil(parcel(), &mut chance)[0].due_ms).collect();
        assert!(held.iter().any(|due| *due != held[0]) && held.iter().all(|due| (100..=600).contains(due)));
    }
}
