//! What is given up as a show's money runs out, the least needed first. The audit is never given up: it is cheap, and
//! no hammer falls without it. Pure.

/// How much is left on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything.
    Full,
    /// No replies.
    Silent,
    /// Also no posts of strangers: the activity stream, which cannot tell authors apart, is off, and the filtered stream
    /// is restricted to linked bidders.
    LinkedOnly,
    /// Only the mentions audit reads posts.
    AuditOnly,
}

/// Shares of the ceiling, in hundredths, from which a level holds.
const SILENT_FROM: u64 = 70;
const LINKED_ONLY_FROM: u64 = 85;
const AUDIT_ONLY_FROM: u64 = 100;

impl Level {
    /// Every level, from the most to the least.
    pub const ALL: [Self; 4] = [Self::Full, Self::Silent, Self::LinkedOnly, Self::AuditOnly];

    /// The level for what was spent of a ceiling; without a ceiling everything stays on.
    pub fn of(spent_micros: u64, ceiling_micros: Option<u64>) -> Self {
        let Some(ceiling) = ceiling_micros else { return Self::Full };
        let from = |percent: u64| u128::from(spent_micros) * 100 >= u128::from(ceiling) * u128::from(percent);
        if from(AUDIT_ONLY_FROM) {
            Self::AuditOnly
        } else if from(LINKED_ONLY_FROM) {
            Self::LinkedOnly
        } else if from(SILENT_FROM) {
            Self::Silent
        } else {
            Self::Full
        }
    }

    /// The name in logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Silent => "silent",
            Self::LinkedOnly => "linked_only",
            Self::AuditOnly => "audit_only",
        }
    }

    /// True if the activity stream may run.
    pub fn allows_activity(self) -> bool {
        self <= Self::Silent
    }

    /// True if the filtered stream may run.
    pub fn allows_filtered(self) -> bool {
        self <= Self::LinkedOnly
    }

    /// True if stored posts may be looked up to see whether they still exist.
    pub fn allows_look_ups(self) -> bool {
        self <= Self::LinkedOnly
    }

    /// True if replies may be sent.
    pub fn allows_replies(self) -> bool {
        self == Self::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_go_first_then_strangers_then_streams() {
        let ceiling = Some(10_000_000);
        let levels = [6_999_999, 7_000_000, 8_500_000, 10_000_000].map(|spent| Level::of(spent, ceiling));
        assert_eq!(levels, Level::ALL);
        assert!(!Level::Silent.allows_replies() && Level::Silent.allows_activity());
        assert!(!Level::LinkedOnly.allows_activity() && Level::LinkedOnly.allows_filtered());
        assert!(!Level::AuditOnly.allows_filtered() && !Level::AuditOnly.allows_look_ups());
    }

    #[test]
    fn without_a_ceiling_nothing_is_given_up() {
        assert_eq!(Level::of(u64::MAX, None), Level::Full);
    }

    #[test]
    fn a_ceiling_of_nothing_leaves_the_audit() {
        assert_eq!(Level::of(0, Some(0)), Level::AuditOnly);
    }
}
