//! Log lines: one flat JSON object each (`ts level target msg service version trace_id …fields`), the last ones kept in
//! memory, a noisy call site held to a few lines a second.

mod flat;
mod flood;
mod recent;
mod rotate;

pub use flat::Flat;
pub use flood::FloodGate;
pub use recent::Recent;
pub use rotate::Rotating;
