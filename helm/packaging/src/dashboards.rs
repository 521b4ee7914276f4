//! The dashboards, one a file.

mod auction;
mod engine;
mod now;
mod operator;
mod slo;
mod social;
mod stream;

use crate::dashboard::Dashboard;

/// All of them, in the order in which a reader meets them.
pub fn all() -> Vec<Dashboard> {
    vec![
        now::dashboard(),
        auction::dashboard(),
        stream::dashboard(),
        engine::dashboard(),
        social::dashboard(),
        operator::dashboard(),
        slo::dashboard(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bootstrap::metrics::catalogue;

    use super::*;

    #[test]
    fn no_dashboard_has_a_fault_that_can_be_seen_without_a_picture() {
        let faults: Vec<String> = all().iter().flat_map(Dashboard::faults).collect();
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn names_are_unique_and_links_lead_somewhere() {
        let all = all();
        let uids: BTreeSet<String> = all.iter().map(Dashboard::uid).collect();
        assert_eq!(uids.len(), all.len());
        for panel in all.iter().flat_map(Dashboard::panels) {
            assert!(panel.next.is_none_or(|uid| uids.contains(uid)), "{} leads to {:?}", panel.title, panel.next);
        }
    }

    /// What has no panel, and why.
    const UNSHOWN: [(&str, &str); 2] = [
        ("sothebais_emulator_posts", "the stand-in for X is not watched, it is looked at"),
        ("sothebais_emulator_deliveries", "the stand-in for X is not watched, it is looked at"),
    ];

    #[test]
    fn every_metric_has_a_panel_or_a_reason() {
        let text: String = all()
            .iter()
            .flat_map(|dashboard| dashboard.panels().flat_map(|panel| panel.queries.clone()).collect::<Vec<_>>())
            .map(|query| query.expression + "\n")
            .collect();
        let unshown = catalogue::ALL.iter().map(|metric| metric.name).filter(|name| !text.contains(name));
        let excused: BTreeSet<&str> = UNSHOWN.iter().map(|(name, _)| *name).collect();
        assert_eq!(unshown.collect::<BTreeSet<_>>(), excused);
    }
}
