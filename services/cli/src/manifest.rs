//! Manifests from a YAML file: read → check, every error with the line it stands on.
//!
//! A file holds one or several documents: `Auction`s, and the `Secret`s that they refer to.

mod locate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use operator_api::auction::{BidChannel, ReserveKind, SecretRef};
use operator_api::{Auction, FieldCode, FieldError};
use serde::Deserialize;

use crate::trouble::Trouble;
use locate::{Document, Place};

/// Larger files are not manifests.
const LARGEST_FILE: u64 = 1024 * 1024;

/// What a file asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifests {
    /// In the order of the file. Secrets of reserves have been read into them.
    pub auctions: Vec<Auction>,
}

/// The version of `Auction` that this program reads, and that of a Secret.
const AUCTION_VERSION: &str = "sothebais.io/v1alpha1";
const SECRET_VERSION: &str = "v1";

/// A Secret document, as far as it is used here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretDocument {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: SecretMetadata,
    #[serde(default)]
    string_data: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct SecretMetadata {
    name: String,
}

/// Something wrong at a place of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    place: Option<Place>,
    text: String,
}

/// Reads and checks a file whole. The error lists every fault that was found.
pub fn read(path: &Path) -> Result<Manifests, Trouble> {
    let unreadable = |what: String| {
        Trouble::new("ManifestUnreadable", what, "name a readable YAML file, such as examples/auction.yaml")
    };
    let size = std::fs::metadata(path).map(|metadata| metadata.len());
    let size = size.map_err(|error| unreadable(format!("{} cannot be read", path.display())).because(error))?;
    if size > LARGEST_FILE {
        return Err(unreadable(format!("{} has {size} bytes; a manifest has {LARGEST_FILE} at most", path.display())));
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| unreadable(format!("{} cannot be read", path.display())).because(error))?;
    parse(&text).map_err(|faults| report(path, &faults))
}

/// Checks a manifest that is part of this program.
pub fn read_text(text: &str) -> Result<Manifests, Trouble> {
    parse(text).map_err(|faults| report(Path::new("the manifest"), &faults))
}

/// Checks a text whole.
fn parse(text: &str) -> Result<Manifests, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut auctions = Vec::new();
    let mut secrets = BTreeMap::new();
    for document in locate::split(text) {
        match document.kind() {
            Ok(None) => {}
            Ok(Some(kind)) if kind == "Auction" => match typed::<Auction>(&document) {
                Ok(auction) => auctions.push((document, auction)),
                Err(fault) => faults.push(fault),
            },
            Ok(Some(kind)) if kind == "Secret" => match typed::<SecretDocument>(&document) {
                Ok(secret) => {
                    faults.extend(other_version(&document, SECRET_VERSION));
                    secrets.insert(secret.metadata.name, secret.string_data);
                }
                Err(fault) => faults.push(fault),
            },
            Ok(Some(kind)) => {
                let text = format!("kind \"{kind}\" is unknown; write Auction or Secret");
                faults.push(Fault { place: document.find("kind"), text });
            }
            Err((place, text)) => faults.push(Fault { place, text }),
        }
    }
    let mut checked = Vec::new();
    for (document, mut auction) in auctions {
        faults.extend(other_version(&document, AUCTION_VERSION));
        let mut errors = resolve(&mut auction, &secrets);
        errors.extend(unknown_members(&document));
        errors.extend(semantic(&auction));
        faults.extend(errors.into_iter().map(|error| fault(&document, &error)));
        checked.push(auction);
    }
    if checked.is_empty() && faults.is_empty() {
        faults.push(Fault { place: None, text: "the file holds no Auction".to_owned() });
    }
    faults.extend(names_twice(&checked));
    faults.extend(handles_twice(&checked));
    if faults.is_empty() { Ok(Manifests { auctions: checked }) } else { Err(faults) }
}

fn typed<T: serde::de::DeserializeOwned>(document: &Document<'_>) -> Result<T, Fault> {
    document.read().map_err(|(place, text)| Fault { place, text })
}

/// A version that is not the one that this program reads.
fn other_version(document: &Document<'_>, known: &str) -> Option<Fault> {
    let given = document.text("apiVersion").unwrap_or_default();
    let text = || format!("apiVersion \"{given}\" is unknown; write {known}");
    (given != known).then(|| Fault { place: document.find("apiVersion"), text: text() })
}

