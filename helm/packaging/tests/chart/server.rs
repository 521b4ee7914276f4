//! Every rendering is taken by a real API server: strictly, and without a word of warning.
//!
//! `with-servers --control-plane` names one in the environment.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use packaging::kustomize;
use serde_json::{Value, json};

use super::renderings::{OVERLAYS, all, overlay, tool};
use super::schemas::FOREIGN;

/// One call of kubectl, the API server's part included.
const DEADLINE: &str = "--request-timeout=60s";

/// What the server says to objects; a dry run unless `really`.
fn apply(objects: &[Value], really: bool) -> Result<usize, String> {
    let kubeconfig = std::env::var_os("TEST_KUBECONFIG").expect("run this under `with-servers --control-plane`");
    let mut command = Command::new(tool("kubectl"));
    command.args(["apply", "--server-side", "--force-conflicts", "--validate=strict", DEADLINE, "--filename=-"]);
    if !really {
        command.arg("--dry-run=server");
    }
    let mut kubectl = command
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    kubectl
        .stdin
        .take()
        .expect("it was piped")
        .write_all(list.to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    let output = kubectl.wait_with_output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A warning is what a namespace says of pods that its standard would refuse.
    if !output.status.success() || said.contains("Warning") {
        return Err(said);
    }
    Ok(String::from_utf8_lossy(&output.stdout).matches("serverside-applied").count())
}

/// Namespaces that refuse pods which are not restricted, and say so of what makes pods.
fn make_namespaces(objects: &[Value]) {
    let names: BTreeSet<String> =
        objects.iter().map(|object| kustomize::identity(object).1).filter(|name| !name.is_empty()).collect();
    let namespace = |name: &String| {
        let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted" });
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
    };
    apply(&names.iter().map(namespace).collect::<Vec<_>>(), true).unwrap();
}

#[test]
fn every_rendering_is_taken_by_the_api_server() {
    let mut renderings: Vec<(String, Vec<Value>)> =
        all().iter().map(|(name, objects)| ((*name).to_owned(), objects.clone())).collect();
    renderings.extend(OVERLAYS.iter().map(|name| (format!("overlay {name}"), overlay(name))));
    for (name, objects) in renderings {
        let own = |object: &Value| !FOREIGN.contains(&object["kind"].as_str().unwrap_or_default());
        let objects: Vec<Value> = objects.into_iter().filter(own).collect();
        make_namespaces(&objects);
        assert_eq!(apply(&objects, false), Ok(objects.len()), "{name}");
    }
}

#[test]
fn a_field_that_does_not_exist_is_refused() {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s", "namespace": "default" },
        "spec": { "ports": [{ "port": 1, "prot": "TCP" }] },
    });
    let refusal = apply(&[service], false).unwrap_err();
    assert!(refusal.contains("prot"), "{refusal}");
}
