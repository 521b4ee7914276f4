//! `conformance.jsonl`, case by case.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{Code, Outcome, Post, Reading, Reference, explain_again, read};

const CASES: &str = include_str!("../../conformance.jsonl");
/// What X lets one post hold.
const POST_CHARACTERS: usize = 280;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    text: String,
    #[serde(default)]
    reference: Reference,
    expect: Expectation,
    why: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expectation {
    Understood { kind: String, amount_wei: Option<String>, lot: Option<u32> },
    Explained { kind: String, code: String },
}

fn cases() -> Vec<Case> {
    CASES.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn reading_of(case: &Case) -> Reading {
    read(&Post { text: &case.text, reference: case.reference }, "sothebais")
}

fn as_expectation(reading: Reading) -> Expectation {
    let understood = |kind: &str, amount_wei, lot| Expectation::Understood { kind: kind.to_owned(), amount_wei, lot };
    let explained = |kind: &str, code: Code| Expectation::Explained { kind: kind.to_owned(), code: code.to_string() };
    match reading {
        Reading::Bid { amount_wei, lot } => understood("bid", Some(amount_wei.to_string()), lot),
        Reading::MaxBid { amount_wei, lot } => understood("max_bid", Some(amount_wei.to_string()), lot),
        Reading::NextBid { lot } => understood("next_bid", None, lot),
        Reading::BuyNow { lot } => understood("buy_now", None, lot),
        Reading::Refused(why) => explained("refused", why.code),
        Reading::NotABid(why) => explained("not_a_bid", why.code),
    }
}

#[test]
fn every_case_is_read_as_written() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let got = as_expectation(reading_of(case));
            (got != case.expect).then(|| {
                format!("{} ({}): {:?}\n  expected {:?}\n  got      {got:?}", case.id, case.why, case.text, case.expect)
            })
        })
        .collect();
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_file_is_broad_and_covers_every_code() {
    let cases = cases();
    assert!(cases.len() >= 600);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "an id stands twice");
    let texts: BTreeMap<(&str, bool), &str> =
        cases.iter().map(|case| ((case.text.as_str(), case.reference == Reference::None), case.id.as_str())).collect();
    assert!(texts.len() * 100 >= cases.len() * 99, "texts repeat");
    let covered: BTreeSet<String> = cases
        .iter()
        .filter_map(|case| match &case.expect {
            Expectation::Explained { code, .. } => Some(code.clone()),
            Expectation::Understood { .. } => None,
        })
        .collect();
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| !covered.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn an_explanation_fits_a_post_and_mentions_nobody() {
    for case in cases() {
        let (Reading::Refused(why) | Reading::NotABid(why)) = reading_of(&case) else { continue };
        let length = why.message.chars().count() + 1 + why.remedy.chars().count();
        assert!(length <= POST_CHARACTERS, "{}: {length} characters", case.id);
        assert!(!why.message.contains(['@', '\n']) && !why.message.contains("{read}"), "{}: {}", case.id, why.message);
        assert!(!why.remedy.contains("{house}"), "{}: {}", case.id, why.remedy);
    }
}

#[test]
fn a_refusal_is_explained_again_from_its_text_and_in_general_without() {
    for case in cases() {
        let Reading::Refused(why) = reading_of(&case) else { continue };
        let code = why.code.as_str();
        let post = Post { text: &case.text, reference: case.reference };
        let general = explain_again(code, None, "sothebais").unwrap();
        assert_eq!(general.remedy, why.remedy);
        assert!(!general.message.contains("{read}"), "{}", general.message);
        assert_eq!(explain_again(code, Some(&post), "@sothebais"), Some(why));
        let edited = Post { text: "@sothebais bid 1.5 ETH", reference: Reference::None };
        assert_eq!(explain_again(code, Some(&edited), "sothebais"), Some(general));
    }
    assert_eq!(explain_again("BelowIncrement", None, "sothebais"), None);
}

#[test]
fn a_code_is_either_a_refusal_or_silence() {
    for case in cases() {
        match reading_of(&case) {
            Reading::Refused(why) => assert_eq!(why.code.outcome(), Outcome::Refused),
            Reading::NotABid(why) => assert_eq!(why.code.outcome(), Outcome::NotABid),
            Reading::Bid { .. } | Reading::MaxBid { .. } | Reading::NextBid { .. } | Reading::BuyNow { .. } => {}
        }
    }
}
