//! Check: whether the manifest means anything. The schema has refused most of what does not; this says the rest.

use operator_api::Auction;

/// What is wrong with a manifest, all of it, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Findings(pub(super) String);

pub(super) fn check(auction: &Auction) -> Option<Findings> {
    let errors = operator_api::validate(auction).err()?;
    let lines: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.path, error.message)).collect();
    Some(Findings(lines.join("; ")))
}
