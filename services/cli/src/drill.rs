//! `sothebais drill`: real processes under load, killed and paused at random instants, and a judge that works from the
//! clients' own record of what they were told.

pub mod check;
pub mod evidence;
