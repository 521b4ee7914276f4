//! auction-engine.
