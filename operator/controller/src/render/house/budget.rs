//! The budget that no eviction of a protected pod ever fits into.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use operator_plan::Protection;

use crate::render::{labels, meta};

/// The name of every namespace's budget.
pub const BUDGET: &str = "sothebais-live";

/// More pods than there will ever be. A whole number needs no `scale` of the pods' owner; `maxUnavailable: 0` needs one,
/// and would let one of two go at a hand-over.
pub const NEVER: i32 = 1_000_000;

/// One budget for all that is protected: going live is a label on a pod, not a new object that must be believed first.
pub(super) fn of(namespace: &str) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: meta::shared(BUDGET, namespace, labels::managed()),
        spec: Some(PodDisruptionBudgetSpec {
            min_available: Some(IntOrString::Int(NEVER)),
            selector: Some(LabelSelector {
                match_labels: Some(labels::protection(Protection::Protected)),
                ..LabelSelector::default()
            }),
            // The default holds unready pods as well, and that is what is wanted.
            unhealthy_pod_eviction_policy: None,
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}
