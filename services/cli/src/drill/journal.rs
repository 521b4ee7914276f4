//! Reads what a round left in the journal, and reads it three times: as it is stored, folded, and decided once more.

use anyhow::Context as _;
use auction_core::{
    Action, AuctionId, BidderId, Decision, Entry, Event, Hash, Intent, LotNumber, Shard, Source, SourceKind, Subject,
    Wei,
};
use store::PgPool;

use super::evidence::{Ask, Commit, Replay, Row, Written};

/// Commits that are read at once.
const PAGE: u32 = 10_000;

/// What the journal says.
pub(super) struct Read {
    pub(super) rows: Vec<Row>,
    pub(super) commits: Vec<Commit>,
    pub(super) replays: Vec<Replay>,
}

/// Reads the whole journal of a shard whose lots are `1..=lots` of one auction.
pub(super) async fn read(pool: &PgPool, shard: &str, auction: &AuctionId, lots: u32) -> anyhow::Result<Read> {
    let mut rows = Vec::new();
    let mut stored = Stored::default();
    let (mut folded, mut decided) = (Shard::default(), Shard::default());
    store::journal::follow(pool, shard, 0, |row| -> anyhow::Result<()> {
        let entry = row.decode()?;
        rows.push(decode(row.seq, row.lot_seq, &entry));
        stored.note(&entry, row.hash);
        fold(&mut folded, &entry);
        let decision = decided.decide(&entry.command, entry.now);
        fold(&mut decided, &Entry { decision, ..entry });
        Ok(())
    })
    .await
    .with_context(|| format!("reading the journal of {shard}"))?;
    let mut replays = Vec::new();
    for lot in (1..=lots).map(LotNumber) {
        replays.push(stored.replay(lot));
        replays.push(of_state("folded", &folded, auction, lot));
        replays.push(of_state("decided once more", &decided, auction, lot));
    }
    Ok(Read { rows, commits: commits(pool, shard).await?, replays })
}

async fn commits(pool: &PgPool, shard: &str) -> anyhow::Result<Vec<Commit>> {
    let mut commits: Vec<Commit> = Vec::new();
    loop {
        let after = commits.last().map_or(0, |commit| commit.last_seq);
        let page = store::seal::commits(pool, shard, after, PAGE).await?;
        if page.is_empty() {
            return Ok(commits);
        }
        commits.extend(page.iter().map(|commit| Commit {
            epoch: commit.epoch,
            first_seq: commit.first_seq,
            last_seq: commit.last_seq,
        }));
    }
}

fn fold(state: &mut Shard, entry: &Entry) {
    let hash = state.head(&entry.decision.subject).chain(&entry.encode());
    state.apply(entry, hash);
}

fn of_state(reader: &'static str, state: &Shard, auction: &AuctionId, lot: LotNumber) -> Replay {
    let subject = Subject { auction: Some(auction.clone()), lot: Some(lot) };
    let standing = state.auction(auction).and_then(|auction| auction.lot(lot)).and_then(|lot| lot.standing());
    Replay {
        reader,
        lot,
        head: state.head(&subject),
        leader: standing.map(|standing| (standing.leader, standing.price)),
    }
}

/// The journal's own last words on each lot.
#[derive(Default)]
struct Stored(std::collections::BTreeMap<LotNumber, (Hash, Option<(BidderId, Wei)>)>);

impl Stored {
    fn note(&mut self, entry: &Entry, hash: Hash) {
        let Decision { subject: Subject { lot: Some(lot), .. }, events, .. } = &entry.decision else { return };
        let last = self.0.entry(*lot).or_default();
        last.0 = hash;
        for event in events {
            if let Event::BidAccepted { standing, .. } = event {
                last.1 = Some((standing.leader, standing.price));
            }
        }
    }

    fn replay(&self, lot: LotNumber) -> Replay {
        let (head, leader) = self.0.get(&lot).copied().unwrap_or_default();
        Replay { reader: "stored", lot, head, leader }
    }
}

fn decode(seq: u64, lot_seq: u64, entry: &Entry) -> Row {
    let Entry { command, now: _, decision } = entry;
    Row {
        seq,
        lot: decision.subject.lot,
        lot_seq,
        source: command.source.kind,
        key: own_key(&command.source).to_owned(),
        verdict: decision.events.iter().find_map(|event| written(event, &command.action)).unwrap_or(Written::Done),
    }
}

/// The key as its client wrote it: the engine keeps a web bid's under its bidder, `{x_id}:{key}`.
fn own_key(source: &Source) -> &str {
    match source.kind {
        SourceKind::Web => source.key.split_once(':').map_or(source.key.as_str(), |(_bidder, key)| key),
        SourceKind::Post | SourceKind::Clerk | SourceKind::House => &source.key,
    }
}

/// What an event decided about a bid or a lot; `None` for an event that decided neither.
fn written(event: &Event, action: &Action) -> Option<Written> {
    match event {
        Event::BidAccepted { bidder, standing, .. } => {
            Some(Written::Accepted { bidder: *bidder, price: standing.price })
        }
        Event::BidRefused { bidder, refusal, .. } => {
            Some(Written::Refused { bidder: Some(*bidder), ask: ask(action), code: refusal.code().to_owned() })
        }
        Event::BidParked { .. } => Some(Written::Parked),
        Event::LotSold { bidder, price, .. } => Some(Written::Sold { bidder: *bidder, price: *price }),
        Event::AuctionConfigured(_)
        | Event::AuctionPaused { .. }
        | Event::AuctionResumed { .. }
        | Event::AuctionCancelled { .. }
        | Event::AuctionCompleted
        | Event::BidderRegistered(_)
        | Event::InboxAdvanced { .. }
        | Event::InboxAudited { .. }
        | Event::LotOpened { .. }
        | Event::BidUnparked { .. }
        | Event::LotExtended { .. }
        | Event::ReserveMet { .. }
        | Event::LotDraining { .. }
        | Event::LotHeld { .. }
        | Event::LotReleased { .. }
        | Event::LotSkipped { .. }
        | Event::LotWithdrawn { .. }
        | Event::LotReoffered { .. }
        | Event::LotPassed { .. }
        | Event::BidVoided { .. }
        | Event::LotReopened { .. }
        | Event::IncrementHalved { .. } => None,
    }
}

fn ask(action: &Action) -> Option<Ask> {
    let Action::PlaceBid { intent, .. } = action else { return None };
    match intent {
        Intent::Bid(amount) => Some(Ask::Amount(*amount)),
        Intent::NextBid => Some(Ask::NextBid),
        Intent::MaxBid(_) | Intent::BuyNow => None,
    }
}
