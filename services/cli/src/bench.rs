//! `sothebais bench`: programs that print figures. What bounds a figure belongs beside it, so each prints CPU time too.

pub mod cpu;
pub mod load;
