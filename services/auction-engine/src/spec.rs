//! From the manifests of `PUT /v1/spec` to the terms that the rules take. Pure; every wrong field is named by a JSON
//! pointer into the request's body.

use std::collections::BTreeMap;

use auction_core::AuctionId;
use auction_core::terms::AuctionTerms;
use operator_api::auction::RunState;
use operator_api::{Auction, FieldError};
use serde_json::Value;
use wire::json::BadJson;
use wire::problem::Fault;

/// Wrong fields that one answer lists; whoever has more corrects these first.
const MAX_FAULTS: usize = 100;

/// What one manifest asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) auction: AuctionId,
    pub(crate) terms: AuctionTerms,
    pub(crate) run_state: RunState,
}

/// Reads all manifests, or says what is wrong with any of them.
pub(crate) fn read(manifests: &[Value]) -> Result<Vec<Wanted>, Vec<Fault>> {
    let mut wanted = Vec::with_capacity(manifests.len());
    let mut faults = Vec::new();
    let mut names = BTreeMap::new();
    for (index, manifest) in manifests.iter().enumerate() {
        match read_one(index, manifest) {
            Ok(one) => {
                if let Some(first) = names.insert(one.auction.clone(), index) {
                    faults.push(Fault {
                        at: format!("/auctions/{index}/metadata/name"),
                        code: "FieldDuplicate".into(),
                        detail: format!("\"{}\" is also the name of /auctions/{first}", one.auction),
                        remedy: "give each auction a name of its own".into(),
                    });
                }
                wanted.push(one);
            }
            Err(wrong) => faults.extend(wrong),
        }
        if faults.len() >= MAX_FAULTS {
            faults.truncate(MAX_FAULTS);
            break;
        }
    }
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}

fn read_one(index: usize, manifest: &Value) -> Result<Wanted, Vec<Fault>> {
    let auction: Auction = wire::json::read_value(manifest).map_err(|bad| {
        let (at, detail) = match bad {
            BadJson::Malformed(detail) => (String::new(), detail),
            BadJson::Wrong { at, problem } => (at, problem),
        };
        let remedy = "correct the field; unknown fields are not allowed".into();
        vec![Fault { at: format!("/auctions/{index}{at}"), code: "FieldMalformed".into(), detail, remedy }]
    })?;
    let terms = operator_api::validate(&auction)
        .map_err(|errors| errors.into_iter().map(|error| field_fault(index, error)).collect::<Vec<_>>())?;
    let name = auction.metadata.name.as_deref().expect("a valid manifest has a name");
    let auction_id = AuctionId::new(name).expect("a valid manifest's name is a DNS label");
    Ok(Wanted { auction: auction_id, terms, run_state: auction.spec.run_state })
}

fn field_fault(index: usize, error: FieldError) -> Fault {
    let FieldError { path, code, message, remedy } = error;
    Fault { at: format!("/auctions/{index}{}", pointer(&path)), code: code.to_string(), detail: message, remedy }
}

/// `spec.lots[1].startingPrice` becomes `/spec/lots/1/startingPrice`.
fn pointer(path: &str) -> String {
    let mut pointer = String::with_capacity(path.len() + 1);
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        pointer.push('/');
        pointer.push_str(part.trim_end_matches(']'));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Value {
        json!({
            "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction",
            "metadata": {"name": "spring", "uid": "u-1", "generation": 3},
            "spec": {
                "title": "Spring", "house": {"xHandle": "sothebais"}, "schedule": {"startsAt": "2026-11-24T18:00:00Z"},
                "lots": [{"id": "one", "title": "One", "startingPrice": "0.5"}],
            },
        })
    }

    #[test]
    fn a_manifest_becomes_terms_in_wei() {
        let wanted = read(&[manifest()]).unwrap();
        assert_eq!(wanted[0].auction.as_str(), "spring");
        assert_eq!(wanted[0].terms.generation, 3);
        assert_eq!(wanted[0].terms.lots[0].opening_bid, 500_000_000_000_000_000_u128.into());
    }

    #[test]
    fn each_wrong_field_is_named_by_a_pointer_with_code_and_remedy() {
        let mut wrong_amount = manifest();
        wrong_amount["spec"]["lots"][0]["startingPrice"] = json!("1e3");
        let mut wrong_type = manifest();
        wrong_type["metadata"]["name"] = json!("other");
        wrong_type["spec"]["lots"][0]["title"] = json!(7);
        let mut wrong_shape = manifest();
        wrong_shape["metadata"]["name"] = json!("third");
        wrong_shape["spec"]["lots"][0] = json!(["one", "One", "0.5"]);
        let faults = read(&[wrong_amount, wrong_type, wrong_shape]).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| (fault.at.as_str(), fault.code.as_str())).collect();
        assert_eq!(
            places,
            [
                ("/auctions/0/spec/lots/0/startingPrice", "FieldMalformed"),
                ("/auctions/1/spec/lots/0/title", "FieldMalformed"),
                ("/auctions/2/spec/lots/0", "FieldMalformed")
            ]
        );
        assert!(faults.iter().all(|fault| !fault.remedy.is_empty()));
    }

    #[test]
    fn two_auctions_of_one_name_are_refused() {
        let faults = read(&[manifest(), manifest()]).unwrap_err();
        assert_eq!(faults[0].at, "/auctions/1/metadata/name");
    }
}
