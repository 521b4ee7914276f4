//! What the operator writes: objects of a closed set of kinds, as JSON that holds only what we own.

use kube::api::ApiResource;
use serde::Serialize;
use serde_json::Value;

/// The label that all our objects carry; caches hold nothing else.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Its value, and the name of our field manager.
pub const MANAGER: &str = "sothebais-operator";
/// The label of an auction's objects.
pub const AUCTION: &str = "sothebais.io/auction";
/// The label of a stream's objects.
pub const STREAM: &str = "sothebais.io/stream";
/// The label of an instance's epoch.
pub const EPOCH: &str = "sothebais.io/epoch";
/// The label of the template that an instance was made from.
pub const REVISION: &str = "sothebais.io/revision";
/// `"true"` while an instance may not be evicted.
pub const PROTECTED: &str = "sothebais.io/protected";
/// The annotation that tells what was applied last: a hash of the manifest.
pub const APPLIED: &str = "sothebais.io/applied";
/// The program that a pod runs.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// The workload that an instance belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";

/// The kinds that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    ServiceAccount,
    Role,
    RoleBinding,
    NetworkPolicy,
    PodDisruptionBudget,
    ConfigMap,
    Lease,
    Service,
    Pod,
    /// Named in errors; never written as a child.
    Auction,
    Stream,
    Certificate,
    Middleware,
    IngressRoute,
    IngressRouteTcp,
}

/// How much of an object is ours for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grip {
    /// All that the manifest has: applied again when it differs.
    Whole,
    /// Labels, annotations and owners: a pod's template is fixed once it exists.
    Metadata,
    /// Nothing but the first form: its holder renews it.
    FirstForm,
}

/// Whose definition has to be installed before a kind can be written or watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    Kubernetes,
    Traefik,
    CertManager,
}

impl Kind {
    /// Those that are written as children, in the order in which they are written.
    pub const ALL: [Self; 14] = [
        Self::ServiceAccount,
        Self::Role,
        Self::RoleBinding,
        Self::NetworkPolicy,
        Self::PodDisruptionBudget,
        Self::ConfigMap,
        Self::Lease,
        Self::Service,
        Self::Pod,
        Self::Stream,
        Self::Certificate,
        Self::Middleware,
        Self::IngressRoute,
        Self::IngressRouteTcp,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceAccount => "ServiceAccount",
            Self::Role => "Role",
            Self::RoleBinding => "RoleBinding",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::ConfigMap => "ConfigMap",
            Self::Lease => "Lease",
            Self::Service => "Service",
            Self::Pod => "Pod",
            Self::Auction => "Auction",
            Self::Stream => "Stream",
            Self::Certificate => "Certificate",
            Self::Middleware => "Middleware",
            Self::IngressRoute => "IngressRoute",
            Self::IngressRouteTcp => "IngressRouteTCP",
        }
    }

    pub const fn provider(self) -> Provider {
        match self {
            Self::ServiceAccount
            | Self::Role
            | Self::RoleBinding
            | Self::NetworkPolicy
            | Self::PodDisruptionBudget
            | Self::ConfigMap
            | Self::Lease
            | Self::Service
            | Self::Pod
            | Self::Auction
            | Self::Stream => Provider::Kubernetes,
            Self::Certificate => Provider::CertManager,
            Self::Middleware | Self::IngressRoute | Self::IngressRouteTcp => Provider::Traefik,
        }
    }

    pub const fn grip(self) -> Grip {
        match self {
            Self::Pod => Grip::Metadata,
            Self::Lease => Grip::FirstForm,
            Self::ServiceAccount
            | Self::Role
            | Self::RoleBinding
            | Self::NetworkPolicy
            | Self::PodDisruptionBudget
            | Self::ConfigMap
            | Self::Service
            | Self::Auction
            | Self::Stream
            | Self::Certificate
            | Self::Middleware
            | Self::IngressRoute
            | Self::IngressRouteTcp => Grip::Whole,
        }
    }

    /// Group, version and plural, as the API server serves them.
    pub fn resource(self) -> ApiResource {
        let (group, version, plural) = match self {
            Self::ServiceAccount => ("", "v1", "serviceaccounts"),
            Self::Role => ("rbac.authorization.k8s.io", "v1", "roles"),
            Self::RoleBinding => ("rbac.authorization.k8s.io", "v1", "rolebindings"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "networkpolicies"),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
            Self::ConfigMap => ("", "v1", "configmaps"),
            Self::Lease => ("coordination.k8s.io", "v1", "leases"),
            Self::Service => ("", "v1", "services"),
            Self::Pod => ("", "v1", "pods"),
            Self::Auction => (operator_api::GROUP, operator_api::VERSION, "auctions"),
            Self::Stream => (operator_api::GROUP, operator_api::VERSION, "streams"),
            Self::Certificate => ("cert-manager.io", "v1", "certificates"),
            Self::Middleware => ("traefik.io", "v1alpha1", "middlewares"),
            Self::IngressRoute => ("traefik.io", "v1alpha1", "ingressroutes"),
            Self::IngressRouteTcp => ("traefik.io", "v1alpha1", "ingressroutetcps"),
        };
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version,
            kind: self.as_str().to_owned(),
            plural: plural.to_owned(),
        }
    }
}

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub namespace: String,
    pub kind: Kind,
    pub name: String,
}

/// One object as it should be: nothing but the fields that we own.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub id: Id,
    /// With `apiVersion`, `kind` and `metadata`.
    pub manifest: Value,
}

impl Object {
    /// Takes a typed object. Fields that are null are left out: applying a null would claim it.
    ///
    /// # Panics
    /// When the object has no name or namespace, or does not serialise: a bug of the renderer.
    pub fn new<T: Serialize>(kind: Kind, typed: &T) -> Self {
        let mut manifest = serde_json::to_value(typed).expect("rendered objects are plain data");
        strip_nulls(&mut manifest);
        let text = |field: &str| {
            let value = manifest.pointer(&format!("/metadata/{field}")).and_then(Value::as_str);
            value.expect("rendered objects have a name and a namespace").to_owned()
        };
        let id = Id { namespace: text("namespace"), kind, name: text("name") };
        let resource = kind.resource();
        if let Some(fields) = manifest.as_object_mut() {
            fields.insert("apiVersion".to_owned(), resource.api_version.into());
            fields.insert("kind".to_owned(), resource.kind.into());
        }
        Self { id, manifest }
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
