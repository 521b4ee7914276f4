//! Names that several parts agree on: labels, annotations, finalizers, leases. Changing one strands what runs.

/// Who writes our objects; the field manager of every server-side apply.
pub const MANAGER: &str = "sothebais-operator";

/// The product, as `app.kubernetes.io/part-of`.
pub const PART_OF: &str = "sothebais";

pub const NAME: &str = "app.kubernetes.io/name";
pub const INSTANCE: &str = "app.kubernetes.io/instance";
pub const COMPONENT: &str = "app.kubernetes.io/component";
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const PART_OF_LABEL: &str = "app.kubernetes.io/part-of";

/// The auction that a child belongs to.
pub const AUCTION: &str = "sothebais.io/auction";
/// The stream that a child belongs to.
pub const STREAM: &str = "sothebais.io/stream";
/// The shard that a worker leads.
pub const SHARD: &str = "sothebais.io/shard";
/// Which one of the successive pods of a workload it is.
pub const EPOCH: &str = "sothebais.io/epoch";
/// The template that it was made from.
pub const REVISION: &str = "sothebais.io/revision";
/// `"true"` while nothing may evict the pod; selected by the namespace's budget.
pub const PROTECTED: &str = "sothebais.io/protected";

/// Keeps a resource until it is off air.
pub const OFF_AIR_FINALIZER: &str = "sothebais.io/off-air";

/// The annotation that asks for a hand-over; its value is a time or any other word that was not there before.
pub const HANDOVER_REQUESTED: &str = "sothebais.io/handover-requested-at";

/// The operator's own lease.
pub const LEADER_LEASE: &str = "sothebais-operator";

/// The budget of a namespace that protects what is live.
pub const LIVE_BUDGET: &str = "sothebais-live";

/// The lease that names a stream's publisher.
pub fn publisher_lease(stream: &str) -> String {
    format!("{stream}-publisher")
}
