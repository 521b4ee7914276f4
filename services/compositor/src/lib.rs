//! The compositor: one per Stream; renders, encodes once and pushes to every output.
