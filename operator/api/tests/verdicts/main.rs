//! What the API server takes and what it refuses, case by case, and that no bound and no rule is without a case.
#![expect(clippy::unwrap_used, reason = "a table or a definition that cannot be read fails its test")]

mod coverage;
mod server;
mod table;

use std::collections::BTreeMap;

use operator_api::definitions;
use serde_json::Value;
use table::{Case, Table, Wanted};

/// The cases of one kind and the schema that they are about.
struct Subject {
    kind: String,
    plural: String,
    schema: Value,
    cases: Vec<Case>,
    dormant: Vec<String>,
}

fn subjects() -> Vec<Subject> {
    let tables: BTreeMap<&str, &str> =
        [("Auction", include_str!("auction.yaml")), ("Stream", include_str!("stream.yaml"))].into();
    let subject =
        |definition: &k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition| {
            let (kind, plural) = (definition.spec.names.kind.clone(), definition.spec.names.plural.clone());
            let table: Table = serde_saphyr::from_str(tables[kind.as_str()]).unwrap();
            let schema = serde_json::to_value(&definition.spec.versions[0].schema).unwrap()["openAPIV3Schema"].take();
            Subject { cases: table.cases(&kind), dormant: table.dormant(), kind, plural, schema }
        };
    definitions().iter().map(subject).collect()
}

#[test]
fn every_bound_and_every_rule_has_cases_and_every_case_a_bound_or_rule() {
    for Subject { kind, schema, cases, dormant, plural: _ } in subjects() {
        let (missing, idle) = coverage::compare(&schema, &cases, &dormant);
        assert!(missing.is_empty(), "{kind}: without an accepting or a refusing case: {missing:#?}");
        assert!(idle.is_empty(), "{kind}: cases about nothing: {idle:#?}");
        assert!(cases.len() >= 60, "{kind} has {} cases", cases.len());
    }
}

/// The schema alone, without rules and list types, which only the API server knows.
#[test]
fn the_schemas_own_verdicts_are_those_of_the_table() {
    for Subject { kind, schema, cases, plural: _, dormant: _ } in subjects() {
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let mut wrong = Vec::new();
        for case in &cases {
            let ours = case.subject.starts_with("rule: ") || case.subject.ends_with(" unique");
            let wanted = match &case.wanted {
                Wanted::Refused(_) if ours => continue,
                Wanted::Refused(_) => false,
                Wanted::Accepted => true,
            };
            if validator.is_valid(&case.object) != wanted {
                wrong.push(format!("{} should be {:?}", case.name, case.wanted));
            }
        }
        assert!(wrong.is_empty(), "{kind}: {wrong:#?}");
    }
}

#[tokio::test]
async fn the_api_servers_verdicts_are_those_of_the_table() {
    let client = testkit::kubernetes::admin_client().await.unwrap();
    let namespace = testkit::kubernetes::namespace(&client).await.unwrap();
    for Subject { kind, plural, cases, schema: _, dormant: _ } in subjects() {
        let path = format!("/apis/sothebais.io/v1alpha1/namespaces/{namespace}/{plural}");
        let wrong = server::wrong(&server::Collection { client: client.clone(), path }, &cases).await;
        assert!(wrong.is_empty(), "{kind}: {} of {} cases: {wrong:#?}", wrong.len(), cases.len());
    }
}

/// `crds/` is what everybody installs.
#[test]
fn the_committed_definitions_are_the_generated_ones() {
    for definition in definitions() {
        let name = definition.metadata.name.clone().unwrap();
        let path = format!("{}/../../crds/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let committed: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(committed, serde_json::to_value(definition).unwrap(), "{name}: run just generate");
    }
}

#[test]
fn the_examples_are_read_by_the_types() {
    let text = |name: &str| {
        std::fs::read_to_string(format!("{}/../../examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let show: operator_api::Auction = serde_saphyr::from_str(&text("show")).unwrap();
    let stream: operator_api::Stream = serde_saphyr::from_str(&text("stream")).unwrap();
    assert!(show.spec.stream.unwrap().template.unwrap().outputs[0].is_required());
    assert!(!stream.spec.outputs[1].is_required());
}
