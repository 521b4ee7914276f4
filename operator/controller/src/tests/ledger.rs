//! Which faults have been planted where, over all plays: one counts once per flow, call and kind of fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flavour {
    /// The process dies before the call is sent.
    DieBefore,
    /// The process dies when the API server has done it.
    DieAfter,
    /// It is done, and nobody learns of it.
    LoseAnswer,
    /// The API server refuses for now, with an answer of its own.
    Refuse(u16),
}

impl Flavour {
    pub(super) const ALL: [Self; 6] =
        [Self::DieBefore, Self::DieAfter, Self::LoseAnswer, Self::Refuse(409), Self::Refuse(429), Self::Refuse(500)];

    pub(super) const fn is_deadly(self) -> bool {
        match self {
            Self::DieBefore | Self::DieAfter => true,
            Self::LoseAnswer | Self::Refuse(_) => false,
        }
    }

    /// Whether it is one of the crash points proper; refusals are counted beside them.
    const fn is_crash(self) -> bool {
        match self {
            Self::DieBefore | Self::DieAfter | Self::LoseAnswer => true,
            Self::Refuse(_) => false,
        }
    }
}

/// One fault at one call of one flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) flow: &'static str,
    pub(super) call: String,
    pub(super) flavour: Flavour,
}

#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    claimed: BTreeSet<Point>,
    survived: BTreeSet<Point>,
}

impl Ledger {
    /// Takes the first fault at this call that nobody has taken and that `may` be.
    pub(super) fn claim(&self, flow: &'static str, call: &str, may: impl Fn(Flavour) -> bool) -> Option<Point> {
        self.with(|books| {
            let point = |flavour| Point { flow, call: call.to_owned(), flavour };
            let open = |flavour: &Flavour| may(*flavour) && !books.claimed.contains(&point(*flavour));
            let chosen = Flavour::ALL.into_iter().find(open)?;
            books.claimed.insert(point(chosen));
            Some(point(chosen))
        })
    }

    /// The play in which these were planted ended as every other.
    pub(super) fn survive(&self, points: Vec<Point>) {
        self.with(|books| books.survived.extend(points));
    }

    /// Crash points that were survived, and refusals.
    pub(super) fn counts(&self) -> (usize, usize) {
        self.with(|books| {
            let crashes = books.survived.iter().filter(|point| point.flavour.is_crash()).count();
            (crashes, books.survived.len() - crashes)
        })
    }

    /// One line a flow and call, one mark a fault.
    pub(super) fn table(&self) -> String {
        self.with(|books| {
            let mut lines: BTreeMap<(&str, &str), BTreeSet<Flavour>> = BTreeMap::new();
            for point in &books.survived {
                lines.entry((point.flow, &point.call)).or_default().insert(point.flavour);
            }
            let mut table = format!("{:<22} {:<66} before after lost 409 429 500\n", "flow", "call");
            for ((flow, call), flavours) in lines {
                let mark = |flavour: Flavour| if flavours.contains(&flavour) { "x" } else { "-" };
                let [before, after, lost, conflict, many, broken] = Flavour::ALL.map(mark);
                let _ = writeln!(
                    table,
                    "{flow:<22} {call:<66} {before:<6} {after:<5} {lost:<4} {conflict:<3} {many:<3} {broken}"
                );
            }
            table
        })
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Books) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
