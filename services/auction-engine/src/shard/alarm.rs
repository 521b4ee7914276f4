//! Rings the shard when time makes something due. It decides nothing: the actor asks its state what is due, if anything.

use std::time::Duration;

use auction_core::Timestamp;
use bootstrap::clock::Clock;
use tokio::sync::watch;
use xtra::WeakAddress;

use super::actor::{Due, ShardActor};

/// The longest sleep before the clock is read again: the wall clock may be set while we sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Runs until the actor is gone. `deadline` is the next due time, if any.
pub(crate) async fn run(
    clock: Clock,
    mut deadline: watch::Receiver<Option<Timestamp>>,
    shard: WeakAddress<ShardActor>,
) {
    loop {
        let next = *deadline.borrow_and_update();
        let wait = next.map_or(LONGEST_SLEEP, |next| {
            Duration::from_millis(u64::try_from(next.0 - clock.now_ms()).unwrap_or(0)).min(LONGEST_SLEEP)
        });
        tokio::select! {
            changed = deadline.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {
                if shard.send(Due).await.is_err() {
                    return;
                }
                let due = next.is_some_and(|next| next.0 <= clock.now_ms());
                if due && *deadline.borrow() == next {
                    // What was due is waiting for something else (a full batch); look again a little later.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
}
