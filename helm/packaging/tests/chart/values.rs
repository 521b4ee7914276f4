//! Values: all known, wrong ones refused, and what they change.

use std::process::Command;

use packaging::values;
use serde_json::{Value, json};

use super::renderings::{chart, render, run, tool};

fn text(file: &str) -> String {
    std::fs::read_to_string(chart().join(file)).unwrap()
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    fn compare(path: &str, defaults: &Value, schema: &Value) {
        let Some(fields) = defaults.as_object() else { return };
        if schema["additionalProperties"] == json!(true) {
            return;
        }
        assert_eq!(schema["additionalProperties"], json!(false), "{path} takes anything");
        for (key, value) in fields {
            let property = &schema["properties"][key];
            assert!(property["description"].is_string(), "{path}.{key} is not in the schema");
            compare(&format!("{path}.{key}"), value, property);
        }
    }
    let defaults: Value = serde_saphyr::from_str(&text("values.yaml")).unwrap();
    let schema: Value = serde_json::from_str(&text("values.schema.json")).unwrap();
    compare("", &defaults, &schema);
    assert_eq!(schema, values::schema(&values::read(&text("values.yaml")).unwrap()), "run `just generate`");
}

/// What helm says to one setting.
fn refused(setting: &str) -> String {
    run(Command::new(tool("helm")).args(["template", "x"]).arg(chart()).args(["--set", setting])).unwrap_err()
}

#[test]
fn a_value_that_nobody_reads_is_refused() {
    for (setting, about) in [
        ("operator.replica=3", "replica"),
        ("operator.replicas=many", "replicas"),
        ("operator.replicas=0", "replicas"),
        ("operator.scope=Everywhere", "scope"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("monitoring.intervalSeconds=0", "intervalSeconds"),
        ("crds.install=perhaps", "install"),
        ("trail.postgres.enabled=true", "trail"),
    ] {
        let complaint = refused(setting);
        assert!(complaint.contains(about), "{setting}: {complaint}");
    }
}

fn environment<'a>(objects: &'a [Value], name: &str) -> Option<&'a str> {
    let deployment = objects
        .iter()
        .find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == "sothebais-operator")?;
    let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array()?;
    env.iter().find(|variable| variable["name"] == name)?["value"].as_str()
}

#[test]
fn a_rehearsal_tells_the_operator_and_brings_the_issuers_keys() {
    let objects = render(&["rehearsal.enabled=true", "rehearsal.jwks=the-keys"]);
    assert_eq!(environment(&objects, "REHEARSAL"), Some("true"));
    assert_eq!(environment(&objects, "AUTH_JWKS_URL"), None);
    let secret = objects.iter().find(|object| object["kind"] == "Secret").unwrap();
    assert_eq!(secret["stringData"]["jwks.json"], "the-keys");
    assert_eq!(environment(&render(&[]), "REHEARSAL"), None);
}

#[test]
fn by_default_no_secret_is_made_and_no_server_is_started() {
    let kinds: Vec<Value> = render(&[]).iter().map(|object| object["kind"].clone()).collect();
    assert!(!kinds.contains(&json!("Secret")) && !kinds.contains(&json!("StatefulSet")), "{kinds:?}");
}

#[test]
fn a_namespaced_operator_has_rights_in_its_namespace_only() {
    let objects = render(&["operator.watchCluster=false", "aggregatedRoles=false"]);
    assert!(!objects.iter().any(|object| object["kind"] == "ClusterRoleBinding"));
    let objects = render(&["operator.scope=Cluster"]);
    assert!(objects.iter().any(|object| object["kind"] == "ClusterRoleBinding"));
    // Without this variable the operator serves every namespace.
    assert!(!serde_json::to_string(&objects).unwrap().contains("WATCH_NAMESPACE"));
}

#[test]
fn no_role_reads_secrets_enters_pods_or_has_a_wildcard() {
    for object in render(&["operator.scope=Cluster"]) {
        for rule in object["rules"].as_array().into_iter().flatten() {
            let rule = rule.to_string();
            for forbidden in ["\"secrets\"", "pods/exec", "\"*\"", "escalate", "impersonate", "\"bind\""] {
                assert!(!rule.contains(forbidden), "{rule}");
            }
        }
    }
}

/// The name of the Job that brings the schema up to date.
fn migrations(settings: &[&str]) -> String {
    let objects = render(settings);
    let job = objects.iter().find(|object| object["kind"] == "Job").unwrap();
    job["metadata"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn the_migrations_run_again_when_what_they_run_changes_and_only_then() {
    let usual = migrations(&[]);
    assert_eq!(migrations(&["operator.replicas=3"]), usual);
    assert_ne!(migrations(&["image.tag=0.2.0"]), usual);
    assert_ne!(migrations(&["database.secret=another"]), usual);
}

#[test]
fn definitions_stay_when_the_release_goes_unless_asked_otherwise() {
    let kept = |settings: &[&str]| {
        let objects = render(settings);
        let crds: Vec<_> = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition").collect();
        assert!(!crds.is_empty());
        crds.iter().all(|crd| crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep")
    };
    assert!(kept(&[]));
    assert!(!kept(&["crds.keep=false"]));
}
