//! The bid engine: how batches become durable, and who holds the lease.

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::{Dashboard, Variable};
use crate::panel::Colour::{Bad, Calm, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{NAMESPACE, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "bid-engine",
        title: "Bid engine",
        description: "Batches, commits, queues and leases of the workers that judge bids.",
        variables: &[Variable::Namespace],
        rows: vec![answers(), commits(), queues()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    vec![
        first(
            "Every shard has its writer",
            "Whether each worker holds its shard's lease.",
            View::Words(&[(0, "NO WRITER", Bad), (1, "yes", Good)]),
            Unit::Number,
            format!("min({} > bool 0)", NAMESPACE.over("max", &metrics::ENGINE_EPOCH, &["namespace", "shard"])),
        ),
        first(
            "Commit p99",
            "One commit statement, sent to answered. It is what the database and its disk allow.",
            View::Stat(&[(0.0, Good), (0.02, Warning), (0.25, Bad)]),
            Unit::Seconds,
            NAMESPACE.quantile("0.99", &metrics::ENGINE_COMMIT, &[]),
        ),
        first(
            "Turned away",
            "Commands a second that got Busy because the queue was full. They may come again.",
            View::Stat(&[(0.0, Good), (0.1, Bad)]),
            Unit::PerSecond,
            or_zero(&NAMESPACE.rate(&metrics::ENGINE_BUSY, &[])),
        ),
        first(
            "Fenced",
            "Workers that found their epoch superseded in this window; each stopped its shard at once.",
            View::Stat(&[(0.0, Good), (1.0, Warning)]),
            Unit::Number,
            or_zero(&NAMESPACE.increase(&metrics::ENGINE_FENCED, &[])),
        ),
        first(
            "Behind on the bus",
            "Durable rows that the bus has not got yet. Nothing is lost, viewers see it later.",
            View::Stat(&[(0.0, Good), (1000.0, Warning)]),
            Unit::Number,
            or_zero(&NAMESPACE.over("max", &metrics::ENGINE_RELAY_LAG, &[])),
        ),
        first(
            "Rows",
            "Rows of journals that became durable a second.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            format!("sum(deriv({}[$__rate_interval]))", NAMESPACE.gauge(&metrics::ENGINE_LAST_SEQ)),
        ),
    ]
}

fn commits() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Accept",
            "From reading a command to its COMMIT, as a cloud of buckets. The objective is 20 ms.",
            Unit::Seconds,
            vec![query(NAMESPACE.buckets(&metrics::ENGINE_ACCEPT, &["le"]), "{{le}}")],
        )
        .view(View::Heatmap),
        Panel::lines(
            "Commit",
            "One commit statement, by shard.",
            Unit::Seconds,
            vec![query(NAMESPACE.quantile("0.99", &metrics::ENGINE_COMMIT, &["shard"]), "{{shard}} p99")],
        ),
        Panel::lines(
            "Rows of a commit",
            "What gathered while the commit before was in flight: it grows with the load and keeps the wait flat.",
            Unit::Number,
            vec![
                query(NAMESPACE.quantile("0.5", &metrics::ENGINE_BATCH, &[]), "p50"),
                query(NAMESPACE.quantile("0.99", &metrics::ENGINE_BATCH, &[]), "p99"),
            ],
        ),
    ]
}

fn queues() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Posts not yet judged",
            "Posts in the inbox that no shard has read.",
            Unit::Number,
            vec![query(NAMESPACE.over("max", &metrics::ENGINE_INBOX_LAG, &["shard"]), "{{shard}}")],
        ),
        Panel::lines(
            "Rows not yet on the bus",
            "The relay's distance from the journal.",
            Unit::Number,
            vec![query(NAMESPACE.over("max", &metrics::ENGINE_RELAY_LAG, &["shard"]), "{{shard}}")],
        ),
        Panel::lines(
            "Lease epochs",
            "Who writes each shard; a step is a take-over, 0 is nobody.",
            Unit::Number,
            vec![query(NAMESPACE.over("max", &metrics::ENGINE_EPOCH, &["shard", "pod"]), "{{shard}} {{pod}}")],
        ),
    ]
}
