//! Reads a lot's journal for the public.

use auction_core::{AuctionId, LotNumber};
use store::PgPool;
use wire::rest::BidLine;

use crate::public;

/// Up to `limit` rows of a lot after `after`, in the order of its chain.
pub(crate) async fn read(
    pool: &PgPool,
    shard: &str,
    lot: (&AuctionId, LotNumber),
    after: u64,
    limit: u16,
) -> Result<Vec<BidLine>, store::Error> {
    let after = after.min(i64::MAX.unsigned_abs());
    let rows = store::journal::lot_page(pool, shard, lot, after, u32::from(limit)).await?;
    rows.iter().map(|row| Ok(public::bid_line(row.seq, &row.decode()?, &row.hash))).collect()
}
