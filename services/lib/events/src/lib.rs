//! Events as the world outside the engine sees them: `CloudEvents` 1.0 as JSON, one a row of the journal. Pure.
//!
//! What is hidden stays hidden: no maximum bid, no hidden reserve and no salt ever gets into an event.

pub mod catalogue;
pub mod data;
pub mod doc;
pub mod envelope;

pub use envelope::{CloudEvent, of_row};
