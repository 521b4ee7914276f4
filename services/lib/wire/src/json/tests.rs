use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::rest::{BidRequest, BidderLine, ClerkRequest, SpecRequest};
use crate::socket::ClientMessage;

fn problem<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    read::<T>(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_list_of_values_is_no_object() {
    assert!(read::<BidRequest>(br#"{"lot":2,"kind":"bid","amount_wei":"1"}"#).is_ok());
    let list = "one JSON object belongs here, not a list";
    assert_eq!(problem::<BidRequest>(r#"[2,"bid","1"]"#), list);
    assert_eq!(problem::<BidderLine>(r#"["74",null,null,null,"active",null]"#), list);
    assert_eq!(problem::<ClerkRequest>(r#"["release_lot",1]"#), list);
    assert_eq!(problem::<SpecRequest>("[0,[]]"), list);
    assert!(ClientMessage::read(r#"["ping"]"#).is_err());
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Outer {
    #[serde(default)]
    inner: Option<Inner>,
    #[serde(default)]
    all: Vec<Inner>,
    #[serde(default)]
    named: BTreeMap<String, Inner>,
    #[serde(default)]
    either: Option<Either>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Inner {
    a: u32,
    b: i64,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Either {
    Plain,
    Held { a: u32 },
    One(Inner),
}

#[test]
fn a_list_of_values_is_no_object_at_any_depth() {
    for (text, at) in [
        (r#"{"inner":[1,2]}"#, "/inner"),
        (r#"{"all":[{"a":1,"b":2},[1,2]]}"#, "/all/1"),
        (r#"{"named":{"x/y":[1,2]}}"#, "/named/x~1y"),
        (r#"{"either":{"held":[1]}}"#, "/either"),
        (r#"{"either":{"one":[1,2]}}"#, "/either"),
    ] {
        let expected = BadJson::Wrong { at: at.into(), problem: "an object belongs here, not a list".into() };
        assert_eq!(read::<Outer>(text.as_bytes()), Err(expected), "{text}");
    }
    let good = r#"{"inner":{"a":1,"b":-2},"all":[],"named":{"x":{"a":1,"b":2}},"either":{"held":{"a":1}}}"#;
    assert_eq!(read::<Outer>(good.as_bytes()).unwrap().either, Some(Either::Held { a: 1 }));
    assert_eq!(read::<Outer>(br#"{"either":"plain"}"#).unwrap().either, Some(Either::Plain));
    assert_eq!(
        read::<Outer>(br#"{"either":{"one":{"a":1,"b":2}}}"#).unwrap().either,
        Some(Either::One(Inner { a: 1, b: 2 }))
    );
}

#[test]
fn every_error_names_its_place_in_our_own_words() {
    for (text, expected) in [
        (
            r#"{"inner":{"a":-1,"b":2}}"#,
            "/inner/a: a whole number from 0 to 4294967295 belongs here, not the number -1",
        ),
        (
            r#"{"inner":{"a":1.5,"b":2}}"#,
            "/inner/a: a whole number from 0 to 4294967295 belongs here, not the number 1.5",
        ),
        (r#"{"inner":{"a":1}}"#, "/inner: the field \"b\" is missing"),
        (r#"{"inner":{"a":1,"b":2,"a":3}}"#, "/inner/a: the field \"a\" is there twice"),
        (r#"{"tip":1}"#, "/tip: \"tip\" is not a field here; the fields are inner, all, named, either"),
        (r#"{"either":"neither"}"#, "/either: \"neither\" is none of plain, held, one"),
        (r#"{"either":7}"#, "/either: one of plain, held, one belongs here, not a number"),
        (r#"{"all":{}}"#, "/all: a list belongs here, not an object"),
        (r#"{"named":"x"}"#, "/named: an object belongs here, not \"x\""),
        ("{", "the JSON ends too early"),
        ("{} x", "this is not JSON: line 1, column 4 cannot be read"),
        ("{'a':1}", "this is not JSON: line 1, column 2 cannot be read"),
        ("7", "one JSON object belongs here, not a number"),
    ] {
        assert_eq!(problem::<Outer>(text), expected, "{text}");
    }
    assert_eq!(
        problem::<BidRequest>(r#"{"kind":"bid","amount_wei":5}"#),
        "/amount_wei: a decimal string of whole wei belongs here, not the number 5"
    );
}

#[test]
fn a_part_of_a_text_is_read_by_the_same_rule() {
    let value = serde_json::json!({"inner": [1, 2]});
    assert!(read_value::<Outer>(&value).unwrap_err().to_string().starts_with("/inner: an object"));
    let value = serde_json::json!({"inner": {"a": 1, "b": 2}});
    assert_eq!(read_value::<Outer>(&value).unwrap().inner, Some(Inner { a: 1, b: 2 }));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let deep = format!("{{\"inner\":{}", "[".repeat(100_000));
    assert!(matches!(read::<Outer>(deep.as_bytes()), Err(BadJson::Malformed(_))));
}
