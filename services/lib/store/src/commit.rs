//! The one statement that makes a batch durable.

/// Rows that one commit may hold.
pub const MAX_BATCH_ROWS: usize = 4_096;
