use super::*;

const EXAMPLE: &str = include_str!("../../../../examples/auction.yaml");

fn faults(text: &str) -> Vec<(u64, String)> {
    let faults = parse(text).unwrap_err();
    faults.into_iter().map(|fault| (fault.place.map_or(0, |place| place.line), fault.text)).collect()
}

fn line_of(text: &str, needle: &str) -> u64 {
    let line = text.lines().position(|line| line.contains(needle)).unwrap();
    u64::try_from(line).unwrap() + 1
}

#[test]
fn the_example_is_valid_and_its_sealed_reserve_is_read() {
    let manifests = parse(EXAMPLE).unwrap();
    assert_eq!(manifests.auctions.len(), 1);
    let lots = &manifests.auctions[0].spec.lots;
    assert_eq!(lots.len(), 3);
    let sealed = lots[2].reserve.as_ref().unwrap();
    assert_eq!((sealed.amount.as_deref(), &sealed.secret_ref), (Some("2"), &None));
}

#[test]
fn every_fault_is_named_with_its_line() {
    let text =
        EXAMPLE.replace("jumpFactor: 10", "jumpFactor: 1").replace("startingPrice: \"1\"", "startingPrice: \"one\"");
    let found = faults(&text);
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [line_of(&text, "jumpFactor: 1"), line_of(&text, "\"one\"")]);
    assert!(found[1].1.starts_with("spec.lots[2].startingPrice: \"one\" is not a decimal number"), "{found:?}");
}

#[test]
fn an_unknown_field_is_refused_at_its_line() {
    let text = EXAMPLE.replace("lotOrder:", "lotsOrder:");
    let found = faults(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].1.contains("unknown field `lotsOrder`"), "{found:?}");
    assert_eq!(found[0].0, line_of(&text, "lotsOrder:"));
    let text = EXAMPLE.replace("metadata:\n  name: genesis-night", "metadata:\n  name: genesis-night\n  nmae: x");
    assert!(faults(&text)[0].1.contains("unknown field `nmae`"));
}

#[test]
fn faults_of_a_second_document_have_the_files_line_numbers() {
    let text = EXAMPLE.replace("stringData:", "stringDatum:");
    let found = faults(&text);
    assert_eq!(found[0].0, line_of(&text, "stringDatum:"), "{found:?}");
}

#[test]
fn a_missing_secret_is_named() {
    let (auction, _) = EXAMPLE.split_once("\n---\n").unwrap();
    assert!(faults(auction)[0].1.contains("there is no Secret"));
}

#[test]
fn what_is_not_a_manifest_is_refused_without_a_panic() {
    for text in
        ["", "---\n", "# nothing\n", "[]", "just words", "kind: Pod", "kind: {}", "a: [", "\u{0}", "kind: Auction"]
    {
        assert!(!faults(text).is_empty(), "{text:?}");
    }
    let deep = "[".repeat(100_000);
    assert!(!faults(&deep).is_empty());
}

#[test]
fn a_list_of_values_is_no_lot() {
    let (head, _) = EXAMPLE.split_once("  lots:\n").unwrap();
    let text = format!("{head}  lots:\n    - [one, One, \"1\"]\n");
    assert_eq!(faults(&text)[0].0, line_of(&text, "[one, One"));
    let text = EXAMPLE.replace("  schedule:\n", "  schedule: [\"2026-11-24T18:00:00Z\"]\n  schedulf:\n");
    assert!(!faults(&text).is_empty());
}

#[test]
fn two_auctions_of_one_name_are_refused() {
    let text = format!("{EXAMPLE}\n---\n{EXAMPLE}");
    assert!(faults(&text).iter().any(|(_, text)| text.contains("two auctions")));
}

#[test]
fn another_version_of_the_manifest_is_refused_at_its_line() {
    for (known, other) in
        [("apiVersion: sothebais.io/v1alpha1", "apiVersion: sothebais.io/v2"), ("apiVersion: v1\n", "apiVersion: v2\n")]
    {
        let text = EXAMPLE.replace(known, other);
        let found = faults(&text);
        assert!(found[0].1.contains("is unknown; write"), "{found:?}");
        assert_eq!(found[0].0, line_of(&text, other.trim_end()));
    }
}

#[test]
fn two_auctions_at_once_on_one_handle_are_refused_and_one_after_the_other_is_not() {
    let two = |first_ends: &str| {
        let (auction, secret) = EXAMPLE.split_once("\n---\n").unwrap();
        let spec = |name: &str, starts: &str| {
            let named = auction.replace("name: genesis-night", &format!("name: {name}"));
            let start = named.lines().find(|line| line.trim_start().starts_with("startsAt:")).unwrap();
            let indent = &start[..start.len() - start.trim_start().len()];
            named.replace(start, &format!("{indent}startsAt: {starts}"))
        };
        let first = spec("first", &format!("2030-01-01T18:00:00Z{first_ends}"));
        format!("{first}\n---\n{}\n---\n{secret}", spec("second", "2030-01-02T18:00:00Z"))
    };
    let found = faults(&two(""));
    assert!(found.iter().any(|(_, text)| text.contains("at the same time")), "{found:?}");
    let parsed = parse(&two("\n    endsAt: 2030-01-02T00:00:00Z"));
    assert!(parsed.is_ok(), "{parsed:?}");
}
