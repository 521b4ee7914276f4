//! Names of children: the same every time, so that a write which happened twice is one object.

use sha2::{Digest as _, Sha256};

/// What a DNS label holds, and what a label's value may hold.
pub const LONGEST: usize = 63;

/// An instance's name is its workload's, a hyphen and its epoch. Ten digits of epoch outlast everything.
const LONGEST_STEM: usize = LONGEST - 11;

/// Digits of the hash that stands for what was cut off: one pair in 2^20 names of the same beginning would meet.
const HASH_DIGITS: usize = 10;

/// The Service of a workload, and the value of its `instance` label.
pub fn service(workload: &str) -> String {
    fit(workload, LONGEST_STEM)
}

/// The pod of a workload's instance.
pub fn instance(workload: &str, epoch: u64) -> String {
    format!("{}-{epoch}", service(workload))
}

/// `name` as a DNS label, or a cut of it with a hash where it is none.
pub fn label(name: &str) -> String {
    fit(name, LONGEST)
}

/// `name` with an ending, as a DNS label.
pub fn with_ending(name: &str, ending: &str) -> String {
    format!("{}-{ending}", fit(name, LONGEST - ending.len() - 1))
}

/// The first digits of a SHA-256 in hexadecimal.
pub fn digest(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(HASH_DIGITS).map(digit).collect()
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).expect("half a byte is a hexadecimal digit")
}

fn fit(name: &str, longest: usize) -> String {
    if name.len() <= longest && is_label(name) {
        return name.to_owned();
    }
    let plain = |letter: char| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' };
    let kept: String = name.chars().map(plain).take(longest - HASH_DIGITS - 1).collect();
    let kept = match kept.trim_matches('-') {
        "" => "x",
        kept => kept,
    };
    format!("{kept}-{}", digest(name.as_bytes()))
}

fn is_label(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_fits_is_kept_and_a_longer_one_keeps_its_beginning() {
        assert_eq!(service("auction-engine-genesis-night"), "auction-engine-genesis-night");
        assert_eq!(instance("auction-engine-genesis-night", 3), "auction-engine-genesis-night-3");
        let long = format!("auction-engine-{}", "night".repeat(20));
        assert!(service(&long).starts_with("auction-engine-nightnight") && service(&long).len() == LONGEST_STEM);
        assert_ne!(service(&long), service(&format!("{long}x")));
    }

    #[test]
    fn a_name_with_dots_does_not_meet_the_one_with_hyphens() {
        assert_ne!(label("genesis.night"), label("genesis-night"));
        assert!(is_label(&label("9th.night")) && is_label(&label("...")));
    }

    proptest! {
        #[test]
        fn every_name_is_a_label_and_no_two_meet(
            names in proptest::collection::btree_set("[a-z0-9][a-z0-9.-]{0,120}[a-z0-9]", 1..200),
            epoch in 0_u64..=9_999_999_999,
        ) {
            let mut seen = BTreeMap::new();
            for name in &names {
                for made in [service(name), label(name), instance(name, epoch), with_ending(name, "publisher")] {
                    prop_assert!(is_label(&made) && made.len() <= LONGEST, "{made}");
                }
                prop_assert_eq!(seen.insert(service(name), name), None);
            }
        }
    }
}
