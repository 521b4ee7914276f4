//! The made-up crowd of a rehearsal: who bids while no person does. An auction asks for one by annotation, and the
//! emulator that stands in for X plays it from the auction's first lot on.

use std::collections::BTreeMap;

use operator_api::Auction;
use operator_api::auction::{Lot, LotOrder};

use crate::{Setting, shard_of};

/// How many people come to a rehearsal; without this annotation nobody does.
pub const BIDDERS: &str = "sothebais.io/crowd-bidders";
/// How many posts they write in the whole show.
pub const POSTS: &str = "sothebais.io/crowd-posts";
/// Where the people and their dice come from.
pub const SEED: &str = "sothebais.io/crowd-seed";

/// What the emulator is told about the crowd of `auction`; nothing if nobody comes.
pub(crate) fn crowd(auction: &Auction, name: &str) -> BTreeMap<&'static str, Setting> {
    let annotation = |key: &str| auction.metadata.annotations.as_ref().and_then(|all| all.get(key)).cloned();
    let Some(bidders) = annotation(BIDDERS) else { return BTreeMap::new() };
    let text = |value: String| Some(Setting::Text(value));
    let settings = [
        ("CROWD", text("true".to_owned())),
        ("CROWD_BIDDERS", text(bidders)),
        ("CROWD_POSTS", annotation(POSTS).and_then(text)),
        ("CROWD_SEED", annotation(SEED).and_then(text)),
        ("CROWD_LOTS", text(lots(auction))),
        ("CROWD_AUCTION", text(name.to_owned())),
        ("CROWD_WATCH", Some(Setting::EngineSocket { shard: shard_of(auction, name) })),
        ("SHOW_START", text(auction.spec.schedule.starts_at.to_string())),
    ];
    settings.into_iter().filter_map(|(variable, setting)| Some((variable, setting?))).collect()
}

/// Invites a crowd to an auction that does not ask for one itself.
pub fn invite(auction: &mut Auction, bidders: u32, posts: u64) {
    let annotations = auction.metadata.annotations.get_or_insert_default();
    if !annotations.contains_key(BIDDERS) {
        annotations.insert(BIDDERS.to_owned(), bidders.to_string());
        annotations.entry(POSTS.to_owned()).or_insert_with(|| posts.to_string());
    }
}

/// The lots as a crowd plans for them: `opening ETH:seconds open:seconds of pause before it`, separated by commas.
pub fn lots(auction: &Auction) -> String {
    let spec = &auction.spec;
    let between = match spec.lot_order {
        LotOrder::Sequential => spec.closing.drain_seconds + spec.lot_pause_seconds,
        LotOrder::Concurrent => 0,
    };
    let lot = |(index, lot): (usize, &Lot)| {
        let seconds = lot.duration_seconds.unwrap_or(spec.lot_defaults.duration_seconds);
        let pause = if index == 0 { 0 } else { between };
        format!("{}:{seconds}:{pause}", lot.starting_price)
    };
    spec.lots.iter().enumerate().map(lot).collect::<Vec<_>>().join(",")
}
