//! The kustomize base is the chart with its defaults, and nothing of Helm is left in it.

use std::collections::BTreeMap;
use std::process::Command;

use packaging::kustomize::{self, identity, without_helm};
use serde_json::Value;

use super::renderings::{OVERLAYS, overlay, render, root, run, tool};

fn by_identity(objects: Vec<Value>) -> BTreeMap<(String, String, String), Value> {
    objects.into_iter().map(|object| (identity(&object), object)).collect()
}

fn base() -> Vec<Value> {
    let built = run(Command::new(tool("kubectl")).arg("kustomize").arg(root().join("kustomize/base"))).unwrap();
    kustomize::documents(&built).unwrap()
}

#[test]
fn the_base_is_the_chart_with_its_defaults() {
    let chart = by_identity(render(&[]).into_iter().map(without_helm).collect());
    let base = by_identity(base());
    assert_eq!(chart.keys().collect::<Vec<_>>(), base.keys().collect::<Vec<_>>());
    for (identity, object) in chart {
        assert_eq!(base[&identity], object, "{identity:?}: run `just generate`");
    }
}

#[test]
fn nothing_of_helm_is_left_in_the_base() {
    let text = serde_json::to_string(&base()).unwrap();
    for word in ["helm.sh", "\"Helm\""] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn every_overlay_builds_and_runs_the_operator_once_at_least() {
    for name in OVERLAYS {
        let objects = overlay(name);
        let operator =
            objects.iter().find(|object| identity(object).2 == "sothebais-operator" && object["kind"] == "Deployment");
        assert!(operator.unwrap()["spec"]["replicas"].as_u64() >= Some(1), "{name}");
        let namespaces: Vec<_> = objects.iter().filter(|object| object["kind"] == "Namespace").collect();
        assert_eq!(namespaces[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted", "{name}");
        let own = &identity(namespaces[0]).2;
        for object in &objects {
            let (kind, namespace, _) = identity(object);
            assert!(namespace.is_empty() || namespace == *own, "{name}: {kind} stands in {namespace}");
        }
    }
}

#[test]
fn the_kind_overlay_is_a_rehearsal_with_everything_in_it() {
    let objects = overlay("kind");
    let text = serde_json::to_string(&objects).unwrap();
    assert!(text.contains(r#"{"name":"REHEARSAL","value":"true"}"#));
    assert!(!text.contains("AUTH_JWKS_URL"));
    for secret in [
        "sothebais-database",
        "sothebais-redis",
        "sothebais-receipt-key",
        "sothebais-operator-key",
        "sothebais-rehearsal-keys",
    ] {
        assert!(objects.iter().any(|object| object["kind"] == "Secret" && identity(object).2 == secret), "{secret}");
    }
}

#[test]
fn production_has_alerts_and_no_trial_server() {
    let kinds: Vec<String> = overlay("production").iter().map(|object| identity(object).0).collect();
    assert!(kinds.contains(&"PrometheusRule".to_owned()) && kinds.contains(&"PodMonitor".to_owned()));
    assert!(!kinds.contains(&"StatefulSet".to_owned()));
}

#[test]
fn a_component_takes_the_network_policies_out() {
    let copy = tempfile::tempdir().unwrap();
    run(Command::new("cp").arg("-r").arg(root().join("kustomize")).arg(copy.path().join("kustomize"))).unwrap();
    let overlay = copy.path().join("kustomize/overlays/open");
    std::fs::create_dir(&overlay).unwrap();
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base]\ncomponents: [../../components/without-network-policies]\n";
    std::fs::write(overlay.join("kustomization.yaml"), kustomization).unwrap();
    let built = run(Command::new(tool("kubectl")).arg("kustomize").arg(&overlay)).unwrap();
    assert!(!built.contains("kind: NetworkPolicy") && built.contains("kind: Deployment"));
}
