//! Whether anything may be sent: what the spec wants and what the publisher's lease allows, seen together.
//!
//! Connecting needs a lease that was renewed a moment ago by our own monotonic clock. What is connected goes on without one:
//! continuing a broadcast never depends on the control plane. Only a lease that names somebody else ends it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use wire::compositor::Publish;

/// Shared by the lease's keeper, the director and every output.
#[derive(Debug)]
pub(crate) struct Permit(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    wanted: Publish,
    standing: Standing,
}

/// What is known of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No lease is asked for.
    Sole,
    Unknown,
    /// It named us under this epoch, and connecting is allowed until then.
    Held {
        epoch: u64,
        until: Instant,
    },
    /// It names another, under this epoch or a later one.
    Superseded {
        epoch: u64,
    },
}

/// What an output may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Send nothing, and end what is being sent.
    Dark,
    /// Go on with what is connected; connect nothing.
    Continue,
    /// Connect and send, at most until then.
    Connect { within: Duration },
}

/// No bound by a lease.
const UNBOUNDED: Duration = Duration::from_hours(1);

/// Pure: what follows from the two.
pub(crate) fn leave(wanted: Publish, standing: Standing, now: Instant) -> Leave {
    let Publish::OnAir { epoch } = wanted else { return Leave::Dark };
    match standing {
        Standing::Sole => Leave::Connect { within: UNBOUNDED },
        Standing::Superseded { epoch: newer } if newer >= epoch => Leave::Dark,
        // Nothing has been heard of the lease; or the spec has a later epoch than the lease that named somebody else.
        Standing::Unknown | Standing::Superseded { .. } => Leave::Continue,
        Standing::Held { epoch: held, until } => {
            let left = until.saturating_duration_since(now);
            if held == epoch && !left.is_zero() { Leave::Connect { within: left } } else { Leave::Continue }
        }
    }
}

impl Permit {
    pub(crate) fn new(standing: Standing) -> Self {
        Self(Mutex::new(State { wanted: Publish::Dark, standing }))
    }

    pub(crate) fn leave(&self) -> Leave {
        let State { wanted, standing } = self.state();
        leave(wanted, standing, Instant::now())
    }

    /// What the spec wants, and the epoch that we may be on air under.
    pub(crate) fn wanted(&self) -> Publish {
        self.state().wanted
    }

    /// The epoch that frames are sent under; none while dark.
    pub(crate) fn epoch(&self) -> Option<u64> {
        match (self.leave(), self.wanted()) {
            (Leave::Dark, _) | (_, Publish::Dark) => None,
            (Leave::Continue | Leave::Connect { .. }, Publish::OnAir { epoch }) => Some(epoch),
        }
    }

    pub(crate) fn want(&self, wanted: Publish) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wanted = wanted;
    }

    pub(crate) fn stand(&self, standing: Standing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).standing = standing;
    }

    fn state(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn connecting_needs_a_lease_that_was_renewed_a_moment_ago() {
        let now = Instant::now();
        let on_air = Publish::OnAir { epoch: 7 };
        let held = |epoch| Standing::Held { epoch, until: now + SECOND };
        assert_eq!(leave(on_air, held(7), now), Leave::Connect { within: SECOND });
        assert_eq!(leave(on_air, held(7), now + SECOND), Leave::Continue);
        assert_eq!(leave(on_air, held(6), now), Leave::Continue, "another epoch's lease allows nothing");
        assert_eq!(leave(on_air, Standing::Unknown, now), Leave::Continue);
        assert_eq!(leave(Publish::Dark, held(7), now), Leave::Dark);
    }

    #[test]
    fn somebody_elses_lease_ends_the_broadcast() {
        let now = Instant::now();
        assert_eq!(leave(Publish::OnAir { epoch: 7 }, Standing::Superseded { epoch: 8 }, now), Leave::Dark);
        assert_eq!(leave(Publish::OnAir { epoch: 7 }, Standing::Superseded { epoch: 7 }, now), Leave::Dark);
        assert_eq!(leave(Publish::OnAir { epoch: 9 }, Standing::Superseded { epoch: 8 }, now), Leave::Continue);
    }

    #[test]
    fn on_one_machine_nobody_is_asked() {
        let now = Instant::now();
        assert!(matches!(leave(Publish::OnAir { epoch: 0 }, Standing::Sole, now), Leave::Connect { .. }));
        assert_eq!(leave(Publish::Dark, Standing::Sole, now), Leave::Dark);
    }
}
