//! The crowd: people who tweet. They post through `POST /2/tweets` over HTTP like anybody, each with an own token, and
//! learn nothing that a viewer could not see. `file` replays recorded posts, `direct` makes a show up from a seed;
//! both give steps, which `perform` turns into requests.

pub mod client;
pub mod direct;
pub mod file;
pub mod perform;
mod person;
mod phrase;
pub mod watch;

pub use person::{Person, people};
use sha2::{Digest, Sha256};

/// The least id that a handle can get: nineteen digits, so that no id survives a JSON number by luck.
const LEAST_ID: u64 = 1_000_000_000_000_000_000;

/// How many ids there are for handles.
const ID_SPAN: u64 = 900_000_000_000_000_000;

/// The account id of a handle that is known by its handle alone: 10^18 plus the first eight bytes (big endian) of
/// SHA-256 over `x-emulator:author:` and the lowercase handle, modulo 9 × 10^17. The same handle has the same id in
/// every run and in every program, so that its owner can be registered as a bidder beforehand.
pub fn author_id(handle: &str) -> u64 {
    let handle = handle.trim_start_matches('@').to_ascii_lowercase();
    let digest = Sha256::digest(format!("x-emulator:author:{handle}").as_bytes());
    let first = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    LEAST_ID + first % ID_SPAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_has_one_id_in_any_writing() {
        assert_eq!(author_id("@Ada"), author_id("ada"));
        assert_ne!(author_id("ada"), author_id("bob"));
        assert_eq!(author_id("ada").to_string().len(), 19);
    }
}
