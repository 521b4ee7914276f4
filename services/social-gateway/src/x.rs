//! A client of X's v2 API: what it says and how it fails, as types. Knows nothing of auctions. Base URL, credentials and
//! time come in; every call is counted against X's rate limits before it is made.

pub mod client;
pub mod credentials;
pub mod endpoint;
pub mod frame;
pub mod identity;
pub mod model;
pub mod problem;
pub mod rate;
pub mod reconnect;
pub mod sign;
pub mod stream;

pub use client::Client;
pub use endpoint::Endpoint;
pub use problem::{Code, Problem};
