//! The grammar as its users see it: the conformance file, the examples of the documentation, and properties.

mod conformance;
mod documentation;
mod properties;
