//! An alert: when it fires, what it says, and the two cases that prove it.

use serde_json::{Value, json};

/// The placeholder that a release fills in.
pub const RUNBOOK_URL: &str = "RUNBOOK_URL";
/// Before every alert's name.
pub const PREFIX: &str = "Sothebais";
/// Samples of a case are this far apart, as the scrapes of a show are.
const CASE_INTERVAL: &str = "5s";

/// One alert.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Without the prefix.
    pub name: String,
    pub expression: String,
    /// Seconds for which it must hold.
    pub hold: u32,
    pub severity: Severity,
    /// One sentence with the object's name in it.
    pub summary: String,
    /// Where to look, by uid.
    pub dashboard: &'static str,
    /// It fires at the end of this one,
    pub fires: Case,
    /// and not at the end of that one.
    pub silent: Case,
}

/// Who is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Somebody, now: a show suffers.
    Page,
    /// Somebody, in working hours.
    Ticket,
}

/// Series in promtool's notation, and when to look, such as `5m`.
#[derive(Debug, Clone)]
pub struct Case {
    pub at: &'static str,
    pub series: Vec<(&'static str, &'static str)>,
}

pub fn case<const N: usize>(at: &'static str, series: [(&'static str, &'static str); N]) -> Case {
    Case { at, series: series.to_vec() }
}

/// How long an alert stays after its cause went, so that a flapping cause is one alert.
const KEEP_FIRING: &str = "2m";

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

impl Alert {
    /// Its whole name.
    pub fn full_name(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// The rule, as Prometheus reads it.
    pub fn render(&self) -> Value {
        json!({
            "alert": self.full_name(),
            "expr": self.expression,
            "for": format!("{}s", self.hold),
            "keep_firing_for": KEEP_FIRING,
            "labels": { "severity": self.severity.name() },
            "annotations": {
                "summary": self.summary,
                "runbook_url": format!("{RUNBOOK_URL}/{}.md", self.full_name()),
                "dashboard_url": format!("/d/{}", self.dashboard),
            },
        })
    }

    /// promtool's tests of the two cases.
    pub fn tests(&self) -> [Value; 2] {
        let severity = self.severity.name();
        let firing = format!(
            "count(ALERTS{{alertname=\"{}\", alertstate=\"firing\", severity=\"{severity}\"}}) > 0",
            self.full_name()
        );
        let test = |name: &str, case: &Case, samples: Value| {
            let series: Vec<Value> =
                case.series.iter().map(|(series, values)| json!({ "series": series, "values": values })).collect();
            // How many objects fire does not matter here.
            json!({
                "name": format!("{} ({severity}) {name}", self.full_name()),
                "interval": CASE_INTERVAL,
                "input_series": series,
                "promql_expr_test": [{ "expr": format!("sgn({firing})"), "eval_time": case.at, "exp_samples": samples }],
            })
        };
        [
            test("fires", &self.fires, json!([{ "labels": "{}", "value": 1 }])),
            test("is silent", &self.silent, json!([])),
        ]
    }
}
