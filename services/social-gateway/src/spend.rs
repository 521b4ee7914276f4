//! What X charges: a versioned price list, a meter that counts as X does, and a breaker that turns sources off before a
//! show costs more than it may. All pure; [`crate::ledger`] keeps it in the database.

pub mod breaker;
pub mod meter;
pub mod price;

pub use breaker::Level;
pub use meter::Meter;
pub use price::{Item, Prices};
