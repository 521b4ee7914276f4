//! SQL, all of it: the journal, its lease and its projections on the engine's side, the inbox between gateway and engine.

pub mod commit;
