//! Compares the columns that SQL reads with the entry that they are derived from: history, idempotency and receipts rely
//! on them, and no hash covers them. Pure.

use auction_core::Entry;
use store::evidence::Columns;
use store::journal::source_number;

/// The first column that does not say what the entry says.
pub(super) fn differing(entry: &Entry, columns: &Columns) -> Option<&'static str> {
    let Columns { auction, lot, idem_source, idem_key, at_us, doc } = columns;
    let (subject, source) = (&entry.decision.subject, &entry.command.source);
    let as_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let same = [
        ("auction", auction.as_deref() == subject.auction.as_ref().map(auction_core::AuctionId::as_str)),
        ("lot", lot.map(i64::from) == subject.lot.map(|lot| i64::from(lot.0))),
        ("idem_source", *idem_source == source_number(source.kind)),
        ("idem_key", *idem_key == source.key),
        ("at", i128::from(*at_us) == i128::from(entry.now.0) * 1_000),
        ("doc", as_json(doc) == as_json(&events::doc::of(entry))),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}
