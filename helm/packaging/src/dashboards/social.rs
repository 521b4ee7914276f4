//! X: what is heard of it, what it costs, what is answered.

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::{Dashboard, Variable};
use crate::panel::Colour::{Bad, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{NAMESPACE, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "social",
        title: "Social",
        description: "Posts from X, replies to X, limits and money.",
        variables: &[Variable::Namespace],
        rows: vec![answers(), posts(), calls()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    let four = |panel: Panel| panel.wide(6);
    vec![
        four(first(
            "X is heard",
            "Whether at least one source of posts is connected for every house.",
            View::Words(&[(0, "SILENT", Bad), (1, "heard", Good)]),
            Unit::Number,
            format!("min({})", NAMESPACE.over("max", &metrics::GATEWAY_SOURCE_UP, &["namespace", "pod"])),
        )),
        four(first(
            "Post age p95",
            "How old posts are when they are read. 5 s is the objective.",
            View::Stat(&[(0.0, Good), (5.0, Warning), (10.0, Bad)]),
            Unit::Seconds,
            NAMESPACE.quantile("0.95", &metrics::GATEWAY_POST_AGE, &[]),
        )),
        four(first(
            "Spending",
            "What the breaker has turned off to stay below the show's ceiling.",
            View::Words(&[
                (0, "all on", Good),
                (1, "no replies", Warning),
                (2, "no strangers", Warning),
                (3, "audit only", Bad),
            ]),
            Unit::Number,
            NAMESPACE.over("max", &metrics::GATEWAY_SPEND_LEVEL, &[]),
        )),
        four(first(
            "Spent",
            "Money spent at X in the chosen time.",
            View::Stat(&[(0.0, Good)]),
            Unit::Dollars,
            or_zero(&format!("{} / 1e6", NAMESPACE.over_range(&metrics::GATEWAY_SPEND))),
        )),
    ]
}

fn posts() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Posts by source",
            "Which source a post came by first: the activity stream, the filtered stream, the mentions.",
            Unit::PerSecond,
            vec![query(NAMESPACE.rate(&metrics::GATEWAY_POSTS, &["via", "outcome"]), "{{via}} {{outcome}}")],
        )
        .view(View::Stacked),
        Panel::lines(
            "Sources",
            "A row a source of posts: whether it is connected.",
            Unit::Number,
            vec![query(NAMESPACE.over("max", &metrics::GATEWAY_SOURCE_UP, &["via"]), "{{via}}")],
        )
        .view(View::States(&[(0, "gone", Bad), (1, "connected", Good)])),
        Panel::lines(
            "Found by the audit, and reconnects",
            "Posts that only the comparison with the mentions found, and connections made again.",
            Unit::PerSecond,
            vec![
                query(or_zero(&NAMESPACE.rate(&metrics::GATEWAY_AUDIT_FOUND, &[])), "found by the audit"),
                query(NAMESPACE.rate(&metrics::GATEWAY_RECONNECTS, &["via"]), "{{via}} reconnects"),
            ],
        ),
    ]
}

fn calls() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Replies",
            "Replies planned, by what became of them.",
            Unit::PerSecond,
            vec![query(NAMESPACE.rate(&metrics::GATEWAY_REPLIES, &["outcome"]), "{{outcome}}")],
        )
        .view(View::Stacked)
        .wide(6),
        Panel::lines(
            "Calls to X",
            "Calls by what came back, and parts of answers that X could not give.",
            Unit::PerSecond,
            vec![
                query(NAMESPACE.rate(&metrics::GATEWAY_X_CALLS, &["outcome"]), "{{outcome}}"),
                query(NAMESPACE.rate(&metrics::GATEWAY_X_PARTIAL_ERRORS, &["code"]), "partial {{code}}"),
            ],
        )
        .wide(6),
        Panel::lines(
            "Calls left",
            "Calls that X still allows in the present window, by endpoint.",
            Unit::Number,
            vec![query(NAMESPACE.over("min", &metrics::GATEWAY_X_RATE_LIMIT, &["endpoint"]), "{{endpoint}}")],
        )
        .wide(6),
        Panel::lines(
            "Inbox",
            "Posts a second that got a number in the inbox, and gateways that found another one in their place.",
            Unit::PerSecond,
            vec![
                query(
                    format!("sum(deriv({}[$__rate_interval]))", NAMESPACE.gauge(&metrics::GATEWAY_INBOX_SEQ)),
                    "numbered",
                ),
                query(or_zero(&NAMESPACE.rate(&metrics::GATEWAY_FENCED, &[])), "fenced"),
            ],
        )
        .wide(6),
    ]
}
