//! Pods are such as the restricted standard takes, and names fit.

use std::process::Command;

use packaging::kustomize;
use serde_json::{Value, json};

use super::renderings::{all, chart, run, tool};

/// The pod template of an object that has one.
fn pod(object: &Value) -> Option<&Value> {
    match object["kind"].as_str()? {
        "Deployment" | "StatefulSet" | "Job" => Some(&object["spec"]["template"]["spec"]),
        "Pod" => Some(&object["spec"]),
        _ => None,
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["containers", "initContainers"].into_iter().filter_map(|list| pod[list].as_array()).flatten()
}

#[test]
fn every_pod_is_restricted() {
    let mut pods = 0;
    for (name, objects) in all() {
        for object in objects {
            let Some(pod) = pod(object) else { continue };
            pods += 1;
            let of = format!("{name}: {:?}", kustomize::identity(object));
            assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true), "{of}");
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], json!("RuntimeDefault"), "{of}");
            assert_eq!(pod["enableServiceLinks"], json!(false), "{of}");
            for forbidden in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod[forbidden].is_null(), "{of}");
            }
            for container in containers(pod) {
                let security = &container["securityContext"];
                assert_eq!(security["allowPrivilegeEscalation"], json!(false), "{of}");
                assert_eq!(security["readOnlyRootFilesystem"], json!(true), "{of}");
                assert_eq!(security["capabilities"]["drop"], json!(["ALL"]), "{of}");
                assert!(container["resources"]["limits"]["memory"].is_string(), "{of} has no memory limit");
                assert!(container["resources"]["limits"]["cpu"].is_null(), "{of} has a limit of its processor");
            }
        }
    }
    assert!(pods > 20, "{pods} pods were looked at");
}

#[test]
fn only_the_operator_has_a_token_of_the_cluster() {
    for (name, objects) in all() {
        for object in objects {
            let Some(pod) = pod(object) else { continue };
            let component = object["metadata"]["labels"]["app.kubernetes.io/component"].as_str().unwrap_or_default();
            let has_none = pod["automountServiceAccountToken"] == json!(false);
            assert_eq!(has_none, component != "operator", "{name}: {component}");
        }
    }
}

#[test]
fn every_object_has_the_labels_that_everybody_selects_by() {
    for (name, objects) in all() {
        for object in objects {
            let labels = &object["metadata"]["labels"];
            for label in ["name", "instance", "component", "part-of", "version", "managed-by"] {
                let label = format!("app.kubernetes.io/{label}");
                assert!(labels[&label].is_string(), "{name}: {:?} has no {label}", kustomize::identity(object));
            }
        }
    }
}

#[test]
fn names_of_a_release_with_a_long_name_fit() {
    let rendered = run(Command::new(tool("helm"))
        .args(["template", &"a".repeat(53)])
        .arg(chart())
        .args(["--namespace", &"n".repeat(63)])
        .args(["--set", "trial.postgres.enabled=true,trial.redis.enabled=true,monitoring.dashboards=true"]));
    for object in kustomize::documents(&rendered.unwrap()).unwrap() {
        let (kind, _, name) = kustomize::identity(&object);
        // What belongs to no namespace carries the namespace's name and may be longer.
        let most = if ["ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"].contains(&kind.as_str()) {
            253
        } else {
            63
        };
        assert!(name.len() <= most, "{kind} {name}");
    }
}

#[test]
fn a_dashboard_fits_into_its_config_map() {
    for (name, objects) in all() {
        for object in objects.iter().filter(|object| object["kind"] == "ConfigMap") {
            let bytes = object["data"].to_string().len();
            assert!(bytes < 900 * 1024, "{name}: {bytes} bytes");
        }
    }
}
