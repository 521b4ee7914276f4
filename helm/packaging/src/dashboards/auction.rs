//! One auction: who bids, what they are told, how long it takes.

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::{Dashboard, Variable};
use crate::panel::Colour::{Bad, Calm, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{AUCTION, NAMESPACE, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "auction",
        title: "Auction",
        description: "One auction: bids by source and verdict, the wait from post to answer, who watches.",
        variables: &[Variable::Namespace, Variable::Auction],
        rows: vec![answers(), bids(), waits()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    let refused = AUCTION.only(&metrics::ENGINE_COMMANDS, "verdict", r#"="refused""#);
    vec![
        first(
            "It has its writer",
            "Whether a worker holds the lease of the auction's shard.",
            View::Words(&[(0, "NO WRITER", Bad), (1, "yes", Good)]),
            Unit::Number,
            format!("min({} > bool 0)", AUCTION.over("max", &metrics::ENGINE_EPOCH, &["auction"])),
        ),
        first(
            "Lots open",
            "Lots that take bids now.",
            View::Stat(&[(0.0, Calm)]),
            Unit::Number,
            or_zero(&AUCTION.over("sum", &metrics::ENGINE_LOTS_OPEN, &[])),
        ),
        first(
            "Commands",
            "Commands decided and durable a second.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            or_zero(&AUCTION.rate(&metrics::ENGINE_COMMANDS, &[])),
        ),
        first(
            "Refused",
            "The part of commands that was refused. Most refusals are bids that came too late or were too low.",
            View::Stat(&[(0.0, Calm)]),
            Unit::Ratio,
            format!("sum(rate({refused}[$__rate_interval])) / {}", AUCTION.rate(&metrics::ENGINE_COMMANDS, &[])),
        ),
        first(
            "Accept p99",
            "From reading a command to its COMMIT. 20 ms is the objective, 250 ms pages.",
            View::Stat(&[(0.0, Good), (0.02, Warning), (0.25, Bad)]),
            Unit::Seconds,
            AUCTION.quantile("0.99", &metrics::ENGINE_ACCEPT, &[]),
        ),
        first(
            "Watching",
            "Open WebSockets: viewers, bidders, the compositor.",
            View::Stat(&[(0.0, Calm)]),
            Unit::Number,
            or_zero(&AUCTION.over("sum", &metrics::ENGINE_VIEWERS, &[])),
        ),
    ]
}

fn bids() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Commands by source",
            "Where commands came from: posts on X, the web, clerks, the house itself.",
            Unit::PerSecond,
            vec![query(AUCTION.rate(&metrics::ENGINE_COMMANDS, &["source"]), "{{source}}")],
        )
        .view(View::Stacked),
        Panel::lines(
            "Commands by verdict",
            "What was said: accepted, parked, done, refused.",
            Unit::PerSecond,
            vec![query(AUCTION.rate(&metrics::ENGINE_COMMANDS, &["verdict"]), "{{verdict}}")],
        )
        .view(View::Stacked),
        Panel::lines(
            "Refusals by code",
            "Why bids were refused; docs/refusals.md says what each code means to a bidder.",
            Unit::PerSecond,
            vec![query(AUCTION.rate(&metrics::ENGINE_REFUSALS, &["code"]), "{{code}}")],
        )
        .view(View::Stacked),
    ]
}

fn waits() -> Vec<Panel> {
    vec![
        Panel::lines(
            "A bidder's wait",
            "Age of posts when read (X's part, of the house), and from there to the COMMIT (ours).",
            Unit::Seconds,
            vec![
                query(NAMESPACE.quantile("0.95", &metrics::GATEWAY_POST_AGE, &[]), "post to read, p95"),
                query(AUCTION.quantile("0.99", &metrics::ENGINE_ACCEPT, &[]), "read to COMMIT, p99"),
            ],
        )
        .then("sothebais-social"),
        Panel::lines(
            "Posts not yet judged",
            "Posts in the inbox that the engine has not read; it should return to 0 at once.",
            Unit::Number,
            vec![query(AUCTION.over("max", &metrics::ENGINE_INBOX_LAG, &["auction"]), "{{auction}}")],
        )
        .then("sothebais-bid-engine"),
        Panel::lines(
            "Sockets",
            "Open WebSockets over time.",
            Unit::Number,
            vec![query(AUCTION.over("sum", &metrics::ENGINE_VIEWERS, &["auction"]), "{{auction}}")],
        ),
    ]
}
