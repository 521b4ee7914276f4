//! X.

use bootstrap::metrics::catalogue as metrics;

use super::live;
use crate::alert::Severity::{Page, Ticket};
use crate::alert::{Alert, case};
use crate::promql::everywhere;

const DASHBOARD: &str = "sothebais-social";

pub(super) fn alerts() -> Vec<Alert> {
    vec![silent(), late(), missed(), dear(), cut_off()]
}

fn silent() -> Alert {
    let up = everywhere("1m").over("max", &metrics::GATEWAY_SOURCE_UP, &["namespace", "pod"]);
    Alert {
        name: "PostIngestSilent".into(),
        expression: live(&format!("{up} == 0")),
        hold: 60,
        severity: Page,
        summary: "No source of posts is connected in {{ $labels.namespace }}: bids on X are not heard.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "3m",
            [
                (r#"sothebais_gateway_source_up{namespace="a",pod="p",via="activity"}"#, "0x60"),
                (r#"sothebais_gateway_source_up{namespace="a",pod="p",via="filtered"}"#, "0x60"),
                (r#"sothebais_auctions{phase="live"}"#, "1x60"),
            ],
        ),
        silent: case(
            "3m",
            [
                (r#"sothebais_gateway_source_up{namespace="a",pod="p",via="activity"}"#, "0x60"),
                (r#"sothebais_gateway_source_up{namespace="a",pod="p",via="filtered"}"#, "1x60"),
                (r#"sothebais_auctions{phase="live"}"#, "1x60"),
            ],
        ),
    }
}

fn late() -> Alert {
    let age = everywhere("5m").quantile("0.95", &metrics::GATEWAY_POST_AGE, &["namespace"]);
    Alert {
        name: "PostLagHigh".into(),
        expression: format!("{age} > 10"),
        hold: 120,
        severity: Ticket,
        summary: "One post in twenty in {{ $labels.namespace }} is older than {{ $value | humanizeDuration }} when it is read.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "10m",
            [
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="10.0"}"#, "0+1x150"),
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="20.0"}"#, "0+4x150"),
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="+Inf"}"#, "0+4x150"),
            ],
        ),
        silent: case(
            "10m",
            [
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="10.0"}"#, "0+4x150"),
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="20.0"}"#, "0+4x150"),
                (r#"sothebais_gateway_post_age_seconds_bucket{namespace="a",le="+Inf"}"#, "0+4x150"),
            ],
        ),
    }
}

fn missed() -> Alert {
    let found = everywhere("10m").increase(&metrics::GATEWAY_AUDIT_FOUND, &["namespace"]);
    let posts = everywhere("10m").increase(&metrics::GATEWAY_POSTS, &["namespace"]);
    Alert {
        name: "PostsOnlyByAudit".into(),
        // X withholds one post in a hundred from its streams by itself.
        expression: format!("({found} / {posts} > 0.05) and ({found} > 5)"),
        hold: 0,
        severity: Ticket,
        summary: "{{ $value | humanizePercentage }} of the posts in {{ $labels.namespace }} came by the audit alone: a stream loses posts.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "10m",
            [
                (r#"sothebais_gateway_audit_found_posts_total{namespace="a"}"#, "0+1x150"),
                (r#"sothebais_gateway_posts_total{namespace="a",via="activity",outcome="kept"}"#, "0+5x150"),
            ],
        ),
        silent: case(
            "10m",
            [
                (r#"sothebais_gateway_audit_found_posts_total{namespace="a"}"#, "0+1x150"),
                (r#"sothebais_gateway_posts_total{namespace="a",via="activity",outcome="kept"}"#, "0+100x150"),
            ],
        ),
    }
}

fn dear() -> Alert {
    let level = everywhere("1m").over("max", &metrics::GATEWAY_SPEND_LEVEL, &["namespace", "pod"]);
    Alert {
        name: "XBudgetLow".into(),
        expression: format!("{level} >= 1"),
        hold: 30,
        severity: Ticket,
        summary:
            "The show in {{ $labels.namespace }} nears its spending ceiling at X: replies are off (level {{ $value }})."
                .into(),
        dashboard: DASHBOARD,
        fires: case("2m", [(r#"sothebais_gateway_spend_level{namespace="a",pod="p"}"#, "1x30")]),
        silent: case("2m", [(r#"sothebais_gateway_spend_level{namespace="a",pod="p"}"#, "0x30")]),
    }
}

fn cut_off() -> Alert {
    let level = everywhere("1m").over("max", &metrics::GATEWAY_SPEND_LEVEL, &["namespace", "pod"]);
    Alert {
        name: "XBudgetSpent".into(),
        expression: live(&format!("{level} >= 3")),
        hold: 0,
        severity: Page,
        summary: "The show in {{ $labels.namespace }} has spent its ceiling at X: only the audit still reads posts."
            .into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_gateway_spend_level{namespace="a",pod="p"}"#, "3x30"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                (r#"sothebais_gateway_spend_level{namespace="a",pod="p"}"#, "2x30"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
    }
}
