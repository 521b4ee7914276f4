//! What a pod's object says: how far it is, where it can be asked, what keeps it from running. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition};
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::conditions::Reason;
use operator_plan::succession::{Duty, Instance, Presence, Seat};
use operator_plan::verdict::{About, Trouble};

use crate::cache::{Cache, NodeState};
use crate::object::{EPOCH, INSTANCE, REVISION};

/// A pod as we need it.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub name: String,
    /// The workload's name.
    pub workload: String,
    pub epoch: u64,
    pub revision: String,
    pub presence: Presence,
    pub seat: Seat,
    pub node: Option<String>,
    /// Where it can be asked, once it has an address.
    pub address: Option<String>,
    /// Whether its readiness gates are open.
    pub ready: bool,
    pub trouble: Option<Trouble>,
}

impl Sight {
    /// Reads a pod; `None` when it does not have our labels.
    pub(crate) fn of(object: &DynamicObject, cache: &Cache) -> Option<Self> {
        let pod: Pod = serde_json::from_value(serde_json::to_value(object).ok()?).ok()?;
        let label = |name: &str| pod.labels().get(name).cloned();
        let spec = pod.spec.as_ref();
        let status = pod.status.clone().unwrap_or_default();
        let node = spec.and_then(|spec| spec.node_name.clone());
        let leaving = node.as_deref().and_then(|node| cache.node(node)) == Some(NodeState::Leaving);
        let container = status.container_statuses.iter().flatten().next();
        let ready = condition(&pod, "Ready").is_some_and(|it| it.status == "True");
        Some(Self {
            name: pod.name_any(),
            workload: label(INSTANCE)?,
            epoch: label(EPOCH)?.parse().ok()?,
            revision: label(REVISION).unwrap_or_default(),
            presence: presence(&pod, container, ready),
            seat: if leaving { Seat::Leaving } else { Seat::Kept },
            node,
            address: status.pod_ip.clone().filter(|ip| !ip.is_empty()),
            ready,
            trouble: trouble(&pod, container),
        })
    }

    /// The pod as the succession sees it.
    pub(crate) fn instance(&self, duty: Duty) -> Instance {
        Instance { epoch: self.epoch, revision: self.revision.clone(), presence: self.presence, duty, seat: self.seat }
    }
}

fn presence(pod: &Pod, container: Option<&ContainerStatus>, ready: bool) -> Presence {
    if pod.metadata.deletion_timestamp.is_some() {
        return Presence::Going;
    }
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    if let Some("Failed" | "Succeeded") = phase {
        return Presence::Broken;
    }
    // A worker that waits for its shard's lease is started and not ready: it can take over.
    let started = container.is_some_and(|it| it.started == Some(true));
    if ready || started { Presence::Ready } else { Presence::Starting }
}

/// What keeps a pod from running, in the order in which a pod meets it.
fn trouble(pod: &Pod, container: Option<&ContainerStatus>) -> Option<Trouble> {
    let name = pod.name_any();
    let say = |reason, detail: String| Some(Trouble { reason, detail, about: About::Pods });
    if let Some(scheduled) = condition(pod, "PodScheduled").filter(|it| it.status == "False") {
        let why = scheduled.message.clone().unwrap_or_default();
        return say(Reason::Unschedulable, format!("pod {name}: {why}"));
    }
    let lost = condition(pod, "Ready").and_then(|it| it.reason.as_deref()) == Some("NodeStatusUnknown");
    if lost || pod.status.as_ref().and_then(|status| status.reason.as_deref()) == Some("NodeLost") {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
        return say(Reason::NodeLost, format!("pod {name} on node {node}"));
    }
    let waiting = container?.state.as_ref()?.waiting.as_ref()?;
    let message = waiting.message.clone().unwrap_or_default();
    let detail = format!("pod {name}: {message}");
    match waiting.reason.as_deref()? {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            say(Reason::ImagePullFailed, detail)
        }
        "CreateContainerConfigError" => Some(missing_part(&message, detail)),
        "CreateContainerError" | "RunContainerError" => say(Reason::ConfigError, detail),
        "CrashLoopBackOff" => say(Reason::CrashLooping, detail),
        _ => None,
    }
}

/// The kubelet's words for what a container refers to and does not find: `secret "a" not found`,
/// `couldn't find key b in Secret ns/a`.
fn missing_part(message: &str, detail: String) -> Trouble {
    let lower = message.to_lowercase();
    if lower.contains("couldn't find key") && lower.contains("secret") {
        Trouble { reason: Reason::SecretKeyMissing, detail, about: About::Secrets }
    } else if lower.contains("secret") && lower.contains("not found") {
        Trouble { reason: Reason::SecretNotFound, detail, about: About::Secrets }
    } else {
        Trouble { reason: Reason::ConfigError, detail, about: About::Pods }
    }
}

fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.iter().flatten().find(|condition| condition.type_ == kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::COMPONENT;

    fn sight(status: &serde_json::Value) -> Sight {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "auction-engine-a-1", "namespace": "n",
            "labels": {COMPONENT: "auction-engine", INSTANCE: "auction-engine-a", EPOCH: "1", REVISION: "r"}},
            "spec": {"containers": []}, "status": status});
        Sight::of(&serde_json::from_value(pod).unwrap(), &Cache::default()).unwrap()
    }

    fn waiting(reason: &str, message: &str) -> Sight {
        let state = json!({"waiting": {"reason": reason, "message": message}});
        sight(
            &json!({"containerStatuses": [{"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": state}]}),
        )
    }

    #[test]
    fn a_pod_that_cannot_run_says_why() {
        let missing = waiting("CreateContainerConfigError", "secret \"sothebais-database\" not found");
        let trouble = missing.trouble.unwrap();
        assert_eq!((trouble.reason, trouble.about), (Reason::SecretNotFound, About::Secrets));
        assert_eq!(trouble.detail, "pod auction-engine-a-1: secret \"sothebais-database\" not found");
        let key = waiting("CreateContainerConfigError", "couldn't find key url in Secret n/sothebais-database");
        assert_eq!(key.trouble.unwrap().reason, Reason::SecretKeyMissing);
        assert_eq!(waiting("ImagePullBackOff", "").trouble.unwrap().reason, Reason::ImagePullFailed);
        assert_eq!(waiting("ContainerCreating", "").trouble, None);
        let message = "0/1 nodes are available: 1 Insufficient cpu.";
        let conditions =
            json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]);
        let unschedulable = sight(&json!({"conditions": conditions})).trouble.unwrap();
        assert_eq!(unschedulable.reason, Reason::Unschedulable);
        assert!(unschedulable.detail.ends_with(message));
    }

    #[test]
    fn a_worker_that_waits_for_its_lease_can_take_over() {
        let status = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses":
            [{"name": "a", "image": "", "imageID": "", "ready": false, "started": true, "restartCount": 0}]});
        let started = sight(&status);
        assert_eq!((started.presence, started.ready), (Presence::Ready, false));
        assert_eq!(sight(&json!({"phase": "Failed"})).presence, Presence::Broken);
        assert_eq!(sight(&json!({})).presence, Presence::Starting);
    }
}
