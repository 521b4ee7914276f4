//! Objectives: what was promised, the recordings under Sloth's names (so that its public dashboards work), and the alerts on
//! how fast an error budget burns.

use bootstrap::metrics::catalogue as metrics;
use serde_json::{Value, json};

use crate::alert::{Alert, Case, Severity, case};
use crate::on_air;
use crate::promql::{Scope, everywhere};

/// The part that was promised.
pub const OBJECTIVE: &str = r#"slo:objective:ratio{sloth_service="sothebais"}"#;
/// The part that failed over the whole period.
pub const PERIOD_ERROR: &str = r#"slo:sli_error:ratio_rate30d{sloth_service="sothebais"}"#;
/// The shortest window; the whole period is made of it.
pub const SHORTEST: &str = "5m";
/// The windows that are recorded from the metrics themselves.
const WINDOWS: [&str; 7] = [SHORTEST, "30m", "1h", "2h", "6h", "1d", "3d"];
const PERIOD_DAYS: u32 = 30;

/// The recorded part that failed over a window.
pub fn recorded(window: &str) -> String {
    format!(r#"slo:sli_error:ratio_rate{window}{{sloth_service="sothebais"}}"#)
}

/// One promise.
pub struct Objective {
    /// A DNS label.
    pub name: &'static str,
    /// In Pascal case, before `BudgetBurn`.
    pub title: &'static str,
    /// One sentence: what counts as good.
    pub promise: &'static str,
    /// The part of events that are good, such as 0.999, as text: it stands in rules.
    pub ratio: &'static str,
    /// The part that failed in a scope's window.
    errors: fn(Scope) -> String,
    /// What is recorded before that, by name.
    before: Option<Recording>,
    /// How many events there were, where a handful must not page.
    events: Option<fn(Scope) -> String>,
    fires: Case,
    silent: Case,
}

/// A name and what is recorded under it.
type Recording = (&'static str, fn(Scope) -> String);

/// Fewer events than this in the longer window prove nothing.
const ENOUGH_EVENTS: u32 = 200;

/// All promises.
pub fn all() -> Vec<Objective> {
    vec![bid_accept(), bid_answered(), post_read(), on_air(), frames(), provision()]
}

fn bid_accept() -> Objective {
    Objective {
        name: "bid-accept",
        title: "BidAccept",
        promise: "A command is durable within 20 ms of being read.",
        ratio: "0.999",
        errors: |scope| slower_than(0.02, scope, &metrics::ENGINE_ACCEPT),
        before: None,
        events: Some(|scope| scope.observed(&metrics::ENGINE_ACCEPT, &[])),
        fires: case(
            "70m",
            [
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="0.02"}"#, "0+9x1000"),
                (r#"sothebais_engine_bid_accept_seconds_count{namespace="a"}"#, "0+10x1000"),
            ],
        ),
        // A quarter is slow, but it is one bid a minute.
        silent: case(
            "70m",
            [
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="0.02"}"#, "0+0.0625x1000"),
                (r#"sothebais_engine_bid_accept_seconds_count{namespace="a"}"#, "0+0.0833x1000"),
            ],
        ),
    }
}

fn bid_answered() -> Objective {
    Objective {
        name: "bid-answered",
        title: "BidAnswered",
        promise: "A command is accepted or refused with a code, not turned away.",
        ratio: "0.9995",
        errors: |scope| {
            let busy = scope.rate(&metrics::ENGINE_BUSY, &[]);
            format!("({busy} / ({busy} + {}))", scope.rate(&metrics::ENGINE_COMMANDS, &[]))
        },
        before: None,
        events: Some(|scope| scope.rate(&metrics::ENGINE_COMMANDS, &[])),
        fires: case(
            "70m",
            [
                (r#"sothebais_engine_busy_total{namespace="a"}"#, "0+1x1000"),
                (r#"sothebais_engine_commands_total{namespace="a",source="web",verdict="accepted"}"#, "0+10x1000"),
            ],
        ),
        silent: case(
            "70m",
            [
                (r#"sothebais_engine_busy_total{namespace="a"}"#, "0x1000"),
                (r#"sothebais_engine_commands_total{namespace="a",source="web",verdict="accepted"}"#, "0+10x1000"),
            ],
        ),
    }
}

fn post_read() -> Objective {
    Objective {
        name: "post-read",
        title: "PostRead",
        promise: "A post is read within 5 s of being posted.",
        ratio: "0.99",
        errors: |scope| slower_than(5.0, scope, &metrics::GATEWAY_POST_AGE),
        before: None,
        events: Some(|scope| scope.observed(&metrics::GATEWAY_POST_AGE, &[])),
        fires: case(
            "70m",
            [
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="5.0"}"#, "0+5x1000"),
                (r#"sothebais_gateway_post_age_seconds_count{namespace="a"}"#, "0+10x1000"),
            ],
        ),
        silent: case(
            "70m",
            [
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="5.0"}"#, "0+1000x1000"),
                (r#"sothebais_gateway_post_age_seconds_count{namespace="a"}"#, "0+1001x1000"),
            ],
        ),
    }
}

fn on_air() -> Objective {
    Objective {
        name: "on-air",
        title: "OnAir",
        promise: "Every required output takes frames in each second that a show should be on air.",
        ratio: "0.9995",
        errors: |scope| format!("(1 - avg(avg_over_time({}[{}])))", on_air::RECORDED, scope.window),
        before: Some((on_air::RECORDED, on_air::worst)),
        events: None,
        fires: case(
            "70m",
            [
                (
                    r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="x",required="true"}"#,
                    "1x700 0x200",
                ),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x1000"),
            ],
        ),
        silent: case(
            "70m",
            [
                (
                    r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="x",required="true"}"#,
                    "1x1000",
                ),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x1000"),
            ],
        ),
    }
}

fn frames() -> Objective {
    Objective {
        name: "frames",
        title: "Frames",
        promise: "A due frame shows its own picture and not the one before.",
        ratio: "0.999",
        errors: |scope| {
            let late = scope.rate(&metrics::COMPOSITOR_FRAMES_REPEATED, &[]);
            format!("({late} / {})", scope.rate(&metrics::COMPOSITOR_FRAMES_DUE, &[]))
        },
        before: None,
        events: Some(|scope| scope.rate(&metrics::COMPOSITOR_FRAMES_DUE, &[])),
        fires: case(
            "70m",
            [
                (r#"sothebais_compositor_frames_repeated_total{namespace="a"}"#, "0+5x1000"),
                (r#"sothebais_compositor_frames_due_total{namespace="a"}"#, "0+150x1000"),
            ],
        ),
        silent: case(
            "70m",
            [
                (r#"sothebais_compositor_frames_repeated_total{namespace="a"}"#, "0x1000"),
                (r#"sothebais_compositor_frames_due_total{namespace="a"}"#, "0+150x1000"),
            ],
        ),
    }
}

fn provision() -> Objective {
    Objective {
        name: "provision",
        title: "Provision",
        promise: "An auction's pods are ready within 8 s of the start of provisioning.",
        ratio: "0.99",
        errors: |scope| slower_than(8.0, scope, &metrics::AUCTION_PROVISION),
        before: None,
        events: Some(|scope| scope.observed(&metrics::AUCTION_PROVISION, &[])),
        fires: case(
            "70m",
            [
                (r#"sothebais_auction_provision_seconds_bucket{le="8.0"}"#, "0+1x1000"),
                ("sothebais_auction_provision_seconds_count", "0+2x1000"),
            ],
        ),
        silent: case(
            "70m",
            [
                (r#"sothebais_auction_provision_seconds_bucket{le="8.0"}"#, "0x600 1x400"),
                ("sothebais_auction_provision_seconds_count", "0x600 2x400"),
            ],
        ),
    }
}

/// The part of observations above a bound.
fn slower_than(bound: f64, scope: Scope, metric: &bootstrap::metrics::Metric) -> String {
    format!("(1 - ({} / {}))", scope.within(bound, metric, &[]), scope.observed(metric, &[]))
}

impl Objective {
    /// Sloth's recordings: the failed part by window, the promise, what is left of the budget.
    pub fn recordings(&self) -> Vec<Value> {
        let id = format!("sothebais-{}", self.name);
        let labels = json!({ "sloth_id": id, "sloth_service": "sothebais", "sloth_slo": self.name });
        let rule = |record: &str, expression: String, window: Option<&str>| {
            let mut labels = labels.clone();
            if let Some(window) = window {
                labels["sloth_window"] = json!(window);
            }
            json!({ "record": record, "expr": expression, "labels": labels })
        };
        let mine = format!(r#"{{sloth_id="{id}", sloth_service="sothebais", sloth_slo="{}"}}"#, self.name);
        let short = format!("slo:sli_error:ratio_rate{SHORTEST}{mine}");
        let period = format!("{PERIOD_DAYS}d");
        let budget = format!("slo:error_budget:ratio{mine}");
        let on = "on (sloth_id, sloth_slo, sloth_service) group_left ()";
        let before = self
            .before
            .map(|(record, expression)| json!({ "record": record, "expr": expression(everywhere(SHORTEST)) }));
        let windows = WINDOWS.iter().map(|window| {
            rule(&format!("slo:sli_error:ratio_rate{window}"), (self.errors)(everywhere(window)), Some(window))
        });
        let mut rules: Vec<Value> = before.into_iter().chain(windows).collect();
        rules.extend([
            rule(
                &format!("slo:sli_error:ratio_rate{period}"),
                format!(
                    "sum_over_time({short}[{period}]) / ignoring (sloth_window) count_over_time({short}[{period}])"
                ),
                Some(&period),
            ),
            rule("slo:objective:ratio", format!("vector({})", self.ratio), None),
            rule("slo:error_budget:ratio", format!("vector(1 - {})", self.ratio), None),
            rule("slo:time_period:days", format!("vector({PERIOD_DAYS})"), None),
            rule("slo:current_burn_rate:ratio", format!("{short} / {on} {budget}"), None),
            rule("slo:period_burn_rate:ratio", format!("slo:sli_error:ratio_rate{period}{mine} / {on} {budget}"), None),
            rule("slo:period_error_budget_remaining:ratio", format!("1 - slo:period_burn_rate:ratio{mine}"), None),
        ]);
        rules
    }

    /// Two speeds that page, two that can wait until the morning.
    pub fn alerts(&self) -> Vec<Alert> {
        vec![
            self.burn(Severity::Page, [("14.4", "5m", "1h"), ("6", "30m", "6h")]),
            self.burn(Severity::Ticket, [("3", "2h", "1d"), ("1", "6h", "3d")]),
        ]
    }

    fn burn(&self, severity: Severity, speeds: [(&str, &'static str, &'static str); 2]) -> Alert {
        let mine =
            format!(r#"{{sloth_id="sothebais-{}", sloth_service="sothebais", sloth_slo="{}"}}"#, self.name, self.name);
        let speed = |(rate, short, long): (&str, &'static str, &'static str)| {
            let above = |window: &str| {
                format!(
                    "(max without (sloth_window) (slo:sli_error:ratio_rate{window}{mine}) > {rate} * (1 - {}))",
                    self.ratio
                )
            };
            let enough = self.events.map_or(String::new(), |events| {
                format!(" and on () ({} * {} > {ENOUGH_EVENTS})", events(everywhere(long)), seconds(long))
            });
            format!("({} and {}{enough})", above(short), above(long))
        };
        Alert {
            name: format!("{}BudgetBurn", self.title),
            expression: format!("{} or {}", speed(speeds[0]), speed(speeds[1])),
            hold: 0,
            severity,
            summary: format!(
                "The error budget of {{{{ $labels.sloth_slo }}}} burns too fast. Promised: {}",
                self.promise
            ),
            dashboard: "sothebais-slo",
            fires: self.fires.clone(),
            silent: self.silent.clone(),
        }
    }
}

/// The seconds of a window, as `PromQL` writes it.
fn seconds(window: &str) -> u64 {
    let (number, unit) = window.split_at(window.len() - 1);
    let number: u64 = number.parse().expect("a window is a number and a unit");
    match unit {
        "m" => number * 60,
        "h" => number * 3_600,
        "d" => number * 86_400,
        other => panic!("{other} is no unit of a window"),
    }
}
