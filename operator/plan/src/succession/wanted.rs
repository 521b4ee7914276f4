//! What a workload's instances should do, and what may be interrupted for it.

use auction_core::Timestamp;

use crate::Protection;

/// What is wanted of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub demand: Demand,
    /// The template of a new instance.
    pub revision: String,
    pub moment: Moment,
    pub policy: Policy,
    pub rollout: Rollout,
    pub spare: Spare,
    pub exclusion: Exclusion,
    pub airing: Airing,
    /// Whether instances are kept from eviction now.
    pub protection: Protection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    Run,
    Stop,
}

/// What a replacement would interrupt now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// Nothing: there is no show.
    Idle,
    /// The pause between two lots.
    Between,
    /// A lot.
    Lot,
}

/// When an instance may leave its node during a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    Never,
    BetweenLots,
    /// At any time, by make before break.
    Handover,
    /// At any time.
    Always,
}

/// When a new template reaches an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollout {
    /// Never during a show.
    OnNextSession,
    BetweenLots,
    Immediate,
}

/// Whether a second instance waits for the first to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spare {
    None,
    One,
}

/// What keeps two instances from doing the same work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// The shard's lease in the database: the second waits by itself.
    Journal,
    /// A Lease that names the publisher.
    Publisher(Lease),
}

/// The publisher's lease as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// The epoch of the instance that it names.
    pub holder: Option<u64>,
    /// From then on the named one cannot connect any more unless it renews: last renewal, duration and skew.
    pub until: Timestamp,
}

/// Whether the stream should be on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Airing {
    Dark,
    OnAir,
}

impl Wanted {
    /// Whether a newer template may replace the incumbent now.
    pub(super) fn may_renew(&self) -> bool {
        match (self.moment, self.rollout) {
            (Moment::Idle, _) | (Moment::Between, Rollout::BetweenLots) | (_, Rollout::Immediate) => true,
            (Moment::Between | Moment::Lot, Rollout::OnNextSession) | (Moment::Lot, Rollout::BetweenLots) => false,
        }
    }

    /// Whether the incumbent may leave its node now.
    pub(super) fn may_move(&self) -> bool {
        match (self.moment, self.policy) {
            (Moment::Idle, _) | (Moment::Between, Policy::BetweenLots) | (_, Policy::Handover | Policy::Always) => true,
            (Moment::Between | Moment::Lot, Policy::Never) | (Moment::Lot, Policy::BetweenLots) => false,
        }
    }

    pub(super) fn protection(&self) -> Protection {
        self.protection
    }

    pub(super) fn has_publisher(&self) -> bool {
        match self.exclusion {
            Exclusion::Publisher(_) => true,
            Exclusion::Journal => false,
        }
    }
}
