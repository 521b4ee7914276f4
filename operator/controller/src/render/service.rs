//! Services: a workload's name in the network. Headless, for nothing is balanced: a name leads to the instances.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use operator_plan::Unit;

use super::{labels, meta, names, ports};

/// The Service of a unit.
pub(super) fn of(unit: &Unit, namespace: &str) -> Service {
    let workload = &unit.workload;
    Service {
        metadata: meta::owned(names::service(&workload.name), namespace, labels::of_unit(unit), &unit.owners),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            selector: Some(labels::selector(&workload.name)),
            ports: Some(ports::of_service(workload.role)),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}
