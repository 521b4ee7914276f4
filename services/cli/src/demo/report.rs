//! The closing table: lots, winners, prices, refusals, latencies, the verified hash; for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use alloy_primitives::hex;
use auction_core::Wei;
use auction_core::replay::{LotResult, Winner};
use serde::Serialize;

use super::tally::Tally;
use super::watch::PostsIn;
use crate::verify::{Fault, Verified};
use operator_api::Auction;

/// What a show came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub lots: Vec<Lot>,
    pub refusals: BTreeMap<String, u64>,
    /// From the time in a post's id until its accepted bid was committed.
    pub latencies: Latency,
    /// Posts on X that name the house, each edit counted.
    pub posts_written: u64,
    /// Posts that the gateway took in.
    pub posts_in: u64,
    /// Posts that the engine judged, those that are no bids included.
    pub posts_judged: u64,
    pub verified: bool,
    /// SHA-256 over the last hashes of all lots in order; one per shard, joined when there are several.
    pub hash: String,
    /// Why the journal does not hold, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_break: Option<String>,
    /// What the workers' signatures were checked against.
    pub signers: Vec<String>,
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the report's `lot` is the number that bidders say")]
pub struct Lot {
    pub auction: String,
    pub lot: u32,
    pub id: String,
    pub title: String,
    pub outcome: &'static str,
    pub winner: Option<WinnerReport>,
    pub price_wei: Option<String>,
    pub price: Option<String>,
    pub bids_accepted: u64,
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WinnerReport {
    pub paddle: u32,
    pub handle: Option<String>,
    pub x_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub p50_ms: u64,
    pub p99_ms: u64,
    pub max_ms: u64,
    pub count: u64,
}

/// Puts together what was found.
pub(super) fn make(
    tally: &Tally,
    posts: PostsIn,
    verified: Result<Vec<Verified>, Fault>,
    auctions: &[Auction],
) -> Report {
    let titles = titles(auctions);
    let (shards, first_break) = match verified {
        Ok(shards) => (shards, None),
        Err(fault) => (Vec::new(), Some(fault.to_string())),
    };
    let histogram = &tally.post_to_accepted;
    let results = shards.iter().flat_map(|shard| &shard.lots);
    Report {
        lots: results.map(|result| lot(result, &titles, tally)).collect(),
        refusals: tally.refusals.clone(),
        latencies: Latency {
            p50_ms: histogram.value_at_quantile(0.5),
            p99_ms: histogram.value_at_quantile(0.99),
            max_ms: histogram.max(),
            count: histogram.len(),
        },
        posts_written: posts.written,
        posts_in: posts.taken_in,
        posts_judged: tally.judged,
        verified: first_break.is_none(),
        hash: shards.iter().map(|shard| hex::encode(shard.hash.0)).collect::<Vec<_>>().join(","),
        first_break,
        signers: shards.iter().flat_map(|shard| &shard.signers).map(ToString::to_string).collect(),
        rows: shards.iter().map(|shard| shard.rows).sum(),
    }
}

/// Titles by auction and lot number.
fn titles(auctions: &[Auction]) -> BTreeMap<(String, u32), String> {
    let lots = auctions.iter().flat_map(|auction| {
        let name = auction.metadata.name.clone().unwrap_or_default();
        (1..).zip(&auction.spec.lots).map(move |(number, lot)| ((name.clone(), number), lot.title.clone()))
    });
    lots.collect()
}

fn lot(result: &LotResult, titles: &BTreeMap<(String, u32), String>, tally: &Tally) -> Lot {
    let LotResult { auction, lot, id, round: _, state, winner, bids_accepted, refusals: _, rows: _, hash } = result;
    let of_winner = |winner: Winner| WinnerReport {
        paddle: winner.paddle.0,
        handle: tally.handles.get(&winner.bidder).cloned(),
        x_id: winner.bidder.to_string(),
    };
    let price: Option<Wei> = winner.map(|winner| winner.price);
    Lot {
        auction: auction.to_string(),
        lot: lot.0,
        id: id.to_string(),
        title: titles.get(&(auction.to_string(), lot.0)).cloned().unwrap_or_default(),
        outcome: state,
        winner: winner.map(of_winner),
        price_wei: price.map(|price| price.to_string()),
        price: price.map(|price| format!("{} ETH", price.main_units())),
        bids_accepted: *bids_accepted,
        hash: hex::encode(hash.0),
    }
}

impl Report {
    /// Whether the show kept its promises: the journal holds and no post was lost.
    pub fn holds(&self) -> bool {
        self.verified && self.posts_in == self.posts_judged
    }

    /// The table for a terminal.
    pub fn table(&self) -> String {
        let mut text = String::new();
        self.write_table(&mut text).expect("writing to a string never fails");
        text
    }

    fn write_table(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "\n lot  title                      outcome  winner                        price          bids"
        )?;
        for Lot { lot, title, outcome, winner, price, bids_accepted, .. } in &self.lots {
            let winner = winner.as_ref().map_or("-".to_owned(), |winner| {
                let handle = winner.handle.as_ref().map(|handle| format!(" @{handle}")).unwrap_or_default();
                format!("paddle {}{handle}", winner.paddle)
            });
            let price = price.as_deref().unwrap_or("-");
            let title: String = title.chars().take(26).collect();
            writeln!(text, " {lot:>3}  {title:<26} {outcome:<8} {winner:<28}  {price:<13} {bids_accepted:>5}")?;
        }
        writeln!(text, "\n refusals")?;
        for (code, count) in &self.refusals {
            writeln!(text, "   {count:>6}  {code}")?;
        }
        let Latency { p50_ms, p99_ms, max_ms, count } = self.latencies;
        writeln!(text, "\n post to accepted  p50 {p50_ms} ms, p99 {p99_ms} ms, longest {max_ms} ms, {count} bids")?;
        let (written, taken_in, judged) = (self.posts_written, self.posts_in, self.posts_judged);
        writeln!(
            text,
            " posts             {written} to the house (edits counted), {taken_in} taken in, {judged} judged"
        )?;
        match &self.first_break {
            None => writeln!(text, " verified          {} ({} rows)", self.hash, self.rows),
            Some(what) => writeln!(text, " NOT VERIFIED      {what}"),
        }
    }
}
