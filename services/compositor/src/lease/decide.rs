//! What a lease says about us.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::LeaseSpec;

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It names us under our epoch.
    Renew { lasts: Duration },
    /// It does not name us yet.
    NotNamed,
    /// Somebody was named after us.
    Superseded { epoch: u64 },
}

pub(super) fn decide(lease: Option<&LeaseSpec>, me: &str, epoch: u64) -> Verdict {
    let Some(lease) = lease else { return Verdict::NotNamed };
    let named = lease.holder_identity.as_deref().filter(|holder| !holder.is_empty());
    let its_epoch = u64::try_from(lease.lease_transitions.unwrap_or(0)).unwrap_or(0);
    let seconds = u64::try_from(lease.lease_duration_seconds.unwrap_or(0)).unwrap_or(0);
    match named {
        Some(holder) if holder == me && its_epoch == epoch => Verdict::Renew { lasts: Duration::from_secs(seconds) },
        Some(holder) if holder != me && its_epoch >= epoch => Verdict::Superseded { epoch: its_epoch },
        Some(_) | None => Verdict::NotNamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: Option<&str>, epoch: i32) -> LeaseSpec {
        LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_transitions: Some(epoch),
            lease_duration_seconds: Some(2),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn only_a_lease_that_names_us_under_our_epoch_is_renewed() {
        let of = |holder, epoch| decide(Some(&lease(holder, epoch)), "show-3", 3);
        assert_eq!(of(Some("show-3"), 3), Verdict::Renew { lasts: Duration::from_secs(2) });
        assert_eq!(of(Some("show-3"), 2), Verdict::NotNamed);
        assert_eq!(of(Some("show-2"), 2), Verdict::NotNamed, "the one before is still named");
        assert_eq!(of(Some("show-4"), 4), Verdict::Superseded { epoch: 4 });
        assert_eq!(of(Some("other"), 3), Verdict::Superseded { epoch: 3 });
        assert_eq!(of(None, 3), Verdict::NotNamed);
        assert_eq!(of(Some(""), 9), Verdict::NotNamed);
        assert_eq!(decide(None, "show-3", 3), Verdict::NotNamed);
    }
}
