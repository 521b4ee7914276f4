//! The operator: what it does, and what stands in its way.

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::Dashboard;
use crate::panel::Colour::{Bad, Calm, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{OPERATOR, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "operator",
        title: "Operator",
        description: "Reconciles, writes, queues and leadership, under the names that every operator's dashboards use.",
        variables: &[],
        rows: vec![answers(), reconciles(), queues(), promises()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    vec![
        first(
            "Leader",
            "Whether exactly one pod leads.",
            View::Words(&[(0, "NONE", Bad), (1, "one", Good), (2, "TWO", Bad)]),
            Unit::Number,
            or_zero(&OPERATOR.over("sum", &metrics::LEADER, &[])),
        ),
        first(
            "Reconciles",
            "Reconciles a second. A quiet cluster has next to none.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            or_zero(&OPERATOR.rate(&metrics::RECONCILES, &[])),
        ),
        first(
            "Failing",
            "The part of reconciles that failed. They are tried again with growing pauses.",
            View::Stat(&[(0.0, Good), (0.01, Warning), (0.1, Bad)]),
            Unit::Ratio,
            format!(
                "{} / {}",
                OPERATOR.rate(&metrics::RECONCILE_ERRORS, &[]),
                OPERATOR.rate(&metrics::RECONCILES, &[])
            ),
        ),
        first(
            "Writes",
            "Objects written a second. While nothing changes this is 0.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            or_zero(&OPERATOR.rate(&metrics::OPERATOR_WRITES, &[])),
        ),
        first(
            "Busy",
            "Reconciles that run now, of those that may at once.",
            View::Stat(&[(0.0, Good), (0.5, Warning), (0.9, Bad)]),
            Unit::Ratio,
            format!(
                "{} / {}",
                OPERATOR.over("sum", &metrics::RECONCILE_ACTIVE, &[]),
                OPERATOR.over("max", &metrics::RECONCILE_WORKERS, &[])
            ),
        ),
        first(
            "Failed",
            "Auctions that failed; `kubectl describe` says why.",
            View::Stat(&[(0.0, Good), (1.0, Bad)]),
            Unit::Number,
            or_zero(&format!("max({})", OPERATOR.only(&metrics::AUCTION_PHASES, "phase", r#"="failed""#))),
        ),
    ]
}

fn reconciles() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Reconciles by result",
            "How reconciles ended, by controller.",
            Unit::PerSecond,
            vec![query(OPERATOR.rate(&metrics::RECONCILES, &["controller", "result"]), "{{controller}} {{result}}")],
        )
        .view(View::Stacked),
        Panel::lines(
            "Time of a reconcile",
            "How long reconciles take; most of it is the API server's.",
            Unit::Seconds,
            vec![
                query(OPERATOR.quantile("0.5", &metrics::RECONCILE_TIME, &[]), "p50"),
                query(OPERATOR.quantile("0.99", &metrics::RECONCILE_TIME, &[]), "p99"),
                query(OPERATOR.quantile("0.99", &metrics::QUEUE_WAIT, &[]), "waited before, p99"),
            ],
        ),
        Panel::lines(
            "Writes by kind",
            "What is written: kind and verb. A line that never ends is a hot loop.",
            Unit::PerSecond,
            vec![query(OPERATOR.rate(&metrics::OPERATOR_WRITES, &["kind", "verb"]), "{{verb}} {{kind}}")],
        )
        .view(View::Stacked),
    ]
}

fn queues() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Queue",
            "Keys that wait, keys that came, and keys that came again after a failure.",
            Unit::Number,
            vec![
                query(OPERATOR.over("sum", &metrics::QUEUE_DEPTH, &[]), "waiting"),
                query(OPERATOR.increase(&metrics::QUEUE_ADDS, &[]), "came"),
                query(OPERATOR.increase(&metrics::QUEUE_RETRIES, &[]), "came again"),
            ],
        ),
        Panel::lines(
            "Events and watches",
            "Events told, events held back because one like them was told just now, and kinds whose list is not complete.",
            Unit::Number,
            vec![
                query(OPERATOR.increase(&metrics::OPERATOR_EVENTS, &["outcome"]), "events {{outcome}}"),
                query(
                    or_zero(&format!("count({} == 0)", OPERATOR.over("max", &metrics::OPERATOR_WATCHES, &["kind"]))),
                    "kinds not seen",
                ),
            ],
        ),
        Panel::lines(
            "Answers of the API server",
            "Calls to the API server by status code and verb.",
            Unit::PerSecond,
            vec![query(OPERATOR.rate(&metrics::REST_REQUESTS, &["code", "method"]), "{{code}} {{method}}")],
        )
        .view(View::Stacked),
    ]
}

fn promises() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Time to provision",
            "From the start of provisioning to all pods being ready. 8 s is the objective.",
            Unit::Seconds,
            vec![
                query(OPERATOR.quantile("0.5", &metrics::AUCTION_PROVISION, &[]), "p50"),
                query(OPERATOR.quantile("0.99", &metrics::AUCTION_PROVISION, &[]), "p99"),
            ],
        ),
        Panel::lines(
            "Protected while on air",
            "Streams whose pod may not be evicted now, and pods that are told to publish; the two go together.",
            Unit::Number,
            vec![
                query(OPERATOR.over("max", &metrics::STREAM_PROTECTED, &[]), "protected"),
                query(or_zero(&OPERATOR.over("sum", &metrics::COMPOSITOR_ON_AIR, &[])), "publishing"),
            ],
        ),
        Panel::lines(
            "Auctions by phase",
            "How many auctions are scheduled, getting ready, live, over, failed.",
            Unit::Number,
            vec![query(OPERATOR.over("max", &metrics::AUCTION_PHASES, &["phase"]), "{{phase}}")],
        )
        .view(View::Stacked),
    ]
}
