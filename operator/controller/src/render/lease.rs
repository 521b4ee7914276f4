//! The publisher's Lease in its first form. Who holds it later is written by comparison with what was read, never applied.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use operator_plan::Publisher;
use operator_plan::publisher_lease;

use super::{labels, meta};

/// How long a holder may connect outputs after it last renewed.
pub const LEASE_SECONDS: i32 = 2;

/// The Lease of a stream, naming its first publisher if there is one.
pub(super) fn of(publisher: &Publisher, namespace: &str) -> Lease {
    let Publisher { stream, owner, holder, epoch } = publisher;
    let labels = labels::of_owner(owner);
    Lease {
        metadata: meta::owned(publisher_lease(stream), namespace, labels, std::slice::from_ref(owner)),
        spec: Some(LeaseSpec {
            holder_identity: holder.clone(),
            lease_transitions: Some(i32::try_from(*epoch).unwrap_or(i32::MAX)),
            lease_duration_seconds: Some(LEASE_SECONDS),
            ..LeaseSpec::default()
        }),
    }
}
