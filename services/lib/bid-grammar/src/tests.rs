//! The grammar as its users see it.
