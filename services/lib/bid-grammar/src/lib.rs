//! bid-grammar.
