//! The state of a shard: its auctions, their lots, its bidders and inboxes. `decide` reads it, `apply` alone changes it.

pub(crate) mod agenda;
pub(crate) mod decide;
pub mod snapshot;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::auction::Auction;
use crate::counts::Counts;
use crate::entry::Head;
use crate::reservation::Bidders;
use crate::{AuctionId, Command, Entry, Event, Handle, Hash, LotNumber, Subject, Timestamp};
use agenda::Agenda;

/// The fold of a shard's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    auctions: BTreeMap<AuctionId, Auction>,
    bidders: Bidders,
    inboxes: BTreeMap<Handle, Inbox>,
    agenda: Agenda,
    counts: Counts,
    head: Head,
    clock: Timestamp,
    rows: u64,
}

/// How far the inbox of an X handle has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// The number of the last post that was judged or passed over; 0 before the first.
    pub seq: u64,
    /// Posts that were not bids.
    pub ignored: u64,
    /// Every post timed at or before this is known to be in the inbox, and has been read.
    pub audited_through: Option<Timestamp>,
}

impl Shard {
    pub fn auction(&self, id: &AuctionId) -> Option<&Auction> {
        self.auctions.get(id)
    }

    /// In order of their names.
    pub fn auctions(&self) -> impl ExactSizeIterator<Item = &Auction> {
        self.auctions.values()
    }

    pub fn bidders(&self) -> &Bidders {
        &self.bidders
    }

    /// The worker's cursor in a handle's inbox; nothing read when the shard has not heard of it.
    pub fn inbox(&self, handle: &Handle) -> Inbox {
        self.inboxes.get(handle).copied().unwrap_or_default()
    }

    /// The latest `now` of any row: a later decision may not be stamped earlier.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// How many rows have been folded.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Refusals that belong to no auction of the shard.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The last link of a subject's chain, from which the next row's hash and number follow.
    pub fn head_of(&self, subject: &Subject) -> Head {
        let Some(id) = &subject.auction else { return self.head };
        let Some(auction) = self.auctions.get(id) else { return Head::default() };
        match subject.lot {
            None => auction.head(),
            Some(lot) => auction.lot(lot).map(crate::lot::Lot::head).unwrap_or_default(),
        }
    }

    /// The last hash of a subject's chain; [`Hash::default`] when it has none.
    pub fn head(&self, subject: &Subject) -> Hash {
        self.head_of(subject).hash
    }

    /// When the next [`crate::Action::Tick`] is due, and for which auction. A time in the past is due at once.
    pub fn next_deadline(&self) -> Option<(AuctionId, Timestamp)> {
        self.agenda.first().map(|due| (due.auction.clone(), due.at))
    }

    /// The next tick that is due by `now`, with a key of its own. One tick does one step; ask again after it.
    pub fn due(&self, now: Timestamp) -> Option<Command> {
        let due = self.agenda.first().filter(|due| due.at <= now)?;
        Some(self.tick(due, now))
    }

    /// Folds one row into the state; the only mutation. `hash` is `self.head(subject).chain(entry.encode())`.
    pub fn apply(&mut self, entry: &Entry, hash: Hash) {
        let Entry { command: _, now, decision } = entry;
        let mut stir = Stir::Nothing;
        for event in &decision.events {
            stir = stir.max(self.fold(&decision.subject, event, decision.lot_seq));
        }
        self.clock = self.clock.max(*now);
        self.rows += 1;
        self.set_head(&decision.subject, Head { seq: decision.lot_seq, hash });
        match (stir, &decision.subject.auction, decision.subject.lot) {
            (Stir::Nothing, _, _) => {}
            (Stir::Lot, Some(auction), Some(lot)) => self.reschedule_lot(auction, lot),
            (Stir::Lot | Stir::Auction, Some(auction), _) => self.reschedule(auction),
            (Stir::Lot | Stir::Auction, None, _) | (Stir::Shard, _, _) => self.reschedule_all(),
        }
    }

