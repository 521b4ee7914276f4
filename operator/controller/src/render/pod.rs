//! Pods: instances of a unit. Bare ones, for the operator itself orders their replacement: make, then break.

use k8s_openapi::api::core::v1::{
    Affinity, LocalObjectReference, Pod, PodAffinityTerm, PodAntiAffinity, PodSecurityContext, PodSpec, SeccompProfile,
    Toleration, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use operator_plan::Role;
use operator_plan::{Apart, Place, Unit};

use super::context::Context;
use super::{container, environment, house, labels, meta, names, volumes};
use crate::object::{EPOCH, REVISION};

/// The user and group that the images are made for.
const NONROOT: i64 = 65_532;
/// How long a pod stays on a node that has gone silent. The default is five minutes of dead air.
const SILENT_NODE_SECONDS: i64 = 10;

/// The pods of a unit, one for each instance.
pub(super) fn of(unit: &Unit, namespace: &str, context: &Context) -> Vec<Pod> {
    let template = template(unit, context);
    let revision = hash(&template);
    unit.instances.iter().map(|place| instance(unit, place, &template, &revision, namespace)).collect()
}

/// The template that a new instance of `unit` would be made from, as a short hash. Neither epoch nor protection change it.
pub fn revision(unit: &Unit, context: &Context) -> String {
    hash(&template(unit, context))
}

fn hash(template: &PodSpec) -> String {
    // Maps in it are ordered and its fields are written in a fixed order, so equal templates are equal bytes.
    names::digest(&serde_json::to_vec(template).expect("a pod's spec has text keys alone"))
}

fn instance(unit: &Unit, place: &Place, template: &PodSpec, revision: &str, namespace: &str) -> Pod {
    let mut labels = labels::of_unit(unit);
    labels.insert(EPOCH.to_owned(), place.epoch.to_string());
    labels.insert(REVISION.to_owned(), revision.to_owned());
    labels.extend(labels::protection(place.protection));
    let name = names::instance(&unit.workload.name, place.epoch);
    let mut metadata = meta::owned(name, namespace, labels, &unit.owners);
    let annotations = labels::hands_off(place.protection);
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    let affinity = match place.apart {
        Apart::No => None,
        Apart::FromElders => Some(apart(&unit.workload.name)),
    };
    Pod { metadata, spec: Some(PodSpec { affinity, ..template.clone() }), status: None }
}

/// What all instances have in common.
fn template(unit: &Unit, context: &Context) -> PodSpec {
    let workload = &unit.workload;
    let environment = environment::of(workload, context);
    let volumes = volumes::of(workload.role, &environment.files);
    let scheduling = &unit.scheduling;
    let usual = Some(&context.neighbours.priority_class).filter(|class| !class.is_empty());
    let priority = scheduling.priority_class.as_ref().or(usual).cloned();
    PodSpec {
        containers: vec![container::of(unit, environment, context)],
        volumes: Some(volumes),
        restart_policy: Some("Always".to_owned()),
        termination_grace_period_seconds: Some(workload.grace_seconds),
        // A Service called `redis` would set REDIS_PORT, which is one of our own names.
        enable_service_links: Some(false),
        automount_service_account_token: Some(renews_lease(workload.role)),
        service_account_name: renews_lease(workload.role).then(|| house::PUBLISHER.to_owned()),
        security_context: Some(unprivileged()),
        priority_class_name: priority,
        node_selector: (!scheduling.node_selector.is_empty()).then(|| scheduling.node_selector.clone()),
        tolerations: Some(tolerations(unit)),
        image_pull_secrets: pull_secrets(context),
        ..PodSpec::default()
    }
}

/// Only who renews a lease has a token.
const fn renews_lease(role: Role) -> bool {
    match role {
        Role::Compositor => true,
        Role::XEmulator | Role::EngineWorker | Role::SocialGateway => false,
    }
}

/// What the namespace's `restricted` level wants of a pod.
fn unprivileged() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(NONROOT),
        run_as_group: Some(NONROOT),
        fs_group: Some(NONROOT),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

fn tolerations(unit: &Unit) -> Vec<Toleration> {
    let silent = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(|key| Toleration {
        key: Some(key.to_owned()),
        operator: Some("Exists".to_owned()),
        effect: Some("NoExecute".to_owned()),
        toleration_seconds: Some(SILENT_NODE_SECONDS),
        value: None,
    });
    let wished = unit.scheduling.tolerations.iter().map(|wished| Toleration {
        key: wished.key.clone(),
        operator: wished.operator.clone(),
        value: wished.value.clone(),
        effect: wished.effect.clone(),
        toleration_seconds: wished.seconds,
    });
    silent.into_iter().chain(wished).collect()
}

/// Away from the other instances of the workload if there is a node for it. Not at any price: on a cluster of one node
/// the successor stands beside its elder.
fn apart(workload: &str) -> Affinity {
    let elders = PodAffinityTerm {
        label_selector: Some(LabelSelector {
            match_labels: Some(labels::selector(workload)),
            ..LabelSelector::default()
        }),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![WeightedPodAffinityTerm {
                weight: 100,
                pod_affinity_term: elders,
            }]),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    }
}

fn pull_secrets(context: &Context) -> Option<Vec<LocalObjectReference>> {
    let names = &context.images.pull_secrets;
    let secrets = || names.iter().map(|name| LocalObjectReference { name: name.clone() }).collect();
    (!names.is_empty()).then(secrets)
}
