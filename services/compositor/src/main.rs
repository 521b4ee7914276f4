//! The compositor.

fn main() {}
