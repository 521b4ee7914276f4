//! The publishers' account: compositors may read and renew the publisher leases of their namespace's streams, by name, and
//! nothing else. The operator's own leader lease may be in the same namespace.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use operator_plan::{House, publisher_lease};

use crate::object::{Kind, Object};
use crate::render::{labels, meta};

/// The name of the account, of its Role and of what binds them.
pub const PUBLISHER: &str = "sothebais-publisher";

const RBAC: &str = "rbac.authorization.k8s.io";

/// The account of a namespace that has streams.
pub(super) fn of(house: &House) -> Vec<Object> {
    if house.streams.is_empty() {
        return Vec::new();
    }
    let namespace = house.namespace.as_str();
    let metadata = || meta::shared(PUBLISHER, namespace, labels::managed());
    let account = ServiceAccount {
        metadata: metadata(),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let role = Role {
        metadata: metadata(),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec!["coordination.k8s.io".to_owned()]),
            resources: Some(vec!["leases".to_owned()]),
            resource_names: Some(house.streams.iter().map(|stream| publisher_lease(stream)).collect()),
            verbs: ["get", "update"].map(str::to_owned).to_vec(),
            ..PolicyRule::default()
        }]),
    };
    let binding = RoleBinding {
        metadata: metadata(),
        role_ref: RoleRef { api_group: Some(RBAC.to_owned()), kind: "Role".to_owned(), name: PUBLISHER.to_owned() },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: PUBLISHER.to_owned(),
            namespace: Some(namespace.to_owned()),
            api_group: None,
        }]),
    };
    vec![
        Object::new(Kind::ServiceAccount, &account),
        Object::new(Kind::Role, &role),
        Object::new(Kind::RoleBinding, &binding),
    ]
}
