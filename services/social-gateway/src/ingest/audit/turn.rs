//! Whether it is time to compare the house's mentions with the inbox, and by which door. Pure: what is known comes in.

use auction_core::{Span, Timestamp};
use store::social;

use crate::ingest::timeline::Door;
use crate::x::rate::Window;

/// A gap is looked into at most this often: a stream that says nonsense rings at every line.
const GAP_PAUSE: Span = Span(1_000);
/// X keeps 800 mentions on the timeline: after this many new posts a comparison is due, however soon.
const CROWD: u64 = 400;
/// Routine comparisons leave this share of each of X's windows (in hundredths) to those that a hammer waits for.
const RESERVED_PERCENT: u64 = 25;

/// How audits are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between routine comparisons.
    pub every: Span,
    /// How late a post may appear on X's timeline: a comparison at some time proves nothing about posts younger than this.
    pub settle: Span,
}

/// What the decision looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The engine's wish.
    pub pending: Option<social::Audit>,
    /// A stream was connected again since the last comparison.
    pub gap: bool,
    /// The last comparison has left something to read.
    pub behind: bool,
    /// Numbers given in the inbox since the last comparison.
    pub grown: u64,
    pub last_at: Option<Timestamp>,
    /// No call before this: X or the database has refused.
    pub not_before: Option<Timestamp>,
    /// What is known of the windows of [`Door::ALL`], in that order.
    pub windows: [Option<Window>; Door::ALL.len()],
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Rest,
    /// It is time, and what is left of every window is kept for a hammer.
    Save,
    /// Compare, by this door first; success proves the inbox up to `through`.
    Compare {
        through: Timestamp,
        first: Door,
    },
}

/// Decides whether it is time to compare.
pub fn turn(standing: &Standing, timing: Timing, now: Timestamp) -> Turn {
    if standing.not_before.is_some_and(|until| now < until) {
        return Turn::Rest;
    }
    let settled = Timestamp(now.0 - timing.settle.0);
    if let Some(wish) = standing.pending
        && now >= wish.not_before.unwrap_or(wish.through + timing.settle)
    {
        return Turn::Compare { through: wish.through.max(settled), first: Door::House };
    }
    let due = standing.last_at.is_none_or(|last| now - last >= timing.every);
    let gap = standing.gap && standing.last_at.is_none_or(|last| now - last >= GAP_PAUSE);
    if standing.behind {
        return Turn::Compare { through: settled, first: Door::House };
    }
    if !(gap || due || standing.grown >= CROWD) {
        return Turn::Rest;
    }
    let is_scarce = |window: &Window| {
        let kept = u64::from(window.limit) * RESERVED_PERCENT;
        window.reset_at > now && (window.remaining == 0 || u64::from(window.remaining) * 100 < kept)
    };
    let mut doors = Door::ALL.into_iter().zip(&standing.windows);
    match doors.find(|(_, window)| !window.as_ref().is_some_and(is_scarce)) {
        Some((first, _)) => Turn::Compare { through: settled, first },
        None => Turn::Save,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_500_000_000);
    const TIMING: Timing = Timing { every: Span(15_000), settle: Span(10_000) };

    const fn compare(through: Timestamp) -> Turn {
        Turn::Compare { through, first: Door::House }
    }

    fn compared_lately() -> Standing {
        Standing { last_at: Some(NOW), ..Standing::default() }
    }

    #[test]
    fn a_routine_comparison_proves_nothing_about_the_youngest_posts() {
        let standing = compared_lately();
        assert_eq!(turn(&standing, TIMING, NOW + Span(14_999)), Turn::Rest);
        assert_eq!(turn(&standing, TIMING, NOW + Span(15_000)), compare(NOW + Span(5_000)));
    }

    #[test]
    fn a_new_connection_means_a_gap() {
        let standing = Standing { gap: true, ..compared_lately() };
        assert_eq!(turn(&standing, TIMING, NOW + Span(1_000)), compare(Timestamp(NOW.0 - 9_000)));
        // However often a stream rings.
        assert_eq!(turn(&standing, TIMING, NOW + Span(999)), Turn::Rest);
        assert_ne!(turn(&Standing { gap: true, ..Standing::default() }, TIMING, NOW), Turn::Rest);
    }

    #[test]
    fn a_crowd_is_compared_before_the_timeline_overflows_and_a_debt_is_paid_at_once() {
        assert_eq!(turn(&Standing { grown: CROWD - 1, ..compared_lately() }, TIMING, NOW), Turn::Rest);
        assert_ne!(turn(&Standing { grown: CROWD, ..compared_lately() }, TIMING, NOW), Turn::Rest);
        let window = Window { limit: 300, remaining: 0, reset_at: NOW + Span(60_000) };
        let behind = Standing { behind: true, windows: [Some(window); 3], ..compared_lately() };
        assert_ne!(turn(&behind, TIMING, NOW), Turn::Rest);
    }

    #[test]
    fn the_engines_wish_waits_until_late_posts_have_appeared() {
        let wish = social::Audit { through: NOW, not_before: None };
        let standing = Standing { pending: Some(wish), ..compared_lately() };
        assert_eq!(turn(&standing, TIMING, NOW + Span(9_999)), Turn::Rest);
        assert_eq!(turn(&standing, TIMING, NOW + Span(10_000)), compare(NOW));
        let sooner = social::Audit { not_before: Some(NOW + Span(3_000)), ..wish };
        let standing = Standing { pending: Some(sooner), ..compared_lately() };
        assert_eq!(turn(&standing, TIMING, NOW + Span(3_000)), compare(NOW));
    }

    #[test]
    fn scarce_calls_are_kept_for_the_hammer_and_the_next_door_is_asked_meanwhile() {
        let scarce = Some(Window { limit: 300, remaining: 74, reset_at: NOW + Span(60_000) });
        let spent = Some(Window { limit: 300, remaining: 0, reset_at: NOW + Span(600_000) });
        let unknown = Some(Window { limit: 0, remaining: 0, reset_at: NOW + Span(60_000) });
        let plenty = Some(Window { limit: 300, remaining: 75, reset_at: NOW + Span(60_000) });
        let routine = |windows| turn(&Standing { windows, ..Standing::default() }, TIMING, NOW);
        let by = |first| Turn::Compare { through: Timestamp(NOW.0 - 10_000), first };
        assert_eq!(routine([plenty, spent, spent]), by(Door::House));
        assert_eq!(routine([scarce, None, None]), by(Door::App));
        assert_eq!(routine([unknown, plenty, None]), by(Door::App));
        assert_eq!(routine([spent, scarce, plenty]), by(Door::Search));
        assert_eq!(routine([spent, scarce, spent]), Turn::Save);
        let rested = Standing { windows: [spent; 3], ..Standing::default() };
        let hammer = Standing { pending: Some(social::Audit { through: NOW, not_before: Some(NOW) }), ..rested };
        assert_eq!(turn(&hammer, TIMING, NOW), compare(NOW));
        assert_ne!(turn(&rested, TIMING, NOW + Span(600_000)), Turn::Save);
    }

    #[test]
    fn a_refusal_is_waited_out_even_for_a_hammer() {
        let hammer = social::Audit { through: NOW, not_before: Some(NOW) };
        let standing = Standing { pending: Some(hammer), not_before: Some(NOW + Span(5_000)), ..Standing::default() };
        assert_eq!(turn(&standing, TIMING, NOW + Span(4_999)), Turn::Rest);
        assert_ne!(turn(&standing, TIMING, NOW + Span(5_000)), Turn::Rest);
    }
}
