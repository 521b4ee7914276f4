//! The objectives: what was promised, what was kept, what is left.

use crate::dashboard::Dashboard;
use crate::objective::{self, OBJECTIVE, PERIOD_ERROR, recorded};
use crate::panel::Colour::{Bad, Good, Warning};
use crate::panel::{Panel, Unit, View, query};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "slo",
        title: "Objectives",
        description: "One row an objective: what was promised, what was kept over thirty days, how fast the budget burns.",
        variables: &[],
        rows: vec![answers(), burns(), table()],
    }
}

/// The part of the error budget that is left.
fn left() -> String {
    format!("1 - ({PERIOD_ERROR} / on (sloth_id) group_left () (1 - {OBJECTIVE}))")
}

/// How many times faster than allowed the budget burns.
fn burn(window: &str) -> String {
    format!("{} / on (sloth_id) group_left () (1 - {OBJECTIVE})", recorded(window))
}

fn answers() -> Vec<Panel> {
    vec![
        Panel::first(
            "Objectives kept",
            "Objectives that were kept over thirty days, of all.",
            View::Stat(&[(0.0, Bad), (0.99, Warning), (1.0, Good)]),
            Unit::Ratio,
            format!("avg(({}) >= bool 0)", left()),
        )
        .wide(8),
        Panel::first(
            "Least budget left",
            "What is left of the error budget that suffered most.",
            View::Stat(&[(0.0, Bad), (0.25, Warning), (0.5, Good)]),
            Unit::Ratio,
            format!("min({})", left()),
        )
        .wide(8),
        Panel::first(
            "Fastest burn",
            "The highest burn rate of the last hour. Above 14.4 it pages.",
            View::Stat(&[(0.0, Good), (3.0, Warning), (14.4, Bad)]),
            Unit::Number,
            format!("max({})", burn("1h")),
        )
        .wide(8),
    ]
}

fn burns() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Budget left",
            "What is left of each error budget of thirty days; below 0 the promise is broken.",
            Unit::Ratio,
            vec![query(left(), "{{sloth_slo}}")],
        )
        .wide(12),
        Panel::lines(
            "Burn rate, one hour",
            "1 spends a budget in exactly thirty days, 14.4 in two days.",
            Unit::Number,
            vec![query(burn("1h"), "{{sloth_slo}}")],
        )
        .wide(12),
    ]
}

fn table() -> Vec<Panel> {
    let by = &["sloth_slo"];
    let of = |expression: String| format!("max by ({}) ({expression})", by.join(", "));
    vec![
        Panel::lines(
            "Every objective",
            "What was promised and kept, over the last five minutes, six hours and thirty days.",
            Unit::Ratio,
            vec![
                query(of(OBJECTIVE.to_owned()), "Promised"),
                query(of(format!("1 - {}", recorded(objective::SHORTEST))), "5 minutes"),
                query(of(format!("1 - {}", recorded("6h"))), "6 hours"),
                query(of(format!("1 - {PERIOD_ERROR}")), "30 days"),
                query(of(left()), "Budget left"),
            ],
        )
        .view(View::Table(by))
        .wide(24),
    ]
}
