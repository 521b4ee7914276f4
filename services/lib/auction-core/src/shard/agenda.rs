//! The agenda: what is due when, kept in step with the state so that asking for the next deadline costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::auction::Auction;
use crate::auction::schedule::AuctionStep;
use crate::lot::Lot;
use crate::{Action, AuctionId, Command, LotNumber, Shard, Source, SourceKind, Subject, Timestamp};

/// One thing that is due. Orders by time, then auction, then lot; an auction's own step comes before its lots'.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Due {
    pub(crate) at: Timestamp,
    pub(crate) auction: AuctionId,
    pub(crate) lot: Option<LotNumber>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agenda {
    dues: BTreeSet<Due>,
    /// When each of them is due, to find it again.
    times: BTreeMap<AuctionId, BTreeMap<Option<LotNumber>, Timestamp>>,
}

impl Agenda {
    pub(crate) fn first(&self) -> Option<&Due> {
        self.dues.first()
    }

    /// The first thing that is due in one auction by `now`.
    pub(crate) fn first_of(&self, auction: &AuctionId, now: Timestamp) -> Option<&Due> {
        self.dues.iter().take_while(|due| due.at <= now).find(|due| due.auction == *auction)
    }

    fn set(&mut self, auction: &AuctionId, lot: Option<LotNumber>, at: Option<Timestamp>) {
        let known = self.times.get(auction).and_then(|times| times.get(&lot)).copied();
        if known == at {
            return;
        }
        if let Some(at) = known {
            self.dues.remove(&Due { at, auction: auction.clone(), lot });
        }
        let times = self.times.entry(auction.clone()).or_default();
        match at {
            None => {
                times.remove(&lot);
            }
            Some(at) => {
                times.insert(lot, at);
                self.dues.insert(Due { at, auction: auction.clone(), lot });
            }
        }
    }

    /// Forgets what an auction has on the agenda.
    fn clear(&mut self, auction: &AuctionId) {
        for (lot, at) in self.times.remove(auction).into_iter().flatten() {
            self.dues.remove(&Due { at, auction: auction.clone(), lot });
        }
    }
}

impl Shard {
    /// The tick for one due thing. Its key holds the number of the row that it will be, so it is never used twice.
    pub(super) fn tick(&self, due: &Due, now: Timestamp) -> Command {
        let lot = due.lot.or_else(|| match self.auctions.get(&due.auction)?.next_step()? {
            (_, AuctionStep::Open(lot)) => Some(lot),
            (_, AuctionStep::Complete) => None,
        });
        let row = self.head_of(&Subject { auction: Some(due.auction.clone()), lot }).seq + 1;
        let key = match lot {
            Some(lot) => format!("tick:{}:{lot}:{row}", due.auction),
            None => format!("tick:{}:-:{row}", due.auction),
        };
        Command {
            source: Source { kind: SourceKind::House, key },
            at: now,
            action: Action::Tick { auction: due.auction.clone() },
            trace: None,
        }
    }

    /// A lot's next step with the inbox as it is.
    pub(super) fn step_of(
        &self,
        auction: &Auction,
        lot: &Lot,
    ) -> Option<(Timestamp, crate::auction::schedule::LotStep)> {
        auction.next_lot_step(lot, || {
            auction.terms().handle.as_ref().and_then(|handle| self.inbox(handle).audited_through)
        })
    }

    /// After a lot's event: its own next step and, since lots wait for each other, the auction's.
    pub(super) fn reschedule_lot(&mut self, id: &AuctionId, number: LotNumber) {
        let Some(auction) = self.auctions.get(id) else { return };
        let at = auction.lot(number).and_then(|lot| self.step_of(auction, lot)).map(|(at, _)| at);
        let own = auction.next_step().map(|(at, _)| at);
        self.agenda.set(id, Some(number), at);
        self.agenda.set(id, None, own);
    }

    pub(super) fn reschedule(&mut self, id: &AuctionId) {
        let Some(auction) = self.auctions.get(id) else { return };
        let own = auction.next_step().map(|(at, _)| (None, at));
        let lots = auction.lots().filter_map(|lot| self.step_of(auction, lot).map(|(at, _)| (Some(lot.number()), at)));
        let dues: Vec<_> = own.into_iter().chain(lots).collect();
        self.agenda.clear(id);
        for (lot, at) in dues {
            self.agenda.set(id, lot, Some(at));
        }
    }

    pub(crate) fn reschedule_all(&mut self) {
        let ids: Vec<AuctionId> = self.auctions.keys().cloned().collect();
        for id in ids {
            self.reschedule(&id);
        }
    }
}