    /// Folds one event; says whose deadlines it may have moved.
    fn fold(&mut self, subject: &Subject, event: &Event, row: u64) -> Stir {
        if let Some(post) = event.post() {
            let inbox = self.inbox_mut(&post.handle);
            inbox.seq = inbox.seq.max(post.seq);
        }
        match event {
            Event::BidderRegistered(terms) => self.bidders.register(terms),
            Event::InboxAdvanced { handle, seq, ignored } => {
                let inbox = self.inbox_mut(handle);
                inbox.seq = inbox.seq.max(*seq);
                inbox.ignored = inbox.ignored.saturating_add(*ignored);
            }
            Event::InboxAudited { handle, through } => {
                let inbox = self.inbox_mut(handle);
                inbox.audited_through = inbox.audited_through.max(Some(*through));
                return Stir::Shard;
            }
            Event::BidRefused { lot: None, refusal, .. } => {
                let auction = subject.auction.as_ref().and_then(|id| self.auctions.get_mut(id));
                auction.map_or(&mut self.counts, Auction::counts_mut).refuse(refusal.code());
            }
            Event::AuctionConfigured(_)
            | Event::AuctionPaused { .. }
            | Event::AuctionResumed { .. }
            | Event::AuctionCancelled { .. }
            | Event::AuctionCompleted => {
                self.fold_auction(subject, event);
                return Stir::Auction;
            }
            Event::BidAccepted { lot, .. }
            | Event::BidRefused { lot: Some(lot), .. }
            | Event::ReserveMet { lot }
            | Event::IncrementHalved { lot, .. } => {
                self.fold_lot(subject, *lot, event, row);
            }
            Event::BidParked { lot, .. }
            | Event::BidUnparked { lot, .. }
            | Event::BidVoided { lot, .. }
            | Event::LotExtended { lot, .. }
            | Event::LotDraining { lot, .. }
            | Event::LotHeld { lot, .. }
            | Event::LotReleased { lot, .. }
            | Event::LotOpened { lot, .. }
            | Event::LotSkipped { lot, .. }
            | Event::LotWithdrawn { lot, .. }
            | Event::LotReoffered { lot, .. }
            | Event::LotSold { lot, .. }
            | Event::LotPassed { lot, .. }
            | Event::LotReopened { lot, .. } => {
                self.fold_lot(subject, *lot, event, row);
                return Stir::Lot;
            }
        }
        Stir::Nothing
    }

    fn fold_lot(&mut self, subject: &Subject, lot: LotNumber, event: &Event, row: u64) {
        if let Some(auction) = subject.auction.as_ref().and_then(|id| self.auctions.get_mut(id)) {
            auction.fold_lot(lot, event, row, &mut self.bidders);
        }
    }

    fn fold_auction(&mut self, subject: &Subject, event: &Event) {
        let Some(id) = &subject.auction else { return };
        if let Event::AuctionConfigured(terms) = event {
            self.auctions.entry(id.clone()).or_insert_with(|| Auction::new(id.clone(), (**terms).clone()));
        }
        if let Some(auction) = self.auctions.get_mut(id) {
            auction.fold(event);
        }
    }

    fn inbox_mut(&mut self, handle: &Handle) -> &mut Inbox {
        if !self.inboxes.contains_key(handle) {
            self.inboxes.insert(handle.clone(), Inbox::default());
        }
        self.inboxes.get_mut(handle).expect("it was inserted above")
    }

    fn set_head(&mut self, subject: &Subject, head: Head) {
        let Some(id) = &subject.auction else {
            self.head = head;
            return;
        };
        if let Some(auction) = self.auctions.get_mut(id) {
            auction.set_head(subject.lot, head);
        }
    }
}

/// Whose deadlines an event may have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stir {
    Nothing,
    Lot,
    Auction,
    Shard,
}