/// The rules' own errors. The UID is given when the manifest is taken up, so one that is absent now is no fault.
fn semantic(auction: &Auction) -> Vec<FieldError> {
    let mut auction = auction.clone();
    auction.metadata.uid.get_or_insert_with(|| "to-be-given".to_owned());
    operator_api::validate(&auction).err().unwrap_or_default()
}

/// The resource's own top level, whose type lets unknown members pass.
fn unknown_members(document: &Document<'_>) -> Vec<FieldError> {
    let known = |path: &str, known: &[&str]| -> Vec<FieldError> {
        let strangers = document.members(path).into_iter().filter(|member| !known.contains(&member.as_str()));
        let error = |member: String| FieldError {
            path: if path.is_empty() { member.clone() } else { format!("{path}.{member}") },
            code: FieldCode::NameUnknown,
            message: format!("unknown field `{member}`"),
            remedy: format!("remove it; known are {}", known.join(", ")),
        };
        strangers.map(error).collect()
    };
    let mut errors = known("", &["apiVersion", "kind", "metadata", "spec"]);
    errors.extend(known("metadata", &["name", "namespace", "labels", "annotations"]));
    errors
}

/// Reads the Secrets of hidden reserves into their fields.
fn resolve(auction: &mut Auction, secrets: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, lot) in auction.spec.lots.iter_mut().enumerate() {
        let Some(reserve) = &mut lot.reserve else { continue };
        let ReserveKind::Hidden = reserve.kind else { continue };
        let Some(SecretRef { name }) = &reserve.secret_ref else { continue };
        match secrets.get(name) {
            Some(secret) => {
                reserve.amount = secret.get("amount").cloned().or(reserve.amount.take());
                reserve.salt = secret.get("salt").cloned().or(reserve.salt.take());
                reserve.secret_ref = None;
            }
            None => errors.push(FieldError {
                path: format!("spec.lots[{index}].reserve.secretRef.name"),
                code: FieldCode::NameUnknown,
                message: format!("there is no Secret \"{name}\" in the file"),
                remedy: "add a Secret document with stringData.amount and stringData.salt".to_owned(),
            }),
        }
    }
    errors
}

fn names_twice(auctions: &[Auction]) -> Vec<Fault> {
    let mut seen = std::collections::BTreeSet::new();
    let names = auctions.iter().filter_map(|auction| auction.metadata.name.as_deref());
    let twice = names.filter(|name| !seen.insert(*name));
    twice.map(|name| Fault { place: None, text: format!("two auctions are called \"{name}\"") }).collect()
}

/// Auctions that would take bids through one handle at the same time: one post would be a bid in both.
fn handles_twice(auctions: &[Auction]) -> Vec<Fault> {
    let posts = auctions.iter().filter(|auction| auction.spec.bid_channels.contains(&BidChannel::X));
    let mut posts: Vec<_> =
        posts.filter_map(|auction| Some((auction.spec.house.x_handle.as_deref()?, auction))).collect();
    posts.sort_by_key(|(_, auction)| auction.spec.schedule.starts_at);
    let name = |auction: &Auction| auction.metadata.name.clone().unwrap_or_default();
    let mut faults = Vec::new();
    for (index, (handle, later)) in posts.iter().enumerate() {
        let over =
            |first: &Auction| first.spec.schedule.ends_at.is_some_and(|end| end <= later.spec.schedule.starts_at);
        let first = posts[..index].iter().find(|(other, first)| other.eq_ignore_ascii_case(handle) && !over(first));
        if let Some((_, first)) = first {
            let text = format!(
                "\"{}\" and \"{}\" take bids through @{handle} at the same time; give one another handle, or the first \
                 one a schedule.endsAt before the other starts",
                name(first),
                name(later)
            );
            faults.push(Fault { place: None, text });
        }
    }
    faults
}

fn fault(document: &Document<'_>, error: &FieldError) -> Fault {
    Fault { place: document.find(&error.path), text: error.to_string() }
}

fn report(path: &Path, faults: &[Fault]) -> Trouble {
    let mut message = format!("{} is not a valid manifest", path.display());
    for Fault { place, text } in faults {
        let at = place.map(|Place { line, column }| format!(":{line}:{column}")).unwrap_or_default();
        write!(message, "\n  {}{at}: {text}", path.display()).expect("writing to a string never fails");
    }
    Trouble::new("ManifestInvalid", message, "mend the lines named above; examples/auction.yaml shows every field")
}
