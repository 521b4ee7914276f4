//! The rules of the house, pure: ladders, proxy bids, soft close, drain, reservations, clerk commands.
//!
//! Nothing here waits, reads a clock or draws a random number. [`Shard::decide`] is a pure function of the state, a
//! command and `now`; [`Shard::apply`] folds one event into the state; [`Entry`] is the canonical form of one decided
//! command, the bytes that are hashed and kept.
//!
//! Flow: a worker *reads* a command, *checks* it, asks this crate to *decide*, *acts* by committing the entry, *reports*.

pub mod auction;
pub mod clerk;
pub mod command;
pub mod configure;
pub mod counts;
pub mod decision;
pub mod entry;
pub mod event;
pub mod id;
pub mod ladder;
pub mod lot;
pub mod money;
pub(crate) mod proxy;
pub mod receipt;
pub mod refusal;
pub mod replay;
pub mod reservation;
pub mod shard;
pub mod terms;
pub mod time;
pub mod trace;

#[cfg(test)]
mod testing;

pub use auction::{Auction, Run};
pub use command::{Action, Clerk, Command, Intent, Source, SourceKind};
pub use decision::{Decision, Subject, Verdict};
pub use entry::{Entry, Hash, Head};
pub use event::{Event, HoldReason, PassReason};
pub use id::{AuctionId, BidderId, Handle, LotId, LotNumber, Paddle, Round};
pub use lot::{HalfCut, Lot, Phase};
pub use money::Wei;
pub use refusal::Refusal;
pub use shard::{Inbox, Shard};
pub use time::{Span, Timestamp};
pub use trace::TraceContext;
#[cfg(test)]
mod tests;
