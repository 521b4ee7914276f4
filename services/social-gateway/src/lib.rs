//! The social gateway: reads what people post to the auction house on X, keeps it in the house's inbox for the engine,
//! and answers within X's rules and a budget. The only program that holds X's credentials.
//!
//! [`x`] is X's API, [`ingest`] reads, [`inbox`] writes, [`spend`] and [`ledger`] count money, [`reply`] answers, [`http`]
//! shows. [`run`] puts them together.

pub mod args;
pub mod board;
pub mod http;
pub mod inbox;
pub mod ingest;
pub mod ledger;
pub mod observe;
pub mod reply;
pub mod run;
pub mod spend;
pub mod x;
