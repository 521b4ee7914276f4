//! The one container of a pod: image, arguments, environment, files, probes, what it may use and what it may not do.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, Container, HTTPGetAction, Probe, ResourceRequirements, SecurityContext,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use operator_plan::Role;
use operator_plan::{Resources, Unit};

use super::context::Context;
use super::environment::Environment;
use super::ports;
use super::volumes;

/// Apply to Ready is seconds; asking each second costs a local request.
const READINESS_PERIOD_SECONDS: i32 = 1;
/// Three in a row: what does not answer for half a minute is wedged, and a restart in place is the remedy.
const LIVENESS_PERIOD_SECONDS: i32 = 10;
const LIVENESS_FAILURES: i32 = 3;
/// A busy machine answers late; late is not wedged.
const PROBE_TIMEOUT_SECONDS: i32 = 5;

/// The container of a unit's instances.
pub(super) fn of(unit: &Unit, environment: Environment, context: &Context) -> Container {
    let workload = &unit.workload;
    Container {
        name: workload.role.program().to_owned(),
        image: Some(context.images.of(workload.role)),
        image_pull_policy: Some(context.images.pull_policy.clone()),
        args: Some(workload.arguments.iter().map(|argument| argument.replace("$(", "$$(")).collect()),
        env: Some(environment.variables),
        ports: Some(ports::of_container(workload.role)),
        readiness_probe: Some(Probe { period_seconds: Some(READINESS_PERIOD_SECONDS), ..probe("/readyz") }),
        liveness_probe: Some(Probe {
            period_seconds: Some(LIVENESS_PERIOD_SECONDS),
            failure_threshold: Some(LIVENESS_FAILURES),
            ..probe("/livez")
        }),
        resources: Some(resources(workload.role, &unit.resources)),
        security_context: Some(confined()),
        volume_mounts: Some(volumes::mounts(workload.role, &environment.files)),
        ..Container::default()
    }
}

/// Programs answer on their health port before anything else, so no start needs a patience of its own.
fn probe(path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(ports::HEALTH.to_owned()),
            ..HTTPGetAction::default()
        }),
        timeout_seconds: Some(PROBE_TIMEOUT_SECONDS),
        ..Probe::default()
    }
}

/// Memory is promised and bounded by the same number, so a node under pressure looks elsewhere first. The processor is
/// promised and not bounded: a bound would stop an encoder in the middle of a frame.
fn resources(role: Role, wished: &Resources) -> ResourceRequirements {
    let (cpu, memory) = usual(role);
    let cpu = Quantity(wished.cpu_request.clone().unwrap_or_else(|| cpu.to_owned()));
    let memory = Quantity(wished.memory.clone().unwrap_or_else(|| memory.to_owned()));
    let named = |name: &str, quantity: &Quantity| (name.to_owned(), quantity.clone());
    ResourceRequirements {
        requests: Some(BTreeMap::from([named("cpu", &cpu), named("memory", &memory)])),
        limits: Some(BTreeMap::from([named("memory", &memory)])),
        ..ResourceRequirements::default()
    }
}

/// Processor and memory where nobody asks for others.
const fn usual(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::XEmulator | Role::SocialGateway => ("50m", "128Mi"),
        Role::EngineWorker => ("100m", "256Mi"),
        // 720p30 with x264 is about one core.
        Role::Compositor => ("1", "768Mi"),
    }
}

/// What the namespace's `restricted` level wants of a container, and a root that cannot be written.
fn confined() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        ..SecurityContext::default()
    }
}
