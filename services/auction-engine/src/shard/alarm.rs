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
        let wait = next.map_or(LONGEST_SLEEP, |next| wait_for(next, Timestamp(clock.now_ms())));
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

/// How long to sleep; not at all for what is due, and "at once" is the beginning of time.
fn wait_for(due: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from((due - now).0).unwrap_or(0)).min(LONGEST_SLEEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_once_is_not_waited_for() {
        let now = Timestamp(1_800_000_000_000);
        assert_eq!(wait_for(Timestamp(i64::MIN), now), Duration::ZERO);
        assert_eq!(wait_for(Timestamp(now.0 + 20), now), Duration::from_millis(20));
        assert_eq!(wait_for(Timestamp::MAX, now), LONGEST_SLEEP);
    }
}
