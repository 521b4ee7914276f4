//! The registry of keys and channels. Anything else in Redis is a bug.

/// Stream of a shard's decided commands, ids `{seq}-0`, field `event`.
pub fn out(shard: &str) -> String {
    format!("out:{shard}")
}

/// Set of the shards that have a stream.
pub const OUT_INDEX: &str = "out:index";

/// Channel of an auction's prices.
pub fn live_auction(auction: &str) -> String {
    format!("rt:auction:{auction}")
}

/// Channel that rings when a handle's inbox has grown, or its audit is asked for or done.
pub fn nudge(handle: &str) -> String {
    format!("nudge:{handle}")
}
