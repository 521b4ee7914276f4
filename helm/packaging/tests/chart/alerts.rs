//! Alerts and dashboards, read by the real promtool.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use packaging::alert::Alert;
use packaging::{alerts, dashboards};
use serde_json::{Value, json};

use super::renderings::{root, run};

const SECTIONS: [&str; 5] = ["**Viewers and bidders:**", "## Check", "## Act", "## Undo", "## Escalate"];

fn promtool(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    run(Command::new("promtool").current_dir(folder).args(arguments))
}

fn write(folder: &Path, name: &str, value: &Value) {
    std::fs::write(folder.join(name), serde_json::to_vec(value).unwrap()).unwrap();
}

/// A folder with the rules of one group.
fn folder_of(group: &alerts::Group) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rules.json", &json!({ "groups": [group.render()] }));
    folder
}

#[test]
fn every_alert_fires_in_its_case_and_is_silent_in_the_other() {
    for group in alerts::groups() {
        let folder = folder_of(&group);
        write(folder.path(), "tests.json", &group.tests("rules.json"));
        promtool(folder.path(), &["check", "rules", "rules.json"]).unwrap();
        promtool(folder.path(), &["test", "rules", "tests.json"]).unwrap();
    }
}

/// A test that cannot fail proves nothing: with its cases swapped, each alert fails both.
#[test]
fn a_case_that_does_not_fire_is_found() {
    for group in alerts::groups() {
        let swap = |alert: &Alert| Alert { fires: alert.silent.clone(), silent: alert.fires.clone(), ..alert.clone() };
        let swapped = alerts::Group { alerts: group.alerts.iter().map(swap).collect(), ..group };
        let folder = folder_of(&swapped);
        write(folder.path(), "tests.json", &swapped.tests("rules.json"));
        let complaint = promtool(folder.path(), &["test", "rules", "tests.json"]).unwrap_err();
        assert_eq!(complaint.matches("exp:").count(), 2 * swapped.alerts.len(), "{}: {complaint}", swapped.name);
    }
}

#[test]
fn every_query_of_a_dashboard_is_promql() {
    let folder = tempfile::tempdir().unwrap();
    let queries = dashboards::all().into_iter().flat_map(|dashboard| {
        dashboard.panels().flat_map(|panel| panel.queries.clone()).map(|query| query.expression).collect::<Vec<_>>()
    });
    // Grafana fills the variables in before Prometheus sees them.
    let filled = queries
        .map(|query| query.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$__interval", "1m"));
    let rules: Vec<Value> =
        filled.enumerate().map(|(index, query)| json!({ "record": format!("q:{index}"), "expr": query })).collect();
    assert!(rules.len() > 80, "{} queries", rules.len());
    write(folder.path(), "queries.json", &json!({ "groups": [{ "name": "queries", "rules": rules }] }));
    promtool(folder.path(), &["check", "rules", "queries.json"]).unwrap();
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() {
    let folder = root().join("docs/runbooks");
    let alerts: BTreeSet<String> = alerts::all().iter().map(Alert::full_name).collect();
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in &alerts {
        let page = std::fs::read_to_string(folder.join(format!("{name}.md")))
            .unwrap_or_else(|_| panic!("{name} has no runbook"));
        for section in SECTIONS {
            assert!(page.contains(section), "{name} lacks {section}");
        }
        assert!(index.contains(&format!("({name}.md)")), "{name} is not in the index");
    }
    let pages = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> =
        pages.filter(|page| page != "README.md").map(|page| page.trim_end_matches(".md").to_owned()).collect();
    assert_eq!(pages, alerts);
}
