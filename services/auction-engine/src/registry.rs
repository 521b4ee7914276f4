//! Changes of the bidders' registry into the shard's journal, in their order.

use std::time::Duration;

use bootstrap::chain;
use store::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use xtra::WeakAddress;

use crate::shard::actor::ShardActor;
use crate::shard::house::Register;

/// The registry is read at least this often; a change made through this worker's API is read at once.
const POLL: Duration = Duration::from_millis(500);

/// Changes read at once.
const PAGE: u32 = 1_000;

/// Reads changes until `stopping`. `bell` wakes it.
pub(crate) async fn run(
    pool: PgPool,
    shard: WeakAddress<ShardActor>,
    mut bell: watch::Receiver<u64>,
    stopping: CancellationToken,
) {
    let mut version = 0;
    loop {
        match store::bidder::changes(&pool, version, PAGE).await {
            Ok(changes) => {
                if let Some(last) = changes.last() {
                    version = last.version;
                    // The rows are durable some milliseconds later; if they never are, the next worker reads them again.
                    if shard.send(Register(changes)).await.is_err() {
                        return;
                    }
                    continue;
                }
            }
            Err(error) => tracing::warn!(error = %chain(&error), "the bidders' registry could not be read"),
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = bell.changed() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
