//! Is it all right, now, everywhere?

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::{Dashboard, Variable};
use crate::on_air;
use crate::panel::Colour::{Bad, Calm, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{NAMESPACE, OPERATOR, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "now",
        title: "Now",
        description: "Is every show all right? The first row answers in words; the table leads to each auction.",
        variables: &[Variable::Namespace],
        rows: vec![answers(), shows(), flow(), causes()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    vec![
        first(
            "On air",
            "Whether every stream that should send does: required outputs took frames in the last 5 s.",
            View::Words(&[(0, "OFF AIR", Bad), (1, "on air", Good)]),
            Unit::Number,
            format!("min({})", on_air::worst(NAMESPACE)),
        )
        .then("sothebais-stream"),
        first(
            "Auctions live",
            "Auctions that are on air at this moment.",
            View::Stat(&[(0.0, Calm)]),
            Unit::Number,
            or_zero(&format!("max({})", OPERATOR.only(&metrics::AUCTION_PHASES, "phase", r#"="live""#))),
        ),
        first(
            "Bids",
            "Commands decided and durable a second, from posts, the web and clerks.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            or_zero(&NAMESPACE.rate(&metrics::ENGINE_COMMANDS, &[])),
        )
        .then("sothebais-bid-engine"),
        first(
            "Bid accept p99",
            "From reading a command to the COMMIT that made it durable. 20 ms is the objective.",
            View::Stat(&[(0.0, Good), (0.02, Warning), (0.25, Bad)]),
            Unit::Seconds,
            NAMESPACE.quantile("0.99", &metrics::ENGINE_ACCEPT, &[]),
        )
        .then("sothebais-bid-engine"),
        first(
            "X is heard",
            "Whether at least one source of posts is connected for every house.",
            View::Words(&[(0, "SILENT", Bad), (1, "heard", Good)]),
            Unit::Number,
            format!("min({})", NAMESPACE.over("max", &metrics::GATEWAY_SOURCE_UP, &["namespace", "pod"])),
        )
        .then("sothebais-social"),
        first(
            "Failed",
            "Auctions that failed; `kubectl get auctions -A` names them and their reasons.",
            View::Stat(&[(0.0, Good), (1.0, Bad)]),
            Unit::Number,
            or_zero(&format!("max({})", OPERATOR.only(&metrics::AUCTION_PHASES, "phase", r#"="failed""#))),
        )
        .then("sothebais-operator"),
    ]
}

fn shows() -> Vec<Panel> {
    let by = &["namespace", "auction"];
    vec![
        Panel::lines(
            "Auctions",
            "One row an auction that has a worker: its lots that take bids, its bids a second, its sockets, its epoch.",
            Unit::Number,
            vec![
                query(NAMESPACE.over("sum", &metrics::ENGINE_LOTS_OPEN, by), "Lots open"),
                query(NAMESPACE.rate(&metrics::ENGINE_COMMANDS, by), "Commands/s"),
                query(NAMESPACE.over("sum", &metrics::ENGINE_VIEWERS, by), "Sockets"),
                query(NAMESPACE.over("max", &metrics::ENGINE_EPOCH, by), "Epoch"),
            ],
        )
        .view(View::Table(&["namespace", "auction"]))
        .wide(12)
        .then("sothebais-auction"),
        Panel::lines(
            "Auctions by phase",
            "How many auctions are scheduled, getting ready, live, over, failed.",
            Unit::Number,
            vec![query(OPERATOR.over("max", &metrics::AUCTION_PHASES, &["phase"]), "{{phase}}")],
        )
        .wide(12)
        .then("sothebais-operator"),
    ]
}

fn flow() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Commands by verdict",
            "What was said to bidders: accepted, parked until it is their turn, refused with a code.",
            Unit::PerSecond,
            vec![query(NAMESPACE.rate(&metrics::ENGINE_COMMANDS, &["verdict"]), "{{verdict}}")],
        )
        .view(View::Stacked)
        .then("sothebais-auction"),
        Panel::lines(
            "From post to read",
            "How old posts are when they are read: X's part of a bidder's wait.",
            Unit::Seconds,
            vec![
                query(NAMESPACE.quantile("0.5", &metrics::GATEWAY_POST_AGE, &[]), "p50"),
                query(NAMESPACE.quantile("0.95", &metrics::GATEWAY_POST_AGE, &[]), "p95"),
            ],
        )
        .then("sothebais-social"),
        Panel::lines(
            "Streams on air",
            "A row a stream: on air, or off air while it should be on.",
            Unit::Number,
            vec![query(on_air::worst(NAMESPACE), "{{stream}}")],
        )
        .view(View::States(&[(0, "off air", Bad), (1, "on air", Good)]))
        .then("sothebais-stream"),
    ]
}

fn causes() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Lease epochs",
            "The lease epoch that each worker holds; 0 is none, a step is a take-over.",
            Unit::Number,
            vec![query(NAMESPACE.over("max", &metrics::ENGINE_EPOCH, &["namespace", "shard"]), "{{shard}}")],
        )
        .then("sothebais-bid-engine"),
        Panel::lines(
            "Late frames",
            "The part of due frames that showed the picture before, because theirs was late.",
            Unit::Ratio,
            vec![query(
                format!(
                    "{} / {}",
                    NAMESPACE.rate(&metrics::COMPOSITOR_FRAMES_REPEATED, &["stream"]),
                    NAMESPACE.rate(&metrics::COMPOSITOR_FRAMES_DUE, &["stream"]),
                ),
                "{{stream}}",
            )],
        )
        .then("sothebais-stream"),
        Panel::lines(
            "Telemetry lost",
            "Spans that never reached the collector. What is seen here is whole while this is 0.",
            Unit::PerSecond,
            vec![query(or_zero(&NAMESPACE.rate(&metrics::TELEMETRY_DROPPED, &["signal"])), "{{signal}}")],
        ),
    ]
}
