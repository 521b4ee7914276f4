//! The people of a made-up crowd: the same seed gives the same people.

use serde::Serialize;

use super::author_id;
use crate::chance::Chance;
use crate::id::UserId;

const FIRST: &[&str] = &[
    "amber", "azure", "brisk", "calm", "cobalt", "coral", "dusty", "early", "faint", "gilded", "hazel", "indigo",
    "ivory", "jade", "keen", "lunar", "merry", "misty", "noble", "onyx", "pearl", "quiet", "rosy", "sable", "tidal",
    "umber", "vivid", "wry", "young", "zesty",
];

const SECOND: &[&str] = &[
    "ape", "bear", "crow", "deer", "eel", "fox", "gull", "hare", "ibis", "jay", "koi", "lark", "moth", "newt", "owl",
    "pika", "quail", "ram", "seal", "toad", "vole", "wren", "yak",
];

/// Somebody who tweets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The account's id.
    pub id: UserId,
    /// The account's handle.
    pub handle: String,
}

impl Person {
    /// The person of this handle, with the id that [`author_id`] gives.
    pub fn of_handle(handle: &str) -> Self {
        Self { id: UserId(author_id(handle)), handle: handle.to_owned() }
    }
}

/// The first `count` people of this seed, all different.
pub fn people(seed: u64, count: usize) -> Vec<Person> {
    let mut chance = Chance::new(seed, 3);
    let handle = |number: usize| {
        let (first, second) = (chance.pick(FIRST), chance.pick(SECOND));
        format!("{first}_{second}{number}")
    };
    (1..=count).map(handle).map(|handle| Person::of_handle(&handle)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::is_handle;

    #[test]
    fn people_are_different_and_the_same_for_a_seed() {
        let crowd = people(7, 500);
        assert_eq!(crowd, people(7, 500));
        assert_ne!(crowd[0], people(8, 1)[0]);
        assert!(crowd.iter().all(|p| is_handle(&p.handle)));
        assert_eq!(crowd.iter().map(|p| p.id).collect::<BTreeSet<_>>().len(), 500);
    }
}
