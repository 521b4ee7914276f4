//! Every rendering is strictly valid on every version of Kubernetes that we serve.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::renderings::{OVERLAYS, all, chart, overlay, root, run, tool};

/// Kinds that are not Kubernetes' own; their definitions are the Prometheus operator's.
pub(super) const FOREIGN: [&str; 2] = ["PodMonitor", "PrometheusRule"];

#[test]
fn helm_finds_nothing_to_complain_about() {
    run(Command::new(tool("helm")).args(["lint", "--strict"]).arg(chart())).unwrap();
}

#[test]
fn every_rendering_is_strictly_valid_from_1_33_to_1_37() {
    let mut entries: Vec<Value> = Vec::new();
    for (name, objects) in all() {
        entries.extend(objects.iter().map(|object| json!({ "from": name, "object": object })));
    }
    for name in OVERLAYS {
        entries.extend(overlay(name).iter().map(|object| json!({ "from": name, "object": object })));
    }
    let (unknown, faults): (BTreeSet<String>, BTreeSet<String>) =
        check(&entries).lines().map(str::to_owned).partition(|line| line.starts_with("unknown "));
    assert_eq!(faults, BTreeSet::new());
    assert_eq!(unknown, FOREIGN.iter().map(|kind| format!("unknown {kind}")).collect());
}

#[test]
fn an_unknown_field_is_found() {
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s" },
        "spec": { "ports": [{ "port": 1, "prot": "TCP" }] },
    });
    let faults = check(&[json!({ "from": "here", "object": object })]);
    assert!(faults.contains("prot"), "{faults}");
}

fn check(entries: &[Value]) -> String {
    let mut checker =
        Command::new(root().join(".ci/strict-schemas")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    checker.stdin.take().unwrap().write_all(&serde_json::to_vec(entries).unwrap()).unwrap();
    let output = checker.wait_with_output().unwrap();
    assert!(output.status.success(), "the checker failed");
    String::from_utf8(output.stdout).unwrap()
}
