use serde_json::{Value, json};

use super::*;

fn manifest() -> Value {
    json!({
        "apiVersion": "sothebais.io/v1alpha1",
        "kind": "Auction",
        "metadata": {"name": "genesis-night", "uid": "8a7c", "generation": 3},
        "spec": {
            "title": "Genesis Night",
            "house": {"xHandle": "Sothebais"},
            "schedule": {"startsAt": "2026-12-01T20:00:00Z"},
            "lots": [
                {"id": "lot-1", "title": "First", "startingPrice": "0.5"},
                {"id": "lot-2", "title": "Second", "startingPrice": "1", "durationSeconds": 30, "tick": "0.01"}
            ]
        }
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut manifest = manifest();
    *manifest.pointer_mut(path).expect("the path is in the manifest") = value;
    manifest
}

fn check(manifest: Value) -> Result<AuctionTerms, Vec<FieldError>> {
    validate(&serde_json::from_value(manifest).unwrap())
}

fn only_error(manifest: Value) -> (String, FieldCode) {
    let errors = check(manifest).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (errors[0].path.clone(), errors[0].code)
}

#[test]
fn a_manifest_becomes_terms_with_the_defaults_filled_in() {
    let terms = check(manifest()).unwrap();
    assert_eq!(terms.handle.unwrap().as_str(), "sothebais");
    assert_eq!(terms.generation, 3);
    assert_eq!(terms.drain, Span::from_secs(10));
    assert_eq!(terms.audit, AuditPolicy::Required { deadline: Span::from_secs(60) });
    assert_eq!(terms.lots[0].duration, Span::from_secs(600));
    assert_eq!(terms.lots[1].duration, Span::from_secs(30));
    assert_eq!(terms.lots[1].number, LotNumber(2));
    assert_eq!(terms.lots[0].ladder.version, "default/v1");
}

#[test]
fn every_error_is_found_in_one_reading() {
    let mut manifest = with("/spec/lots/0/startingPrice", json!("0.0000000001"));
    manifest["spec"]["lots"][1]["id"] = json!("lot-1");
    manifest["spec"]["house"]["xHandle"] = json!("not a handle");
    let paths: Vec<_> = check(manifest).unwrap_err().into_iter().map(|error| error.path).collect();
    assert_eq!(paths, ["spec.house.xHandle", "spec.lots[0].startingPrice", "spec.lots[1].id"]);
}

#[test]
fn a_rule_of_the_defaults_is_reported_once_and_at_the_defaults() {
    let mut manifest = manifest();
    manifest["spec"]["lotDefaults"] = json!({"jumpFactor": 1});
    assert_eq!(only_error(manifest), ("spec.lotDefaults.jumpFactor".into(), FieldCode::FieldOutOfRange));
}

#[test]
fn bids_by_post_need_a_handle() {
    assert_eq!(only_error(with("/spec/house", json!({}))), ("spec.house.xHandle".into(), FieldCode::FieldMissing));
    let mut web = with("/spec/house", json!({}));
    web["spec"]["bidChannels"] = json!(["web"]);
    assert_eq!(check(web).unwrap().audit, AuditPolicy::NotNeeded);
}

#[test]
fn a_reserve_below_the_starting_price_is_refused() {
    let mut manifest = manifest();
    manifest["spec"]["lots"][0]["reserve"] = json!({"kind": "Public", "amount": "0.4"});
    assert_eq!(only_error(manifest), ("spec.lots[0].reserve".into(), FieldCode::FieldsConflict));
}

#[test]
fn a_starting_price_off_the_tick_is_refused() {
    let manifest = with("/spec/lots/1/startingPrice", json!("1.005"));
    assert_eq!(only_error(manifest), ("spec.lots[1].startingPrice".into(), FieldCode::FieldsConflict));
}

#[test]
fn a_fixed_step_and_a_public_reserve_can_be_written_short_but_not_twice() {
    let mut manifest = manifest();
    manifest["spec"]["lots"][0]["minIncrement"] = json!("0.05");
    manifest["spec"]["lots"][0]["reservePrice"] = json!("0.7");
    let lot = check(manifest.clone()).unwrap().lots.remove(0);
    assert_eq!(lot.ladder.kind, auction_core::terms::LadderKind::Fixed(50_000_000_000_000_000.into()));
    assert_eq!(lot.reserve, auction_core::terms::Reserve::Public(700_000_000_000_000_000.into()));
    manifest["spec"]["lots"][0]["ladder"] = json!({"table": "default/v1"});
    manifest["spec"]["lots"][0]["reserve"] = json!({"kind": "Public", "amount": "0.7"});
    let paths: Vec<_> = check(manifest).unwrap_err().into_iter().map(|error| error.path).collect();
    assert_eq!(paths, ["spec.lots[0].minIncrement", "spec.lots[0].reservePrice"]);
}

#[test]
fn the_lots_must_fit_between_start_and_end() {
    let ends_at = |time: &str| {
        let mut manifest = manifest();
        manifest["spec"]["schedule"]["endsAt"] = json!(time);
        manifest
    };
    assert!(check(ends_at("2026-12-01T20:10:35Z")).is_ok());
    let path = "spec.schedule.endsAt".to_owned();
    assert_eq!(only_error(ends_at("2026-12-01T20:10:34Z")), (path.clone(), FieldCode::FieldsConflict));
    assert_eq!(only_error(ends_at("2026-12-01T19:00:00Z")), (path, FieldCode::FieldsConflict));
}

#[test]
fn a_hidden_reserve_must_match_its_commitment() {
    let salt = format!("0x{}", "11".repeat(32));
    let wrong = format!("0x{}", "22".repeat(32));
    let mut manifest = manifest();
    manifest["spec"]["lots"][0]["reserve"] =
        json!({"kind": "Hidden", "amount": "2", "salt": salt, "commitment": wrong});
    let errors = check(manifest.clone()).unwrap_err();
    assert_eq!(errors[0].path, "spec.lots[0].reserve.commitment");
    let right = errors[0].remedy.split(' ').nth(1).unwrap();
    manifest["spec"]["lots"][0]["reserve"]["commitment"] = json!(right);
    assert!(matches!(check(manifest).unwrap().lots[0].reserve, auction_core::terms::Reserve::Hidden { .. }));
}

#[test]
fn a_half_cut_is_allowed_unless_the_defaults_or_the_lot_forbid_it() {
    let firm = |manifest: Value| -> Vec<bool> {
        check(manifest).unwrap().lots.iter().map(|lot| lot.ladder.is_firm()).collect()
    };
    assert_eq!(firm(manifest()), [false, false]);
    let mut manifest = manifest();
    manifest["spec"]["lotDefaults"] = json!({"halfCut": "Forbidden"});
    assert_eq!(firm(manifest.clone()), [true, true]);
    manifest["spec"]["lots"][1]["halfCut"] = json!("Allowed");
    manifest["spec"]["lots"][0]["minIncrement"] = json!("0.05");
    assert_eq!(firm(manifest), [true, false]);
}

#[test]
fn a_ladder_is_given_once_and_ascends_from_zero() {
    let ladder = |ladder: Value| {
        let mut manifest = manifest();
        manifest["spec"]["lots"][0]["ladder"] = ladder;
        manifest
    };
    let twice = ladder(json!({"table": "default/v1", "fixed": "1"}));
    assert_eq!(only_error(twice), ("spec.lots[0].ladder".into(), FieldCode::FieldsConflict));
    let unknown = ladder(json!({"table": "nobody/v1"}));
    assert_eq!(only_error(unknown), ("spec.lots[0].ladder.table".into(), FieldCode::NameUnknown));
    let descending = ladder(json!({"rungs": [{"from": "0", "step": "0.1"}, {"from": "0", "step": "0.2"}]}));
    assert_eq!(only_error(descending), ("spec.lots[0].ladder.rungs[1].from".into(), FieldCode::FieldsConflict));
}

#[test]
fn unknown_fields_are_refused_wherever_they_stand() {
    for path in ["/spec", "/spec/house", "/spec/schedule", "/spec/lots/0"] {
        let mut manifest = manifest();
        manifest.pointer_mut(path).unwrap()["minimumIncrement"] = json!("1");
        let error = serde_json::from_value::<Auction>(manifest).unwrap_err().to_string();
        assert!(error.contains("unknown field `minimumIncrement`"), "{path}: {error}");
    }
}

#[test]
fn the_resource_definition_is_structural_and_freezes_what_must_not_change() {
    let crd = serde_json::to_value(crate::auction_crd()).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let text = spec.to_string();
    assert!(text.contains("currency is immutable"));
    assert!(text.contains("a cancelled auction stays cancelled"));
    assert!(!text.contains("\"additionalProperties\":false"), "structural schemas do not allow it beside properties");
    assert!(!text.contains("\"format\":\"uint"), "schemas hold no unsigned numbers");
    assert!(!text.contains("\"format\":\"double\""), "schemas hold no floats");
    assert_eq!(spec["properties"]["lots"]["x-kubernetes-list-map-keys"], json!(["id"]));
}
