//! sothebais.
