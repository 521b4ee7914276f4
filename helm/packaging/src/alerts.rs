//! The alerts. A page means that a show suffers now; causes such as a busy processor never page.

mod engine;
mod operator;
mod social;
mod stream;

use bootstrap::metrics::catalogue as metrics;
use serde_json::{Value, json};

use crate::alert::Alert;
use crate::objective;
use crate::promql::everywhere;

/// `expression` while a show is on air.
fn live(expression: &str) -> String {
    let live = everywhere("1m").only(&metrics::AUCTION_PHASES, "phase", r#"="live""#);
    format!("({expression}) and on () (max({live}) > 0)")
}

/// Rules that are evaluated together: recordings first, then the alerts that read them.
pub struct Group {
    pub name: String,
    /// Seconds between evaluations.
    pub interval: u32,
    pub recordings: Vec<Value>,
    pub alerts: Vec<Alert>,
}

/// A show has few seconds: its alerts do not wait for the usual minute.
const SHOW_INTERVAL: u32 = 5;
/// Budgets of thirty days can.
const BUDGET_INTERVAL: u32 = 30;

/// All groups, those of the objectives last.
pub fn groups() -> Vec<Group> {
    let parts = [
        ("stream", stream::alerts()),
        ("bid-engine", engine::alerts()),
        ("social", social::alerts()),
        ("operator", operator::alerts()),
    ];
    let part = |(name, alerts): (&str, Vec<Alert>)| Group {
        name: format!("sothebais-{name}"),
        interval: SHOW_INTERVAL,
        recordings: Vec::new(),
        alerts,
    };
    let budget = |objective: &objective::Objective| Group {
        name: format!("sothebais-slo-{}", objective.name),
        interval: BUDGET_INTERVAL,
        recordings: objective.recordings(),
        alerts: objective.alerts(),
    };
    parts.into_iter().map(part).chain(objective::all().iter().map(budget)).collect()
}

/// All alerts.
pub fn all() -> Vec<Alert> {
    groups().into_iter().flat_map(|group| group.alerts).collect()
}

/// The file of rules.
pub fn rules() -> Value {
    json!({ "groups": groups().iter().map(Group::render).collect::<Vec<_>>() })
}

impl Group {
    pub fn render(&self) -> Value {
        let rules: Vec<Value> = self.recordings.iter().cloned().chain(self.alerts.iter().map(Alert::render)).collect();
        json!({ "name": self.name, "interval": format!("{}s", self.interval), "rules": rules })
    }

    /// promtool's tests of its alerts; `rules` is the path of a file with this group alone.
    pub fn tests(&self, rules: &str) -> Value {
        let tests: Vec<Value> = self.alerts.iter().flat_map(Alert::tests).collect();
        json!({ "rule_files": [rules], "evaluation_interval": format!("{}s", self.interval), "tests": tests })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bootstrap::metrics::catalogue;

    use super::*;

    #[test]
    fn names_and_severities_are_unique() {
        let mut seen = BTreeSet::new();
        for alert in all() {
            assert!(seen.insert((alert.name.clone(), format!("{:?}", alert.severity))), "{} stands twice", alert.name);
        }
    }

    #[test]
    fn every_case_names_metrics_of_the_catalogue() {
        let known: BTreeSet<String> = catalogue::ALL.iter().map(crate::promql::exported).collect();
        for alert in all() {
            for (series, _) in alert.fires.series.iter().chain(&alert.silent.series) {
                let name = series.split('{').next().unwrap_or(series);
                let base =
                    ["_bucket", "_count", "_sum"].iter().fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
                assert!(known.contains(base) || known.contains(name), "{}: {name} is not in the catalogue", alert.name);
            }
        }
    }
}
